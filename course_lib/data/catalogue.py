"""What there is to open, where it comes from, and the only function of the course that downloads data."""

import os
import shutil
from dataclasses import dataclass

from course_lib import files, paths
from course_lib.data import toy
from course_lib.data.cache import find
from course_lib.data.folders import Folder
from course_lib.data.lsun import LSUN
from course_lib.data.point_sets import open_points
from course_lib.data.prepared import folders, not_written, read_meta
from course_lib.data.published import Published
from course_lib.data.sources import SOURCES
from course_lib.errors import CourseError, UsageError


@dataclass(frozen=True)
class Row:
    """One data set: its images and the size of its files, what is prepared ("32 train") and the bytes that this takes,
    where it lies (None: nowhere), its licence, what is missing (a clause or None), and how to get it."""

    name: str
    images: str
    size: str
    prepared: tuple[str, ...]
    prepared_bytes: int
    where: str | None
    licence: str
    missing: str | None
    how: str


def describe() -> list[Row]:
    """Every data set that can be opened by name, then the folders and zips that were prepared. Decodes nothing."""
    ready: dict[str, list[dict]] = {}
    for entry in folders():
        meta = read_meta(entry)
        if meta:
            # "mnist:resize=bilinear" is prepared apart from "mnist"
            whole, _, words = meta["name"].partition(":")
            known = whole in SOURCES
            ready.setdefault(whole if known else meta["name"], []).append(
                meta | {"words": words if known else ""}
            )
    rows = [
        Row(name, "unlimited", "none", (), 0, "drawn as needed", "of this course", None, "always there")
        for name in toy.TOYS
    ]
    for s in SOURCES.values():
        size, missing = getattr(s, "size", "none"), getattr(s, "missing", lambda: None)
        where = s.where()
        lacks = None if where else missing()
        rows.append(
            Row(s.name, s.images, size, *_prepared(ready.pop(s.name, [])), where, s.licence, lacks, s.how)
        )
    for name, metas in ready.items():
        count = max(meta["count"] for meta in metas if meta["resolution"] == metas[0]["resolution"])
        where = metas[0]["source"]
        rows.append(
            Row(name, f"{count:,}", "its own", *_prepared(metas), where, Folder.licence, None, Folder.how)
        )
    return rows


def _prepared(metas: list[dict]) -> tuple[tuple[str, ...], int]:
    each = sorted((m["resolution"], m["split"], m["words"]) for m in metas)
    shown = tuple(f"{r} {s}" + (f" ({words})" if words else "") for r, s, words in each)
    return shown, sum(sum(m["bytes"].values()) for m in metas)


def downloadable() -> list[str]:
    """Names that `fetch` can download."""
    return [name for name, source in SOURCES.items() if getattr(source, "downloads", False)]


def by_hand() -> dict[str, str]:
    """Sets that `fetch` cannot download and that are not here: name -> how to get them (LSUN by one category)."""
    published = {n: s for n, s in SOURCES.items() if isinstance(s, Published) and not s.downloads}
    lacking = {n: s for n, s in published.items() if s.where() is None}
    rooms = [n for n, s in lacking.items() if isinstance(s, LSUN)]
    return {n: s.how for n, s in lacking.items() if n not in rooms[1:]}


def fetch(name: str) -> str:
    """Download a data set unless it is on this machine. Returns where it is.

    Raises UsageError for what cannot be fetched, CourseError when the download fails; nothing half-way is
    left.
    """
    if name.startswith("toy/"):
        return open_points(name).name + " is drawn as needed"
    source = find(name)
    here = source.where()
    if here:
        return here
    if name not in downloadable():
        raise UsageError(f"{name} is no download of this course: {source.how}.")
    target = paths.cache() / "raw" / source.name
    aside = target.with_name(f".{source.name}.{os.getpid()}.tmp")
    try:
        aside.mkdir(parents=True, exist_ok=True)
        source.download(aside)
        shutil.rmtree(aside / "download", ignore_errors=True)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(aside, target)
    except Exception as error:  # downloaders of others raise what they like; gdown has errors of its own
        if files.of_the_disk(error):
            raise CourseError(not_written(target, error)) from error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise CourseError(
            f"{name} could not be downloaded ({reason}): check the network, or {source.how}."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return str(target)
