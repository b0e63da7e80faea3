"""Sets of images by name, by folder or by zip: found, checked, and opened from where they are prepared."""

import dataclasses
import difflib
import hashlib
import os
import re
from pathlib import Path

import numpy as np

from course_lib import paths
from course_lib.data import prepared, toy
from course_lib.data.folders import Folder, listing
from course_lib.data.identity import of_parts
from course_lib.data.images import ImageSet
from course_lib.data.point_sets import open_points
from course_lib.data.sources import SOURCES
from course_lib.data.subsets import described
from course_lib.data.writing import Progress
from course_lib.data.zips import Zip
from course_lib.errors import UsageError


def open_set(
    name: str | os.PathLike,
    *,
    resolution: int | None = None,
    split: str = "train",
    skip_damaged: bool = False,
) -> ImageSet | toy.PointSet:
    """The data set of that name: "fashion-mnist", "digits", "toy/…" (`point_sets`), a part ("digits:images=100") or
    another resize of one ("mnist:resize=bilinear", `subsets`), or a folder or a zip of images.

    `resolution` is the side of the images, None for their own; `split` "train" or "test" (SVHN has "extra" too).
    Pictures that are not square lose their sides, and all are resized with an antialiased filter. Prepares the set
    first where that has not been done; `skip_damaged` then leaves out pictures that cannot be read. Never
    downloads.
    Raises UsageError for an unknown name or an impossible request, CourseError when the data is not on this
    machine.
    """
    if str(name).startswith("toy/"):
        if resolution is not None:
            raise UsageError(f"{name} is a set of points and has no resolution: leave resolution out.")
        return open_points(str(name))
    source = find(name)
    resolution = _checked(source, resolution, split)
    if (unprepared := _unprepared(source, resolution, split)) is not None:
        return unprepared
    folder = _folder(source, resolution, split)
    fingerprint = source.fingerprint(split)
    ready = prepared.load(folder, fingerprint) if folder.is_dir() else None
    return ready or prepared.make(source, folder, resolution, split, fingerprint, skip_damaged)


def open_whole(
    name: str | os.PathLike, *, resolution: int | None = None, count: int | None = None
) -> ImageSet:
    """Every picture of a folder or a zip, whatever its splits: one after the other, each once. Without labels.

    count: the first so many alone. No more are read, and a split is prepared only where those before it have too few;
    pictures of one split stay in its file.
    Raises as `open_set`, and UsageError for another set.
    """
    source = _own(name)
    parts: list[ImageSet] = []
    ends: list[int | None] = []  # how many of each
    left = count
    for split in _splits_once(source):
        part = open_set(name, resolution=resolution, split=split)
        assert isinstance(part, ImageSet), "a folder holds images"
        parts.append(part)
        ends.append(left)
        if left is not None and (left := left - len(part)) <= 0:
            break
    images = [part.images[:end] for part, end in zip(parts, ends, strict=True)]
    factors = [p.factors[:end] for p, end in zip(parts, ends, strict=True) if p.factors is not None]
    return ImageSet(
        parts[0].name,
        np.concatenate(images) if len(images) > 1 else images[0],
        factors=np.concatenate(factors) if factors else None,
        factor_names=parts[0].factor_names,
    )


def picture_count(name: str | os.PathLike, split: str | None = None) -> int:
    """How many pictures a folder or a zip holds, or a split of it, without preparing it.

    Raises UsageError for another set or an unknown split, CourseError when there are none.
    """
    source = _own(name)
    if split is not None:
        _require_split(source, split)
    chosen = _splits_once(source) if split is None else [split]
    return sum(len(listing(source.shelf, source.layout, part).names) for part in chosen)


def _own(name: str | os.PathLike) -> Folder:
    source = find(name)
    if not isinstance(source, Folder):
        raise UsageError(f"{source.name} is no folder or zip of pictures: choose one of its splits.")
    return source


def _splits_once(source: Folder) -> list[str]:
    """The splits that have pictures. Of one picture, or with test=0, two are the same: of these the first."""
    once: dict[str, str] = {}
    for split in source.splits:
        if source.layout.parts[split]:
            once.setdefault(source.fingerprint(split), split)
    return list(once.values())


def is_own(name: str | os.PathLike) -> bool:
    """Whether this is a folder or a zip of somebody's own, whole. Raises UsageError for an unknown name."""
    return not str(name).startswith("toy/") and isinstance(find(name), Folder)


