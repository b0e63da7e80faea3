"""Numbers of a record as a table that pages and notebooks show alike."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.errors import UsageError


@dataclass(frozen=True)
class Table:
    """A header and rows of cells, shown as they print. Notebooks show it by `_repr_html_`.

    Raises UsageError for a row that is not as long as the header.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[object]]

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.header):
                raise UsageError(f"a row of {len(row)} cells does not fit a header of {len(self.header)}.")

    def _repr_html_(self) -> str:
        def line(cells: Sequence[object], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{unbroken(str(cell))}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(line(row, "td") for row in self.rows)
        return (
            f'<div class="pst-scrollable-table-container"><table class="table"><thead>{line(self.header, "th")}</thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def __repr__(self) -> str:
        return "\n".join("  ".join(str(cell) for cell in row) for row in (self.header, *self.rows))


def unbroken(cell: str) -> str:
    """A cell as HTML, in which "0.73 ± 0.01", "8 × 8" and "(0.1 to 0.3)" stay on one line in a narrow table."""
    joined = re.sub(r" ([±×]) ", "\u00a0\\1\u00a0", cell)
    joined = re.sub(r"\(\S+ to \S+\)", lambda found: found[0].replace(" ", "\u00a0"), joined)
    return html.escape(joined).replace("\u00a0", "&nbsp;")
