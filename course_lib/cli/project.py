"""`course project`: from images back to the codes that a generator makes them of."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from course_lib import notices
from course_lib.cli.parser import Commands
from course_lib.errors import UsageError


def add(commands: Commands) -> None:
    project = commands.command("project", run_project, "find the codes with which a generator makes images")
    project.add_argument("of", metavar="RUN", help="a run directory, or a name from the zoo")
    project.add_argument("images", nargs="*", metavar="IMAGE", help="picture files, or folders of them")
    project.add_argument("--data", metavar="NAME", help="images of a data set instead of files")
    project.add_argument("--split", default="test", help="of the data set: train or test (default: test)")
    project.add_argument("--first", type=int, metavar="N", help="only so many of the data set")
    project.add_argument("--by", default="optimisation", metavar="ROUTE", help="default: optimisation")
    project.add_argument("--space", metavar="NAME", help="z, w, w+, ... (default: the run's own)")
    project.add_argument(
        "--with", dest="beside", metavar="RUN", help="a run with networks that the route needs"
    )
    project.add_argument("--steps", type=int, metavar="N", help="of the search, where the route has one")
    project.add_argument("--noise", action="store_true", help="find noise maps too")
    project.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other option of the route, such as --set restarts=4; --set help lists them",
    )
    project.add_argument("--batch", type=int, default=256, metavar="N", help="images at once (default: 256)")
    project.add_argument("--seed", type=int, default=0)
    project.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, ... (default: a GPU where there is one)"
    )
    project.add_argument("--skip-damaged", action="store_true", help="leave out pictures that cannot be read")
    project.add_argument("--quiet", action="store_true", help="no progress")
    project.add_argument(
        "--out", type=Path, metavar="FOLDER", help="default: projections/RUN (the same command goes on there)"
    )


def run_project(options: argparse.Namespace) -> None:
    from course_lib.cli.sharers import sharers
    from course_lib.inversion import routes

    route = routes.find(options.by)
    if "help" in options.set:
        print(table_of(route.settings))
        return
    chosen = chosen_options(options, route.settings)
    if options.batch < 1:
        raise UsageError("--batch counts images: give at least 1.")
    with sharers() as here:
        options.quiet = options.quiet or not here.first
        project(options, chosen, here)


def project(options: argparse.Namespace, chosen: dict[str, Any], here: Any) -> None:
    """Find the codes of this process's share of the images; the first one of `here` says what was found."""
    from course_lib.figures import samples
    from course_lib.inversion.invert import invert
    from course_lib.inversion.projection_folder import ProjectionFolder
    from course_lib.sharing import in_turn, together
    from course_lib.training import device as devices

    def loaded() -> tuple[Any, Any]:
        from course_lib import recipes

        method = recipes.load(options.of, device=devices.named(options.device))
        networks = dict(recipes.load(options.beside).networks.items()) if options.beside else {}
        refuse_early(method, options, networks, chosen)
        return method, networks

    method, networks = together(loaded)
    photographs = in_turn(lambda: photographs_of(options, method))
    for remark in photographs.remarks:
        if not options.quiet:
            notices.say(remark)
    out = options.out or Path("projections") / Path(options.of).name
    folder = ProjectionFolder(out, request_of(options, chosen), photographs, options.batch)
    if folder.finished:
        if here.first:
            report(options, out, folder.measures())
        return

    def search(images: Any) -> Any:
        return invert(
            method, images, options.by, options.space, networks=networks, batch=options.batch,
            seed=options.seed, **chosen,
        )  # fmt: skip

    together(lambda: tell_progress(options, folder, search, here))
    measures = together(lambda: folder.finish(samples.save) if here.first else None)
    if measures is not None:
        report(options, out, measures)


def tell_progress(options: argparse.Namespace, folder: Any, search: Any, here: Any) -> None:
    """Fill a folder, and say after each batch how far it is. Of several processes one speaks, of its own batches; it
    takes it that the others are as fast."""
    count = len(folder.photographs.names)
    began, done = time.monotonic(), 0
    for part, values, seconds in folder.fill(search):
        done += len(part)
        reached = min(part.stop + (here.world - 1) * folder.batch, count)
        pace = (time.monotonic() - began) / (done * here.world)
        say(
            options,
            f"{reached:,} of {count:,} images; the last {len(part):,} took {seconds:.1f} s, mean pSNR "
            f"{values.psnr.mean():.2f} dB"
            + (f"; about {pace * (count - reached):.0f} s left" if reached < count else ""),
        )


