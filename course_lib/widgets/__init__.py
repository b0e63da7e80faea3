"""Figures that the reader moves: browser labs that need no kernel, and their ipywidgets twins in `live`."""

from course_lib.widgets.distances import frechet
from course_lib.widgets.explorer import latents
from course_lib.widgets.labs import costs, game1d, gan2d

__all__ = ["costs", "frechet", "game1d", "gan2d", "latents"]
