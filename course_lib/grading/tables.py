"""Tables that a spreadsheet opens, with text that students wrote."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe; None is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def readable(text: str) -> str:
    """`text` as it can stand in a file and on a terminal: no half characters, no control characters."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        value = " ".join(readable(value).split())
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t")) else value
    return "" if value is None else value
