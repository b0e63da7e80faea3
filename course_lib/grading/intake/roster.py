"""The list of a class: which student is which line of it, whatever a platform makes of the name."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import UsageError

_FIRST, _LAST = (
    {"first", "first name", "firstname", "given name"},
    {"last", "last name", "lastname", "surname"},
)
_NAME, _NUMBER = {"name", "full name", "student"}, {"id", "number", "student id", "canvas id", "user id"}
_LOGIN = {"login", "username", "user", "email", "email address"}


@dataclass(frozen=True)
class Entry:
    """One student of the class. name: as the tables and pages show it."""

    name: str
    numbers: frozenset[str]
    spellings: frozenset[str]  # of the name and the login, without spaces, accents and capitals


class Roster:
    """A class list."""

    def __init__(self, entries: list[Entry]):
        self.entries = entries

    def names_of(self, students: Iterable[str]) -> dict[str, str]:
        """Key of each student (`owner`) -> name in the list. Those that no line fits, or several, are left out.

        The platform's number decides where the list has it; else the name or the login, if one line alone has it, and
        if no other student of these claims the same line.
        """
        found: dict[str, list[str]] = {}
        for student in set(students):
            name, _, number = student.rpartition("_")
            name, number = (name, number) if name and number.isdecimal() else (student, "")
            by_number = [e for e in self.entries if number and number in e.numbers]
            by_name = [e for e in self.entries if _spelling(name) in e.spellings]
            fitting = by_number or by_name
            if len(fitting) == 1:
                found.setdefault(fitting[0].name, []).append(student)
        return {students[0]: name for name, students in found.items() if len(students) == 1}


def read(path: Path | str) -> Roster:
    """A CSV with a head line: a name (or first and last name), and whatever there is of number, login and email.

    Raises UsageError for a file that cannot be read, has no name, or has one name twice.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the roster cannot be read ({error}): give --roster a CSV in UTF-8.") from error
    try:
        dialect = csv.Sniffer().sniff(text.partition("\n")[0], ",;\t")
    except csv.Error:
        dialect = csv.excel
    entries = [
        _entry({(k or "").strip().lower(): (v or "").strip() for k, v in row.items() if isinstance(v, str)})
        for row in csv.DictReader(text.splitlines(), dialect=dialect)
    ]
    entries = [entry for entry in entries if entry.name]
    if not entries:
        raise UsageError(
            f"{path} lists nobody: its head line must have `name`, or `first name` and `last name`."
        )
    names = [entry.name for entry in entries]
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"{path} has {double[0]} twice: tell the two apart, for example by a number in the name."
        )
    return Roster(entries)


def _entry(row: dict[str, str]) -> Entry:
    def of(columns: set[str]) -> list[str]:
        return [value for key, value in row.items() if key in columns and value]

    first, last = (" ".join(of(columns)) for columns in (_FIRST, _LAST))
    name = (of(_NAME) or [f"{first} {last}".strip()])[0]
    if "," in name:  # "Lovelace, Ada"
        last, _, first = (part.strip() for part in name.partition(","))
    elif not (first and last):
        first, _, last = (part.strip() for part in name.rpartition(" "))
    logins = [login.partition("@")[0] for login in of(_LOGIN)]
    spellings = {_spelling(s) for s in (name, first + last, last + first, *logins)} - {""}
    return Entry(name, frozenset(of(_NUMBER)), frozenset(spellings))


def _spelling(text: str) -> str:
    """Letters and digits alone, without accents and capitals: "Läst" and "last" are spelt alike."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "", plain)
