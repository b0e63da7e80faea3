"""What there is to open, where it comes from, and the only function of the course that downloads data."""

import os
import shutil
from dataclasses import dataclass

from course_lib import paths
from course_lib.data import toy
from course_lib.data.cache import find, read_meta
from course_lib.data.images import SOURCES, FashionMNIST, Folder
from course_lib.errors import CourseError, UsageError


@dataclass(frozen=True)
class Row:
    """One data set: its images, what is prepared ("32 train"), where it lies, its licence, how to get it."""

    name: str
    images: str
    prepared: tuple[str, ...]
    where: str | None
    licence: str
    how: str


def describe() -> list[Row]:
    """Every data set that can be opened by name, then the folders that were prepared. Decodes nothing."""
    ready: dict[str, list[dict]] = {}
    folder = paths.cache() / "prepared"
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        meta = read_meta(entry) if not entry.name.startswith(".") else None
        if meta:
            ready.setdefault(meta["name"], []).append(meta)
    rows = [
        Row(name, "unlimited", (), "drawn as needed", "of this course", "always there") for name in toy.TOYS
    ]
    rows += [
        Row(s.name, s.images, _prepared(ready.pop(s.name, [])), s.where(), s.licence, s.how)
        for s in SOURCES.values()
    ]
    for name, metas in ready.items():
        count = max(meta["count"] for meta in metas if meta["resolution"] == metas[0]["resolution"])
        rows.append(Row(name, f"{count:,}", _prepared(metas), metas[0]["source"], Folder.licence, Folder.how))
    return rows


def _prepared(metas: list[dict]) -> tuple[str, ...]:
    return tuple(f"{r} {s}" for r, s in sorted((m["resolution"], m["split"]) for m in metas))


def downloadable() -> list[str]:
    """Names that `fetch` can download."""
    return [source.name for source in SOURCES.values() if isinstance(source, FashionMNIST)]


def fetch(name: str) -> str:
    """Download a data set unless it is on this machine. Returns where it is.

    Raises UsageError for what cannot be fetched, CourseError when the download fails; nothing half-way is
    left.
    """
    if name.startswith("toy/"):
        return toy.open_toy(name).name + " is drawn as needed"
    source = find(name)
    here = source.where()
    if here:
        return here
    if name not in downloadable():
        raise UsageError(f"{name} is not a download: it {source.how}.")
    from torchvision.datasets import FashionMNIST as Download

    target = paths.cache() / "raw" / source.name
    aside = target.with_name(f".{source.name}.{os.getpid()}.tmp")
    try:
        aside.mkdir(parents=True, exist_ok=True)
        Download(aside, download=True)  # compares the files' published MD5 sums
        unpacked = aside / "FashionMNIST" / "raw"
        for file in unpacked.iterdir():
            if file.suffix != ".gz":
                file.unlink()
        shutil.rmtree(target, ignore_errors=True)
        os.replace(unpacked, target)
    except (OSError, RuntimeError) as error:
        reason = str(error).replace("\n", " ").rstrip(".")
        raise CourseError(
            f"{name} could not be downloaded ({reason}): check the network, run `sudo apt-get install "
            f"dataset-fashion-mnist`, or set COURSE_DATA to a folder that holds its files."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return str(target)
