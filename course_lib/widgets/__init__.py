"""Figures that the reader moves: browser labs that need no kernel, and their ipywidgets twins in `live`."""

from course_lib.widgets.labs import costs, game1d, gan2d
from course_lib.widgets.latents import latents

__all__ = ["costs", "game1d", "gan2d", "latents"]
