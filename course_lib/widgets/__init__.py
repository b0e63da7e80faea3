"""Figures that the reader moves: browser labs that need no kernel, and their ipywidgets twins in `live`."""

from course_lib.widgets.bottlenecks import bottleneck, live_bottleneck
from course_lib.widgets.brushes import brush
from course_lib.widgets.channels import channel
from course_lib.widgets.cluster_games import cluster_game, live_cluster_game
from course_lib.widgets.code_lines import line_codes, live_line_codes
from course_lib.widgets.code_searches import code_search, live_code_search
from course_lib.widgets.codes import Code, codes
from course_lib.widgets.conjugates import conjugate
from course_lib.widgets.distances import frechet
from course_lib.widgets.drags import drags
from course_lib.widgets.earth import transport
from course_lib.widgets.edits import edits, live_edits
from course_lib.widgets.explorer import latents
from course_lib.widgets.labs import costs, dynamics, game1d, gan2d
from course_lib.widgets.latent_planes import latent_plane, live_latent_plane
from course_lib.widgets.neighbourhoods import neighbourhoods
from course_lib.widgets.overlaps import live_stamps, stamps
from course_lib.widgets.pairs import pairs
from course_lib.widgets.small_images import small_images
from course_lib.widgets.students import live_one_step, one_step
from course_lib.widgets.surfaces import loss_surface
from course_lib.widgets.truncated import truncation
from course_lib.widgets.walks import walks

__all__ = [
    "Code",
    "bottleneck",
    "brush",
    "channel",
    "cluster_game",
    "code_search",
    "codes",
    "conjugate",
    "costs",
    "drags",
    "dynamics",
    "edits",
    "frechet",
    "game1d",
    "gan2d",
    "latent_plane",
    "latents",
    "line_codes",
    "live_bottleneck",
    "live_cluster_game",
    "live_code_search",
    "live_edits",
    "live_latent_plane",
    "live_line_codes",
    "live_one_step",
    "live_stamps",
    "loss_surface",
    "neighbourhoods",
    "one_step",
    "pairs",
    "small_images",
    "stamps",
    "transport",
    "truncation",
    "walks",
]
