"""`config.json`: what a run is, with a checksum of itself, and how it is compared with what a command asks for."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.files import write_atomic
from course_lib.version import __version__

# of config.json; raise it when an older library would misread what this one writes
FORMAT = 2
CHECKSUM = "checksum"
# what a run keeps of the sets that it is made of, by domain: "data", "target"
MADE_OF = "made_of"
# when its data was changed on purpose: after which step, and what it was made of before
DATA_CHANGES = "data_changes"
# settings of the loop that change no number, but for its rounding, so they may be others when a run goes on
FREE = {"log_every", "sample_every", "checkpoint_every", "tensorboard", "keep", "max_minutes", "accumulate"}

Config = dict[str, Any]


class Unreadable(CourseError):
    """A configuration that the system does not let this process read, now: it may be whole."""


class Edited(CourseError):
    """A whole configuration that does not match its checksum: somebody edited it, or a part of it was damaged."""


def read(file: Path) -> Config:
    """Raises CourseError when it is damaged, Unreadable when it cannot be read, Edited when it is not as it was
    written, and FileNotFoundError."""
    try:
        config = dict(json.loads(file.read_text()))
    except FileNotFoundError:
        raise
    except (ValueError, TypeError, RecursionError, OSError) as error:  # no JSON, no text, a list, a folder
        unread = isinstance(error, OSError) and not isinstance(error, IsADirectoryError)
        kind, what = (Unreadable, "cannot be read") if unread else (CourseError, "is damaged")
        raise kind(f"{file} {what} ({error}): restore it, or start the run in another folder.") from error
    stated = config.pop(CHECKSUM, None)  # older versions wrote none
    if stated is not None and stated != checksum(config):
        raise Edited(
            f"{file} was edited or damaged after it was written (its checksum does not match), and may not say what "
            f'the weights beside it are: restore it, or delete its line "{CHECKSUM}" to use it as it stands.'
        )
    return config


@dataclass(frozen=True)
class Fault:
    """What is wrong with a run's config.json where its copy says what the run is. error: None where it is missing."""

    file: Path
    copy: Path
    error: CourseError | None

    def tell(self, aside: Path | None = None) -> None:
        """Say it, once in a process. aside: where the file lies from now on."""
        edited = isinstance(self.error, Edited)
        what = "was edited, or is damaged" if edited else "is damaged" if self.error else "is missing"
        what = "cannot be read" if isinstance(self.error, Unreadable) else what
        moved = f", and it now lies in {aside.name}" if aside else ""
        back = f"put it back as {self.file.name} without" if aside else "delete"
        remedy = f'; to use it as it stands, {back} its line "{CHECKSUM}"' if edited else ""
        copy = self.copy.relative_to(self.file.parent)
        notices.say(
            f"{self.file} {what}: its copy, {copy}, is read instead{moved}{remedy}.", once=str(self.file)
        )


def read_of(file: Path, copy: Path) -> tuple[Config, Fault | None]:
    """What a run's config.json says; or, where that file cannot be read, what its copy says, and the fault, which is
    still to be told.

    Raises CourseError when neither can be read.
    """
    error: CourseError | None = None
    try:
        return read(file), None
    except FileNotFoundError:
        pass
    except CourseError as damage:
        error = damage
    try:
        return read(copy), Fault(file, copy, error)
    except (CourseError, FileNotFoundError) as of_copy:
        if error:
            raise error from None
        lost = "is missing too" if isinstance(of_copy, FileNotFoundError) else "is damaged"
        lost = "cannot be read" if isinstance(of_copy, Unreadable) else lost
        raise CourseError(
            f"{file} is missing, and its copy, {copy}, {lost}: restore one of them, or start the run in another "
            f"folder."
        ) from None


def written_here() -> Config:
    """What every config.json says of the library that wrote it."""
    return {"format": FORMAT, "version": __version__}


def refuse_newer(config: Mapping[str, Any], what: Path | str = "config.json") -> None:
    """Raises CourseError, naming its version, for a configuration that this version cannot read, and for one whose
    format is no number."""
    form = config.get("format", 1)
    if not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise CourseError(
            f"{what} says that its format is {json.dumps(form)}, and formats are numbered from 1: restore the file, "
            f"or train again."
        )
    if form > FORMAT:
        raise CourseError(
            f"{what} was written by version {config.get('version')} of the course, which is newer than this one "
            f"({__version__}): use that version."
        )


def write(file: Path, config: Config) -> None:
    """Raises OSError with the old file untouched."""
    write_atomic(file, json.dumps(config | {CHECKSUM: checksum(config)}, indent=2) + "\n")