def chosen_options(options: argparse.Namespace, settings: type) -> dict[str, Any]:
    """What the command line sets of a route's settings. Raises UsageError for what they have not, or cannot be."""
    words = dict(read_pair(text) for text in options.set)
    if options.steps is not None:
        words["steps"] = str(options.steps)
    if options.noise:
        words["noise"] = "true"
    kinds = plain_kinds(settings)
    chosen = {}
    for name, text in words.items():
        if name not in kinds:
            raise UsageError(f"the route '{options.by}' has no option '{name}': it has {', '.join(kinds)}.")
        try:
            chosen[name] = read_value(text, kinds[name])
        except ValueError:
            raise UsageError(f"{name} must be {kinds[name].__name__}, not '{text}'.") from None
    settings(**chosen)  # which says what is outside its limits
    return chosen


def read_pair(text: str) -> tuple[str, str]:
    """ "name=value". Raises UsageError for other words."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(
            f"--set takes NAME=VALUE, such as restarts=4, not '{text}'; --set help lists the names."
        )
    return name.strip().replace("-", "_"), value.strip()


def plain_kinds(settings: type) -> dict[str, type]:
    """Name -> int, float, bool or str, of each field."""
    import dataclasses
    import typing

    hints = typing.get_type_hints(settings)
    kinds = {}
    for field in dataclasses.fields(settings):
        kind = hints[field.name]
        kinds[field.name] = kind if kind in (int, float, bool) else str
    return kinds


def read_value(text: str, kind: type) -> Any:
    """The value that a word means. Raises ValueError for one that means none."""
    if kind is bool:
        if text.lower() not in ("true", "false", "yes", "no", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "yes", "1")
    return kind(text)


def table_of(settings: type) -> str:
    """Every option of a route with its default."""
    import dataclasses

    lines = [f"  {field.name}={field.default}" for field in dataclasses.fields(settings)]
    return "\n".join([f"{settings.__name__}: {(settings.__doc__ or '').splitlines()[0]}", *lines])


def refuse_early(method: Any, options: argparse.Namespace, networks: Any, chosen: dict[str, Any]) -> None:
    """Say what cannot be meant before any picture is opened."""
    from course_lib.inversion.invert import prepared

    prepared(method, options.by, options.space, networks, chosen)
    if options.data and options.images:
        raise UsageError("give picture files or --data, and not both.")
    if not options.data and not options.images:
        raise UsageError("which images? Give picture files, folders, or --data NAME.")
    if options.first is not None and not options.data:
        raise UsageError("--first counts images of a data set: give --data, or name the files that you mean.")


def photographs_of(options: argparse.Namespace, method: Any) -> Any:
    from course_lib.inversion.photographs import Files, FromSet

    channels, resolution = method.spec.image
    if options.data:
        return FromSet(options.data, options.split, channels, resolution, options.first)
    return Files(options.images, channels, resolution, options.skip_damaged)


def request_of(options: argparse.Namespace, chosen: dict[str, Any]) -> dict[str, Any]:
    """What decides on the result: runs by their weights."""
    from course_lib.recipes.lookup import checksum

    return {
        "run": str(options.of),
        "weights": checksum(options.of),
        "beside": checksum(options.beside) if options.beside else None,
        "by": options.by,
        "space": options.space,
        "options": chosen,
        "seed": options.seed,
    }


def report(options: argparse.Namespace, out: Path, measures: dict[str, Any]) -> None:
    mean, error = measures["mean"], measures["standard_error"]
    words = {"psnr": "pSNR in dB", "mse": "squared error", "lap1": "Lap1", "perceptual": "perceptual"}
    told = [
        f"{text} {mean[name]:.4g}" + (f" ± {1.96 * error[name]:.2g}" if error[name] is not None else "")
        for name, text in words.items()
        if mean[name] is not None
    ]
    print(
        f"{out}: {measures['images']:,} images, {measures['seconds_per_image']:.2f} s each; {', '.join(told)} "
        f"(judge: {measures['judge']})"
    )


def say(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        print(text, file=sys.stderr, flush=True)
