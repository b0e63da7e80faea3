"""Cartoon faces with known factors, drawn by signed-distance shading at any resolution on any device."""

from course_lib.data.faces.drawing import draw
from course_lib.data.faces.factors import CORRELATIONS, FACTORS, NAMES, Factor, factors_of
from course_lib.data.faces.source import Faces
from course_lib.data.faces.variance import pixel_variance

__all__ = [
    "CORRELATIONS",
    "FACTORS",
    "NAMES",
    "Factor",
    "Faces",
    "draw",
    "factors_of",
    "pixel_variance",
]
