"""`course upscale`: small pictures enlarged by a projection network and its generator."""

import argparse
from pathlib import Path
from typing import Any

from course_lib.cli.parser import Commands
from course_lib.errors import CourseError, UsageError


def add(commands: Commands) -> None:
    upscale = commands.command(
        "upscale", run_upscale, "enlarge small pictures by a trained projection network"
    )
    upscale.add_argument("of", metavar="RUN", help="a run of a projection recipe, or a name from the zoo")
    upscale.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="picture files")
    upscale.add_argument(
        "--pixels", type=int, metavar="N", help="reduce each to N pixels first (default: as many as it has)"
    )
    upscale.add_argument(
        "--steps", type=int, default=0, metavar="N", help="of a search that makes the answer fit (default: 0)"
    )
    upscale.add_argument(
        "--out", type=Path, default=Path("upscaled.png"), metavar="FILE", help="default: upscaled.png"
    )


def run_upscale(options: argparse.Namespace) -> None:
    """Rows of the picture: what was given, enlarged by interpolation, and below it what P and G make of it."""
    import torch

    from course_lib import recipes
    from course_lib.data.resolution import enlarged
    from course_lib.figures import samples
    from course_lib.inversion.super_resolution import upscale

    if options.pixels is not None and options.pixels < 1:
        raise UsageError("--pixels counts pixels a side: give at least 1.")
    method = projection_of(recipes.load(options.of), options.of)
    channels, resolution = method.spec.image
    shown, made = [], []
    for file in options.images:
        small = opened(file, channels, options.pixels, resolution)
        found = upscale(method, small, resolution=resolution, steps=options.steps)
        shown.append(enlarged(small, resolution))
        made.append(found.images)
        print(
            f"{file}: {small.shape[-1]} to {resolution} pixels; its reduced copy is {found.consistency.item():.1f} dB "
            f"from what was given"
        )
    write(lambda: samples.save(torch.cat([*shown, *made]), options.out, len(shown)), options.out)


def projection_of(method: Any, name: str) -> Any:
    """The method, if it has a projection network. Raises UsageError otherwise."""
    if "projection" not in getattr(method, "networks", {}):
        raise UsageError(
            f"{name} has no projection network: name a run of projection-faces or of a recipe like it."
        )
    return method


def opened(file: Path, channels: int, pixels: int | None, most: int) -> Any:
    """(1, C, r, r) in [-1, 1]: the centre square, with `pixels` a side, or as many as it has, but no more than `most`.

    Raises CourseError for a file that is not there or is no picture, UsageError for more pixels than it has.
    """
    import torch
    from PIL import Image

    from course_lib.data import pictures
    from course_lib.data.images import to_float
    from course_lib.data.resolution import reduced

    if not file.is_file():
        raise CourseError(f"there is no file {file}: check the name.")
    try:
        with Image.open(file, formats=pictures.formats_of(file.name)) as image:
            own = min(image.size)
    except Exception as error:  # decoders of foreign bytes raise nearly anything
        raise CourseError(
            f"{file} cannot be read ({pictures.reason(error, file)}): name a picture."
        ) from error
    if pixels is not None and pixels > min(own, most):
        raise UsageError(
            f"{file} has {own} pixels a side, and the result {most}: give --pixels {min(own, most)} or fewer."
        )
    side = min(own, most)
    array = pictures.decode(file, side, channels, name=str(file))
    image = to_float(torch.from_numpy(array)[None])
    return reduced(image, pixels) if pixels else image


def write(save: Any, out: Path) -> None:
    """Save a picture and say where. Raises CourseError where that cannot be."""
    try:
        save()
    except (OSError, ValueError) as error:
        raise CourseError(
            f"cannot write {out} ({error}): give --out a .png file in a folder that exists."
        ) from error
    print(out)
