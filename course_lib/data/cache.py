"""Prepared sets: every image decoded once, into one file of bytes that opens in no time and is read in place.

`<cache>/prepared/<name>-<resolution>-<split>/` holds `images.npy` (uint8, NCHW), `labels.npy` when there are
labels, `factors.npy` when there are factors, and `meta.json`. The folder is written aside under a lock and
renamed when it is whole, so that a reader, a second process or a crash meets a complete set or none.
"""

import contextlib
import dataclasses
import difflib
import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
from pathlib import Path

import numpy as np

from course_lib import files, paths
from course_lib.data import toy
from course_lib.data.folders import Folder
from course_lib.data.identity import of_parts
from course_lib.data.images import ImageSet
from course_lib.data.point_sets import open_points
from course_lib.data.sources import SOURCES
from course_lib.data.subsets import described
from course_lib.data.writing import Progress, write_images
from course_lib.data.zips import Zip
from course_lib.errors import CourseError, UsageError

log = logging.getLogger(__name__)

VERSION = 1  # of what preparation does to pixels; a set of another version is prepared again


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
    ready = _load(folder, fingerprint) if folder.is_dir() else None
    return ready or _prepare(source, folder, resolution, split, fingerprint, skip_damaged, None, verify=False)


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
    return _prepare(source, folder, resolution, split, fingerprint, skip_damaged, progress, verify=True)


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


def _checked(source, resolution: int | None, split: str) -> int:
    splits = getattr(source, "splits", ("train", "test"))
    if split not in splits:
        raise UsageError(f"{source.name} has no split {split!r}: use {' or '.join(splits)}.")
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


def read_meta(folder: Path) -> dict | None:
    """What a prepared set says of itself, or None when it is incomplete or of another version."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        whole = meta["version"] == VERSION and all(
            (folder / n).stat().st_size == s for n, s in meta["bytes"].items()
        )
        return meta if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _load(folder: Path, fingerprint: str, verify: bool = False) -> ImageSet | None:
    meta = read_meta(folder)
    if meta is None or meta.get("fingerprint") != fingerprint:
        return None
    try:
        if verify and any(files.sha256(folder / n) != digest for n, digest in meta["sha256"].items()):
            return None
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / "labels.npy", allow_pickle=False) if "labels.npy" in meta["bytes"] else None
        factors = (
            np.load(folder / "factors.npy", allow_pickle=False) if "factors.npy" in meta["bytes"] else None
        )
        names = tuple(meta.get("factors", ()))
        content = of_parts(meta["sha256"])
        return ImageSet(
            meta["name"], images, labels, tuple(meta["classes"]), factors, names, meta["split"], content
        )
    except (OSError, ValueError, KeyError, CourseError):
        return None


def _prepare(source, folder, resolution, split, fingerprint, skip_damaged, progress, verify) -> ImageSet:
    with _writing(folder):
        ready = _load(folder, fingerprint, verify)  # another process may have been faster
        if ready and not (verify and not skip_damaged and (read_meta(folder) or {}).get("skipped")):
            return ready
        raw = source.raw(split)
        for remains in folder.parent.glob(f".{folder.name}.*.tmp"):  # ours alone: we hold the lock
            shutil.rmtree(remains, ignore_errors=True)
        _require_room(folder, raw.count * (raw.channels * resolution**2 + 8) + 2**20, source.name, resolution)
        aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        try:
            aside.mkdir()
            kept, skipped = write_images(
                aside / "images.npy", raw, resolution, skip_damaged, progress, f"{source.name} ({split})"
            )
            if raw.labels is not None:
                np.save(aside / "labels.npy", raw.labels[kept], allow_pickle=False)
            if raw.factors is not None:
                np.save(aside / "factors.npy", raw.factors[kept].astype(np.float32), allow_pickle=False)
            parts = [p.name for p in sorted(aside.iterdir())]
            meta = {
                "version": VERSION, "name": source.name, "source": source.where(), "resolution": resolution,
                "split": split, "channels": raw.channels, "classes": list(raw.classes),
                "factors": list(raw.factor_names), "crop": getattr(source, "crop", None), "count": len(kept),
                "skipped": skipped, "fingerprint": fingerprint,
                "bytes": {n: (aside / n).stat().st_size for n in parts},
                "sha256": {n: files.sha256(aside / n) for n in parts},
            }  # fmt: skip
            files.write_atomic(aside / "meta.json", json.dumps(meta, indent=1))
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(aside, folder)
            files.sync_folder(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        left_out = f", {skipped} damaged ones skipped" if skipped else ""
        what = f"{len(kept)} images of {source.name} ({split}) at {resolution}"
        log.info("Prepared %s in %s%s", what, folder, left_out)
        prepared = _load(folder, fingerprint)
        assert prepared is not None, "what was just written can be read"
        return prepared


@contextlib.contextmanager
def _writing(folder: Path):
    """Hold the set's lock, which dies with its process, and turn a failed write into a sentence."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.parent / f".{folder.name}.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise CourseError(
            f"{folder} cannot be written ({error.strerror or error}): free some space there, or set "
            "COURSE_CACHE to a folder on another disk."
        ) from error


def _require_room(folder: Path, needed: int, name: str, resolution: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise CourseError(
            f"{name} at resolution {resolution} needs {needed / 1e6:,.0f} MB in {folder.parent} and "
            f"{free / 1e6:,.0f} MB are free: make room, or set COURSE_CACHE to a folder on another disk."
        )
