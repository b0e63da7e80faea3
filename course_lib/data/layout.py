"""How a folder of pictures is to be read: which are for training and for testing, and the class of each.

Understood are class folders; the splits `train`, `val` and `test`, above the class folders or below them; a folder
around all of it; StyleGAN's `dataset.json`; Hugging Face's `metadata.csv` and `metadata.jsonl`. What is left out is
always said (`Layout.notes`).
"""

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from course_lib.data import labels as metadata
from course_lib.data.pictures import is_picture

SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
TEST = 10  # of a hundred pictures, where the folders say nothing
STRAY = 10  # one picture of so many may lie outside the class folders, and is left out
Entry = tuple[str, object]  # name, and what changes when the file does


@dataclass(frozen=True)
class Layout:
    """The pictures of a set. parts: split -> its entries, sorted; label: name -> class or vector, of every one of them,
    or empty; notes: what was found and what was left out, a clause each."""

    parts: dict[str, list[Entry]]
    label: dict[str, Any] = field(default_factory=dict)
    label_file: str = ""  # where labels come from, when not from folders
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.parts)


def split_of(name: str, percent: int = TEST) -> str:
    """ "train" or "test" (ten pictures in a hundred, or `percent`), by a hash of the name.

    The split of a picture does not depend on what lies beside it, so adding pictures never moves one from the
    training set into the test set.
    """
    digest = _hash(name)
    if percent == TEST:
        return "test" if digest[0] % 10 == 0 else "train"
    return "test" if int.from_bytes(digest[:4], "big") % 100 < percent else "train"


def arrange(
    found: Iterable[Entry],
    read: Callable[[str], bytes],
    leads_out: Callable[[str], bool],
    percent: int = TEST,
) -> Layout:
    """The layout of all files of a set. `read` gives the content of one.

    From names that lead out of an archive nothing is concluded; they stay, to be reported as damaged.

    Raises CourseError for labels in a damaged file.
    """
    entries = sorted(found)
    pictures = [entry for entry in entries if is_picture(entry[0])]
    beside = [name for name, _ in entries if metadata.is_metadata(name)]
    others = [name for name, _ in entries if not is_picture(name) and not metadata.is_metadata(name)]
    folders = _Folders(pictures, leads_out)
    said = [(name, metadata.read(name, functools.partial(read, name))) for name in beside]
    unread = [_unread(name, labelled) for name, labelled in said if labelled is None or labelled.unread]
    telling = [labelled for _, labelled in said if labelled and (labelled.of is None or labelled.of)]
    label: dict[str, Any] = folders.classes() if not telling else {}
    left_out = [*([of_other_kinds(others)] if others else []), *unread, *folders.left_out]
    kept = folders.kept
    if named := {name: value for labelled in telling for name, value in (labelled.of or {}).items()}:
        label = {name: named[name] for name, _ in kept if name in named}
        if lacking := [name for name, _ in kept if name not in label]:
            left_out.append(f"{_some(lacking, 'picture')} without a label in {telling[0].file}")
            kept = [entry for entry in kept if entry[0] in label]
    parts, how = _parts(kept, folders, percent)
    file = telling[0].file if telling else ""
    return Layout(parts, label, file, (how, *_classes(kept, label)), tuple(left_out))


