"""`course data`: what data sets there are, fetching them, preparing them."""

import argparse
import dataclasses
import json

from course_lib.cli.parser import Commands
from course_lib.errors import CourseError, UsageError


def add(commands: Commands) -> None:
    data = commands.family("data", "list, fetch and prepare data sets")
    listing = commands.command(
        "list", data_list, "what there is, where it lies, and how to get what is missing", data
    )
    listing.add_argument("--json", action="store_true", help="as JSON, for programs")
    fetch = commands.command("fetch", data_fetch, "download data sets into the cache", data)
    fetch.add_argument("names", nargs="*", metavar="NAME")
    fetch.add_argument("--all", action="store_true", help="everything that this course can download")
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

    names = data.downloadable() if options.all else options.names
    if not names:
        raise UsageError("name the data sets to fetch, or give --all; `course data list` shows them.")
    failed = []
    for name in names:
        try:
            print(f"{name}: {data.fetch(name)}", flush=True)
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
        print(
            f"{len(names) - len(failed)} of {len(names)} sets are here. For a machine without a network, copy "
            f"{paths.cache() / 'raw'} there and set COURSE_DATA to the copy."
        )
    if failed:
        raise CourseError(
            f"{len(failed)} of {len(names)} sets could not be fetched, {', '.join(failed)}: each line above says why "
            "and what to do, and a second run continues with these."
        )


def data_prepare(options: argparse.Namespace) -> None:
    import logging

    from course_lib import data
    from course_lib.data import cache, folders

    source = cache.find(options.name)
    told = logging.getLogger(folders.__name__)
    level = told.level
    if hasattr(source, "report"):
        print("\n".join(source.report()))
        told.setLevel(logging.ERROR)  # what preparation would say has been said
    try:
        for split in getattr(source, "splits", ("train", "test")):
            if split == "extra":  # SVHN's, twelve times the training set: prepared when it is asked for
                continue
            made = data.prepare(options.name, options.resolution, split, skip_damaged=options.skip_damaged)
            print(f"{options.name} {split}: {len(made):,} images of shape {made.shape}, ready to open")
    finally:
        told.setLevel(level)
