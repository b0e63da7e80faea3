"""Labels that lie beside pictures in a file: StyleGAN's `dataset.json`, Hugging Face's `metadata.csv` and `.jsonl`."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.errors import CourseError

STYLEGAN = "dataset.json"
IMAGEFOLDER = ("metadata.csv", "metadata.jsonl")
FILE_COLUMNS = ("file_name", "filename", "file", "image", "image_id", "path")
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "target")


@dataclass(frozen=True)
class Labelled:
    """What a file says of pictures.

    of: name of a picture -> its label (a word or a number) or its vector of numbers; None where the file says that
    there are none. unread: its columns that were not used.
    """

    file: str
    of: Mapping[str, Any] | None
    unread: tuple[str, ...] = ()


def is_metadata(name: str) -> bool:
    """Whether a file of that name may say something of the pictures beside it."""
    return name.rpartition("/")[2] in (STYLEGAN, *IMAGEFOLDER)


def read(name: str, content: Callable[[], bytes]) -> Labelled | None:
    """What a metadata file says, with names relative to the set; None for a file of that name in another form.

    Raises CourseError, naming the file, when it is damaged.
    """
    folder, _, file = name.rpartition("/")
    try:
        text = content().decode("utf-8-sig")
        if file == STYLEGAN:
            return _stylegan(name, folder, json.loads(text))
        if file.endswith(".csv"):
            rows: Iterable[dict] = csv.DictReader(io.StringIO(text))
            return _imagefolder(name, folder, list(rows))
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return _imagefolder(name, folder, lines)
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise CourseError(
            f"{name}, which should label the pictures, cannot be read ({first}): mend or remove it."
        ) from error


def _stylegan(name: str, folder: str, said: Any) -> Labelled | None:
    """`{"labels": [["00000/img00000000.png", 6], …]}`, or null, as StyleGAN2-ADA's dataset_tool writes it."""
    if not isinstance(said, dict) or "labels" not in said:
        return None
    if said["labels"] is None:
        return Labelled(name, None)
    of = dict(said["labels"])
    return Labelled(name, {_below(folder, file): label for file, label in of.items()})


def _imagefolder(name: str, folder: str, rows: list[dict]) -> Labelled | None:
    """A row a picture: a column with its file, relative to the metadata's folder, and one with its label."""
    columns = list(rows[0]) if rows else []
    files = next((c for c in FILE_COLUMNS if c in columns), None)
    if files is None:
        return None
    labels = next((c for c in LABEL_COLUMNS if c in columns), None)
    unread = tuple(str(c) for c in columns if c not in (files, labels))
    if labels is None:
        return Labelled(name, {}, unread)
    return Labelled(name, {_below(folder, row[files]): row[labels] for row in rows}, unread)


def _below(folder: str, file: Any) -> str:
    """A picture's name relative to the set, where the metadata give it relative to their own folder."""
    name = str(file).replace("\\", "/")
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True)
class Targets:
    """Labels int64 (N,) and the names of classes; or, for vectors, factors float32 (N, K) and theirs."""

    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()


def classes_of(values: Iterable[Any]) -> tuple[str, ...]:
    """The classes that labels tell apart, in order: of whole numbers all from 0, so that a number stays what it is."""
    words = {str(v) for v in values}
    if words and all(re.fullmatch(r"\d{1,4}", w) for w in words):
        return tuple(str(i) for i in range(max(int(w) for w in words) + 1))
    return tuple(sorted(words))


def targets(values: list[Any], everywhere: list[Any], file: str) -> Targets:
    """Labels of some pictures, numbered as all of the set's (`everywhere`) are.

    A vector with a single 1 among zeros is a class; other vectors are factors.
    Raises CourseError for vectors of unlike lengths.
    """
    if not any(isinstance(v, list) for v in everywhere):
        classes = classes_of(everywhere)
        number = {name: i for i, name in enumerate(classes)}
        key = (lambda v: str(int(str(v)))) if classes and classes[0] == "0" else str
        return Targets(np.array([number[key(v)] for v in values], np.int64), classes)
    try:
        whole = np.array(everywhere, np.float32)
        part = np.array(values, np.float32).reshape(len(values), -1)
    except (ValueError, TypeError) as error:
        raise CourseError(f"{file} gives labels of unlike lengths: mend or remove it.") from error
    if ((whole == 0) | (whole == 1)).all() and (whole.sum(1) == 1).all():
        return Targets(part.argmax(1).astype(np.int64), tuple(str(i) for i in range(whole.shape[1])))
    return Targets(factors=part, factor_names=tuple(f"label_{i}" for i in range(whole.shape[1])))
