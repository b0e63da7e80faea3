"""`course translate`: pictures of one domain as pictures of another, by a trained CycleGAN or PAN."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from course_lib import notices
from course_lib.cli.parser import Commands
from course_lib.errors import CourseError, UsageError

SHOWN = 16  # pictures of the side-by-side sheet
SHEET = "side-by-side.png"


def add(commands: Commands) -> None:
    translate = commands.command(
        "translate", run_translate, "translate pictures by a trained CycleGAN or PAN"
    )
    translate.add_argument("of", metavar="RUN", help="a run of a translation recipe, or a name from the zoo")
    translate.add_argument("images", nargs="*", metavar="IMAGE", help="picture files, or folders of them")
    translate.add_argument("--data", metavar="NAME", help="images of a data set instead of files")
    translate.add_argument("--split", default="test", help="of the data set: train or test (default: test)")
    translate.add_argument("--first", type=int, metavar="N", help="only so many of the data set")
    translate.add_argument("--back", action="store_true", help="from the second domain to the first")
    translate.add_argument(
        "--batch", type=int, default=64, metavar="N", help="pictures at once (default: 64)"
    )
    translate.add_argument("--weights", choices=["average", "last"], default="average")
    translate.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, ... (default: a GPU where there is one)"
    )
    translate.add_argument(
        "--skip-damaged", action="store_true", help="leave out pictures that cannot be read"
    )
    translate.add_argument("--quiet", action="store_true", help="no progress")
    translate.add_argument(
        "--out", type=Path, metavar="FOLDER", help="empty or not there (default: translations/RUN)"
    )


def run_translate(options: argparse.Namespace) -> None:
    """A PNG for each picture, and a sheet: what was given, its translation, and that translated back where it can be.

    Raises UsageError for what cannot be meant, CourseError for pictures that cannot be read and folders that cannot be
    written.
    """
    import torch

    from course_lib import recipes
    from course_lib.figures import samples
    from course_lib.training import device as devices

    if options.batch < 1:
        raise UsageError("--batch counts pictures: give at least 1.")
    method = recipes.load(options.of, weights=options.weights, device=devices.named(options.device))
    ways = ways_of(method, options)
    photographs = photographs_of(options, method)
    for remark in photographs.remarks:
        if not options.quiet:
            notices.say(remark)
    word = f"{Path(options.of).name}-back" if options.back else Path(options.of).name
    out = options.out or Path("translations") / word
    started(out)
    began, count = time.monotonic(), len(photographs.names)
    shown: list[tuple[Any, ...]] = []
    changed = returned = 0.0
    for first in range(0, count, options.batch):
        part = range(first, min(first + options.batch, count))
        given = photographs.tensor(part)
        rows = [given, *translations(method, given, ways)]
        save(rows[1], out, [photographs.names[number] for number in part], first)
        if given.shape == rows[1].shape:
            changed += (rows[1] - given).abs().flatten(1).mean(1).sum().item()
        returned += (rows[-1] - given).abs().flatten(1).mean(1).sum().item() if len(rows) > 2 else 0.0
        if first < SHOWN:
            shown.append(tuple(row[: SHOWN - first] for row in rows))
        pace = (time.monotonic() - began) / part.stop
        left = f"; about {pace * (count - part.stop):.0f} s left" if part.stop < count else ""
        say(options, f"{part.stop:,} of {count:,} pictures{left}")
    sheet = [torch.cat(row) for row in zip(*shown, strict=True)]
    channels = max(row.shape[1] for row in sheet)
    sheet = [row.expand(-1, channels, -1, -1) for row in sheet]
    written(lambda: samples.save(torch.cat(sheet), out / SHEET, len(sheet[0])), out)
    told = [f"{count:,} picture{'s' * (count != 1)}, {(time.monotonic() - began) / count:.3f} s each"]
    if given.shape == rows[1].shape:
        told.append(f"changed by {127.5 * changed / count:.1f} grey levels of 255 on average")
    if len(rows) > 2:
        told.append(f"back again to within {127.5 * returned / count:.1f}")
    print(f"{out}: {', '.join(told)}")


def ways_of(method: Any, options: argparse.Namespace) -> tuple[dict[str, bool], ...]:
    """Arguments of `translate` for what was asked for, and for the way back from there where the method has one.

    Raises UsageError for a method that does not translate, and for a way that it does not have.
    """
    if not hasattr(method, "translate"):
        raise UsageError(
            f"{options.of} does not translate images: name a run of cyclegan-glasses, pan-rain or a recipe like them."
        )
    if "inverse" not in method.networks:
        if options.back:
            raise UsageError(f"{options.of} learned one direction: leave out --back.")
        return ({},)
    return ({"back": options.back}, {"back": not options.back})


def photographs_of(options: argparse.Namespace, method: Any) -> Any:
    """The pictures, as the domain that is translated from has them: its channels and its resolution."""
    from course_lib.inversion.photographs import Files, FromSet

    if bool(options.data) == bool(options.images):
        raise UsageError("which pictures? Give files, folders, or --data NAME, and not both.")
    if options.first is not None and not options.data:
        raise UsageError("--first counts images of a data set: give --data, or name the files that you mean.")
    channels, resolution = method.spec.image
    if options.back:
        channels = method.spec.target_shape[0]
    if options.data:
        return FromSet(options.data, options.split, channels, resolution, options.first)
    return Files(options.images, channels, resolution, options.skip_damaged)


def translations(method: Any, images: Any, ways: tuple[dict[str, bool], ...]) -> list[Any]:
    """Images (B, C, H, W) one way, and what comes of that the other way, on the CPU."""
    made, x = [], images.to(method.device)
    for way in ways:
        x = method.translate(x, **way)
        made.append(x.cpu())
    return made


def started(out: Path) -> None:
    """Make the folder. Raises UsageError where other files are in it, CourseError where it cannot be made."""
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} holds other files: give --out a folder that is empty or not there.")
    written(lambda: out.mkdir(parents=True, exist_ok=True), out)


def save(images: Any, out: Path, names: list[str], first: int) -> None:
    """Write images (B, C, H, W) in [-1, 1] as PNG files named after where they come from, numbered from `first`."""
    from torchvision.utils import save_image

    for number, (image, name) in enumerate(zip(images, names, strict=True), first):
        file = out / f"{number:05d}-{Path(name).stem}.png"
        written(lambda: save_image(image, file, normalize=True, value_range=(-1, 1)), out)  # noqa: B023


def written(write: Any, out: Path) -> None:
    """Raises CourseError, with what to do, when the disk refuses."""
    from course_lib import files

    try:
        write()
    except OSError as error:
        raise CourseError(
            f"cannot write {out} ({files.why(error)}): mend that, or give another --out."
        ) from error


def say(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        print(text, file=sys.stderr, flush=True)