class _Folders:
    """What the folders of pictures mean: which level is the split, which the class."""

    def __init__(self, pictures: Sequence[Entry], leads_out: Callable[[str], bool]):
        paths = {name: name.split("/")[:-1] for name, _ in pictures if not leads_out(name)}
        around = _shared(list(paths.values()))
        self.paths = {name: path[around:] for name, path in paths.items()}
        level = next((i for i in (0, 1) if self._are_splits(i)), None)
        self.split: dict[str, str] = {}
        self.left_out: list[str] = []
        if level is not None:
            self.split = {
                n: SPLITS[path[level].lower()]
                for n, path in self.paths.items()
                if len(path) > level and path[level].lower() in SPLITS
            }
            if outside := [n for n in self.paths if n not in self.split]:
                self.left_out.append(f"{_some(outside, 'picture')} outside the folders of the splits")
            self.paths = {n: self.paths[n][:level] + self.paths[n][level + 1 :] for n in self.split}
        names = self.split if level is not None else paths
        self.kept = [e for e in pictures if e[0] in names or leads_out(e[0])]

    def _are_splits(self, level: int) -> bool:
        """Whether the folders of a level are splits, `train` and another. At the top, others may lie beside them."""
        words = [path[level].lower() if len(path) > level else "" for path in self.paths.values()]
        if level and not all(word in SPLITS for word in words):
            return False
        found = {SPLITS[word] for word in words if word in SPLITS}
        return "train" in found and len(found) > 1

    def classes(self) -> dict[str, str]:
        """Class of each picture by its folder; empty where the folders are no classes. Strays are left out."""
        top = {name: path[0] if path else "" for name, path in self.paths.items()}
        strays = [name for name, folder in top.items() if not folder]
        if len(set(top.values()) - {""}) < 2:
            return {}
        if STRAY * len(strays) > len(top):
            few = f"{len(strays)} of {len(top)} pictures lie outside the class folders"
            self.left_out.append(f"the classes, since {few}")
            return {}
        if strays:
            self.left_out.append(f"{_some(strays, 'picture')} outside the class folders")
            self.kept = [entry for entry in self.kept if entry[0] not in set(strays)]
        first = min(folder for folder in top.values() if folder)
        for name, _ in self.kept:  # names that lead out of an archive: they are reported as damaged
            top.setdefault(name, first)
        return {name: top[name] for name, _ in self.kept}


def _parts(kept: list[Entry], folders: _Folders, percent: int) -> tuple[dict[str, list[Entry]], str]:
    """The entries of each split, and how they were told apart."""
    if folders.split:
        parts: dict[str, list[Entry]] = {"train": [], "test": [], "val": []}
        for entry in kept:
            parts[folders.split.get(entry[0], "train")].append(entry)
        how = "the splits are those of the folders"
        if not parts["test"]:
            parts["test"], parts["val"] = parts["val"], []
            how += ", with val for testing"
        return {split: part for split, part in parts.items() if part or split != "val"}, how
    if percent == 0:
        return {"train": kept, "test": kept}, "all pictures are for training, and the same ones measure"
    parts = {"train": [], "test": []}
    for entry in kept:
        parts[split_of(entry[0], percent)].append(entry)
    how = f"{percent} in a hundred are for testing, by a hash of the name (NAME:test=20 takes 20, NAME:test=0 none)"
    if len(kept) == 1:
        return {"train": kept, "test": kept}, "the one picture is for training, and measures too"
    for lacking, other in (("test", "train"), ("train", "test")):
        if kept and not parts[lacking]:  # of few pictures the hashes may choose none
            moved = min(parts[other], key=lambda entry: _hash(entry[0]))
            parts[lacking] = [moved]
            parts[other] = [entry for entry in parts[other] if entry is not moved]
    return parts, how


def _shared(paths: list[list[str]]) -> int:
    """How many folders lie around all pictures."""
    depth = 0
    while paths and len({path[depth] if len(path) > depth else None for path in paths}) == 1:
        if len(paths[0]) <= depth:
            break
        depth += 1
    return depth


def _classes(kept: list[Entry], label: dict[str, Any]) -> list[str]:
    words = [str(label[name]) for name, _ in kept if name in label and not isinstance(label[name], list)]
    if not words:
        return ["each picture has a vector of labels" if label else "no classes"]
    counts = Counter(words)
    shown = [f"{word} {count:,}" for word, count in sorted(counts.items())]
    return [
        f"{len(counts)} classes ({', '.join(shown[:12])}{f' and {len(shown) - 12} more' if len(shown) > 12 else ''})"
    ]


def _unread(name: str, labelled: metadata.Labelled | None) -> str:
    """What of a metadata file plays no part."""
    return f"the columns {', '.join(labelled.unread)} of {name}" if labelled else f"{name}, of unknown form"


def of_other_kinds(names: Sequence[str]) -> str:
    """How many files are no pictures by their names, and of which kinds."""
    counts = Counter(PurePosixPath(name).suffix.lower() or "without an ending" for name in names)
    shown = ", ".join(f"{count:,} {ending}" for ending, count in counts.most_common(8))
    return f"{len(names):,} {'file' if len(names) == 1 else 'files'} of a kind that is not read ({shown})"


def _some(names: list[str], what: str) -> str:
    """How many, and the first by name."""
    first = ascii(names[0])[1:-1] if not names[0].isprintable() else names[0]
    return f"1 {what} ({first})" if len(names) == 1 else f"{len(names):,} {what}s ({first}, …)"


def _hash(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape")).digest()
