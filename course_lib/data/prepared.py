"""Prepared sets: every image decoded once, into one file of bytes that opens in no time and is read in place.

`<cache>/prepared/<name>-<resolution>-<split>/` holds `images.npy` (uint8, NCHW), `labels.npy` when there are
labels, `factors.npy` when there are factors, and `meta.json`. The folder is written aside under a lock and
renamed when it is whole, so that a reader, a second process or a crash meets a complete set or none.
"""

import contextlib
import errno
import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import files, notices, paths
from course_lib.data import blocks
from course_lib.data.identity import of_parts
from course_lib.data.images import ImageSet
from course_lib.data.writing import Progress, write_images
from course_lib.errors import CourseError

log = logging.getLogger(__name__)

VERSION = 1  # of what preparation does to pixels; a set of another version is prepared again
_looked_through: set[tuple[str, int]] = set()  # sets of moderate size, in this process


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


def folders() -> list[Path]:
    """Where sets are prepared, whole or not, by name."""
    place = paths.cache() / "prepared"
    return sorted(p for p in place.iterdir() if p.is_dir() and p.name[0] != ".") if place.is_dir() else []


def damaged(folder: Path, meta: dict) -> list[str]:
    """Files of a prepared set that are not what they were when it was made."""

    def wrong(name: str) -> bool:
        try:
            return files.sha256(folder / name) != meta["sha256"][name]
        except OSError:
            return True

    return [name for name in meta.get("sha256", {}) if wrong(name)]


def load(folder: Path, fingerprint: str, verify: bool = False) -> ImageSet | None:
    """The set in a folder, or None when it is incomplete, damaged, or of other files than those of `fingerprint`.

    Its bytes are compared with the checksums of their blocks: at once, once in a process, or, where there are many, by
    a thread while they are used (`blocks`); with `verify` all of them now, with stronger ones.
    """
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
        stated = meta.get("blocks", {})  # earlier versions wrote none
        arrays = {"images.npy": images, "labels.npy": labels, "factors.npy": factors}
        large = images.nbytes > blocks.AT_ONCE
        here = (str(folder), os.stat(folder / "images.npy").st_ino)
        if not verify and here not in _looked_through:
            if blocks.damaged_parts(arrays if not large else arrays | {"images.npy": None}, stated):
                return None
            _looked_through.add(here)
        names = tuple(meta.get("factors", ()))
        content = of_parts(meta["sha256"])
        watch = blocks.Watch(meta["name"], images, stated["images.npy"]) if large and stated else None
        return ImageSet(
            meta["name"],
            images,
            labels,
            tuple(meta["classes"]),
            factors,
            names,
            meta["split"],
            content,
            watch,
        )
    except (OSError, ValueError, KeyError, CourseError):
        return None


def make(
    source: Any,
    folder: Path,
    resolution: int,
    split: str,
    fingerprint: str,
    skip_damaged: bool,
    progress: Progress | None = None,
    verify: bool = False,
) -> ImageSet:
    """Prepare a split of a source in a folder, unless that is done already. verify: unless it is done and whole.

    Raises CourseError when the folder cannot be written, the disk has no room, or a picture is damaged.
    """

    def there() -> dict:
        meta = read_meta(folder) or {}
        return meta if meta.get("fingerprint") == fingerprint else {}

    def done() -> ImageSet | None:
        again = verify and not skip_damaged and there().get("skipped")
        return None if again else load(folder, fingerprint, verify)

    if ready := done():  # whoever only reads needs no lock, and may have no right to one
        return ready
    with _writing(folder) as locked:
        if ready := done():  # another process may have been faster
            return ready
        if damaged(folder, there()):
            notices.say(f"{folder} is damaged, and is prepared again.")
        raw = source.raw(split)
        for remains in folder.parent.glob(f".{folder.name}.*.tmp") if locked else ():  # nobody else's
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
                "blocks": {n: blocks.checksums(np.load(aside / n, mmap_mode="r")) for n in parts},
            }  # fmt: skip
            files.write_atomic(aside / "meta.json", json.dumps(meta, indent=1))
            _swap(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        left_out = f", {skipped} damaged ones skipped" if skipped else ""
        what = f"{len(kept)} images of {source.name} ({split}) at {resolution}"
        log.info("Prepared %s in %s%s", what, folder, left_out)
        written = load(folder, fingerprint)
        assert written is not None, "what was just written can be read"
        return written


def _swap(aside: Path, folder: Path) -> None:
    """Put a whole set in the place of the old one, which may be another user's and is then left beside."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old.tmp")
    with contextlib.suppress(FileNotFoundError):
        os.replace(folder, old)
    try:
        os.replace(aside, folder)
    except OSError:  # without locks another process may have put the same there in this moment
        if read_meta(folder) is None:
            raise
    files.sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[bool]:
    """Hold the set's lock, which dies with its process, and turn a failed write into a sentence. Gives whether there
    are locks."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(folder.parent / f".{folder.name}.lock") as locked:
            yield locked
    except OSError as error:
        raise CourseError(not_written(folder, error)) from error


def not_written(folder: Path, error: OSError) -> str:
    """Why something in the cache could not be written, and what helps, in a sentence."""
    if error.filename and not str(error.filename).startswith(str(paths.cache())):
        return (
            f"{error.filename} cannot be used ({error.strerror or error}): mend that and repeat the command."
        )
    helps = "mend that"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        helps = "make room there"
    elif error.errno in (errno.EACCES, errno.EPERM):
        helps = (
            f"ask {files.owner(folder)}, whose it is, to let your group write (chmod -R g+rwX, and umask 002)"
        )
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        helps = "move that file away"
    return f"{folder} cannot be written because {files.why(error)}: {helps}, or set COURSE_CACHE to another folder."


def _require_room(folder: Path, needed: int, name: str, resolution: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise CourseError(
            f"{name} at resolution {resolution} needs {needed / 1e6:,.0f} MB in {folder.parent} and "
            f"{free / 1e6:,.0f} MB are free: make room, or set COURSE_CACHE to a folder on another disk."
        )