def remarks(name: str | os.PathLike, split: str = "") -> list[str]:
    """What to say of a folder or a zip, or of a part of one, before it is used: what it holds, what of it is left out
    and why, and, of a whole one, how many of its pictures a split has. Nothing for other sets."""
    if str(name).startswith("toy/"):
        return []
    source = find(name)
    whole = getattr(source, "base", source)
    if not isinstance(whole, Folder):
        return []
    said = whole.report()
    if source is whole and split in whole.layout.parts:
        pictures = {entry for part in whole.layout.parts.values() for entry in part}
        taken = len(whole.layout.parts[split])
        if taken < len(pictures):
            said.append(f"taken here: the {split} split, {taken:,} of {len(pictures):,} pictures.")
    return said


def prepare(
    name: str | os.PathLike,
    resolution: int | None = None,
    split: str = "train",
    *,
    skip_damaged: bool = False,
    progress: Progress | None = None,
) -> ImageSet:
    """Prepare a set of images and open it. A complete one is kept if its checksum is right, else made again.

    `progress(done, total)` is called as images are decoded; without it a bar is shown on a terminal.
    Raises as `open_set`, and CourseError when the disk has no room or a picture is damaged (naming it).
    """
    source = find(name)
    resolution = _checked(source, resolution, split)
    if (unprepared := _unprepared(source, resolution, split)) is not None:
        return unprepared
    folder = _folder(source, resolution, split)
    fingerprint = source.fingerprint(split)
    return prepared.make(source, folder, resolution, split, fingerprint, skip_damaged, progress, verify=True)


def _unprepared(source, resolution: int, split: str) -> ImageSet | None:
    """The images of a source that keeps none on disk: computed, or derived from another set. None for the others."""
    if hasattr(source, "derive"):
        whole = open_set(source.base.name, resolution=resolution, split=source.split_of_base(split))
        assert isinstance(whole, ImageSet), "parts are made of images"
        fingerprint = of_parts(source.name, split, whole.fingerprint)
        return dataclasses.replace(source.derive(whole, split), split=split, fingerprint=fingerprint)
    if hasattr(source, "open"):
        return dataclasses.replace(source.open(resolution, split), split=split)
    return None


def find(name: str | os.PathLike):
    """The source of that name, or the folder at that path. Raises UsageError that lists the known names."""
    if str(name) in SOURCES:
        return SOURCES[str(name)]
    whole, colon, words = str(name).partition(":")
    if colon and whole in SOURCES:
        return described(SOURCES[whole], words)
    path = Path(name).expanduser()
    if path.is_dir():
        return Folder(path)
    if path.is_file():
        if path.suffix.lower() == ".zip":
            return Zip(path)
        raise UsageError(f"{path} is neither a folder nor a zip: unpack it and name the folder of images.")
    whole, colon, words = str(name).rpartition(":")
    if colon and "=" in words and Path(whole).expanduser().exists():  # a part of a folder or a zip
        return described(find(whole), words)
    known = [*SOURCES, *toy.TOYS]
    if len(path.parts) > 1 and not any(k.startswith(f"{path.parts[0]}/") for k in known):
        raise UsageError(
            f"No data set, folder or zip is called {name}: nothing lies at {path.absolute()}; say where it is now."
        )
    close = difflib.get_close_matches(str(name), known, 1)
    hint = f"did you mean {close[0]}, or one of" if close else "give a folder, a zip, or one of"
    raise UsageError(f"No data set, folder or zip is called {name}: {hint} {', '.join(known)}.")


def located(name: str | os.PathLike) -> str:
    """The name by which a set can be opened from anywhere: of a folder or a zip its absolute path."""
    whole = str(name).partition(":")[0]
    if str(name).startswith("toy/") or str(name) in SOURCES or whole in SOURCES:
        return str(name)
    path = Path(name).expanduser()
    if path.exists():
        return str(path.resolve())
    whole, colon, words = str(name).rpartition(":")  # a part of a folder or a zip
    return f"{located(whole)}:{words}" if colon and "=" in words else str(name)


def _require_split(source, split: str) -> None:
    splits = getattr(source, "splits", ("train", "test"))
    if split not in splits:
        raise UsageError(f"{source.name} has no split {split!r}: use {' or '.join(splits)}.")


def _checked(source, resolution: int | None, split: str) -> int:
    _require_split(source, split)
    resolution = source.native if resolution is None else resolution
    if resolution is None:
        raise UsageError(
            f"The images of {source.name} have no one size: say resolution=64 (--resolution 64), for example."
        )
    if not isinstance(resolution, int) or not 4 <= resolution <= 2048:
        raise UsageError(
            f"A resolution of {resolution!r} is not possible: give a whole number from 4 to 2048."
        )
    return resolution


def _folder(source, resolution: int, split: str) -> Path:
    name = re.sub("[/:=]", "-", source.name)
    if isinstance(source, Folder):  # two folders may share their last name
        digest = hashlib.blake2b(source.name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        name = re.sub(r"[^\w.]+", "-", source.path.name).strip(".") + "-" + digest
    return paths.cache() / "prepared" / f"{name}-{resolution}-{split}"
