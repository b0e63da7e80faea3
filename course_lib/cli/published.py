"""`course import`: a published generator as a run, without running what its file says."""

import argparse
from pathlib import Path

from course_lib.cli.parser import Commands


def add(commands: Commands) -> None:
    bring = commands.command(
        "import",
        run_import,
        "make a run of a published StyleGAN2 file (.pkl, .pt), which is read and never run",
    )
    bring.add_argument("file", type=Path, metavar="FILE", help="an official pickle, or rosinality's .pt")
    bring.add_argument(
        "--out", type=Path, metavar="DIR", help="where to (default: runs/FILE without its ending)"
    )
    bring.add_argument(
        "--data", metavar="NAME", default="imported", help="what it was trained on, for `course evaluate`"
    )


def run_import(options: argparse.Namespace) -> None:
    from course_lib.recipes.published import bring_in

    out = options.out or Path("runs") / options.file.stem
    said = bring_in(options.file, out, options.data)
    origin, built = said["origin"], said["architecture"]
    print(
        f"{out}: {origin['layout']}, {built['resolution']} pixels, z {built['latent']}, w {built['width']}, "
        f"mapping of {built['depth']} layers; of {origin['file']}, SHA-256 {origin['sha256'][:16]}. "
        f"Next: course sample {out}"
    )