def checksum(config: Config) -> str:
    """Of what a configuration says, whatever the order and layout of the file."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def as_json(config: Mapping[str, Any]) -> Config:
    """What JSON keeps of it: tuples become lists."""
    return json.loads(json.dumps(config))


def reconciled(run: Path, there: Config, ours: Config, reached: int, data_changed: bool) -> Config:
    """The configuration that a run has from now on, of what its folder says and what is asked for.

    The budget may grow, what changes no number may change, and data may lie elsewhere. reached: the step of the last
    checkpoint. Raises CourseError, naming the first difference, when they are two runs, and when the data is not what
    the run began with, unless that is wanted (`data_changed`).
    """
    before, now = there.get(MADE_OF, {}), ours.get(MADE_OF, {})
    change = changed(before, now)
    same_names = _names(there) == _names(ours)
    if change and same_names and not data_changed:
        raise CourseError(
            f"the data of {run} is not what it began with ({change}): bring that back, give --out another folder, or "
            f"go on with the data as it is by --data-changed (data_changed=True in Python)."
        )
    known = bool(before and now and not change)
    theirs, mine = (_comparable(config, known, data_changed) for config in (there, ours))
    if theirs != mine:
        raise CourseError(
            f"{run} holds another run ({first_difference(theirs, mine)}): give --out another folder, or repeat the "
            f"settings of that run to resume it."
        )
    result = dict(ours)
    changes = list(there.get(DATA_CHANGES, []))
    if change:
        changes.append({"after_step": reached, MADE_OF: before})
        notices.say(f"{run} goes on with other data ({change}): its config.json says so.")
    elif not same_names:
        notices.say(f"the data of {run} now lies elsewhere, with the same content: {_names(ours)[0]}.")
    if changes:
        result[DATA_CHANGES] = changes
    if ours.get("data", {}).get("steps", reached) < reached:  # the run is longer than that already
        result["data"] = ours["data"] | {"steps": there["data"]["steps"]}
    return result


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How the sets that a run is made of differ from those that it began with, as a clause; "" when they do not.

    Their content counts, not where they lie. What an earlier version did not store is taken to be as it is now.
    """
    for domain in now:
        a, b = before.get(domain), now[domain]
        if a is None or (a.get("fingerprint"), a.get("classes")) == (b.get("fingerprint"), b.get("classes")):
            continue
        if a["name"] != b["name"]:
            return f"it was {a['name']} and is {b['name']}"
        what = f"{b['name']}, {b.get('split') or 'all'} images"
        if a.get("images") != b.get("images"):
            return f"{what}: {a.get('images')} then, {b.get('images')} now"
        if a.get("classes") != b.get("classes"):
            return f"{what}: its classes were {_listed(a.get('classes'))} and are {_listed(b.get('classes'))}"
        return f"{what}: as many as then, but others or in another order"
    return ""


def first_difference(there: Any, ours: Any, name: str = "") -> str:
    """The first setting, by name, in which two configurations differ."""
    if isinstance(there, dict) and isinstance(ours, dict):
        for key in [*there, *(k for k in ours if k not in there)]:
            if there.get(key) != ours.get(key):
                return first_difference(there.get(key), ours.get(key), f"{name}.{key}".strip("."))
    return f"its {name} is {there}, yours is {ours}"


def _comparable(config: Config, data_is_known: bool, data_changed: bool) -> Config:
    """A configuration less what may change while a run goes on: the number of steps, since a run may be continued
    beyond its first end; how often it writes; the library's version and format; and what data is called where its
    content has been compared, or is to be another."""
    skipped = {"format", "version", MADE_OF, DATA_CHANGES}
    if "pretrained_sha256" in config:  # networks of other runs are compared by their content, too
        skipped.add("pretrained")
    in_data = {"steps"} | ({"data", "target"} if data_is_known or data_changed else set())
    kept = {name: value for name, value in config.items() if name not in skipped}
    kept["data"] = {k: v for k, v in config.get("data", {}).items() if k not in in_data}
    kept["loop"] = {k: v for k, v in config.get("loop", {}).items() if k not in FREE}
    if data_changed and "data_set" in kept:
        kept["data_set"] = {k: v for k, v in kept["data_set"].items() if k != "count"}
    return kept


def _names(config: Config) -> list[Any]:
    return [config.get("data", {}).get(domain) for domain in ("data", "target")]


def _listed(classes: Any) -> str:
    names = [str(name) for name in classes or []]
    return (
        ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "none"
    )
