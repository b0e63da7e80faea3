"""Figures that the reader moves: browser labs that need no kernel, and their ipywidgets twins in `live`."""

from course_lib.widgets.brushes import brush
from course_lib.widgets.channels import channel
from course_lib.widgets.codes import Code, codes
from course_lib.widgets.conjugates import conjugate
from course_lib.widgets.distances import frechet
from course_lib.widgets.drags import drags
from course_lib.widgets.earth import transport
from course_lib.widgets.explorer import latents
from course_lib.widgets.labs import costs, dynamics, game1d, gan2d
from course_lib.widgets.latent_planes import latent_plane, live_latent_plane
from course_lib.widgets.neighbourhoods import neighbourhoods
from course_lib.widgets.pairs import pairs
from course_lib.widgets.small_images import small_images
from course_lib.widgets.surfaces import loss_surface
from course_lib.widgets.truncated import truncation
from course_lib.widgets.walks import walks

__all__ = [
    "Code",
    "brush",
    "channel",
    "codes",
    "conjugate",
    "costs",
    "drags",
    "dynamics",
    "frechet",
    "game1d",
    "gan2d",
    "latent_plane",
    "latents",
    "live_latent_plane",
    "loss_surface",
    "neighbourhoods",
    "pairs",
    "small_images",
    "transport",
    "truncation",
    "walks",
]
