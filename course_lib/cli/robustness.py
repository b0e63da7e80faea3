"""`course robustness`: the book's pages under other precisions, threads, instructions and seeds."""

import argparse
from pathlib import Path
from typing import Any

from course_lib.cli.parser import Commands
from course_lib.errors import CourseError


def add(commands: Commands) -> None:
    made = commands.command(
        "robustness", robustness, "do a page's claims about its own runs hold on other machines?"
    )
    made.add_argument(
        "pages", metavar="CHAPTER", nargs="*", help="beginnings of pages' names, as 04 (default: all pages)"
    )
    made.add_argument("--variations", metavar="NAME", nargs="+", help="only these (default: all; see --list)")
    made.add_argument(
        "--list", action="store_true", help="the variations, and what is recorded; runs nothing"
    )
    made.add_argument("--again", action="store_true", help="also what is recorded of the code as it is")
    made.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the records (default: records/robustness)"
    )


def robustness(options: argparse.Namespace) -> None:
    from course_lib import pages, paths
    from course_lib import robustness as matrix
    from course_lib.robustness import variations

    project = paths.checkout("trying the book's pages under other conditions")
    chosen = [pages.find(project, page) for page in options.pages] or pages.of_book(project)
    if options.list:
        list_all(chosen, options.out)
        return
    wanted = variations.chosen(options.variations)
    for _ in matrix.run(chosen, wanted, folder=options.out, again=options.again):
        pass  # what runs, and how it ends, is said by the progress of the run
    lines = {page: matrix.recorded(page, options.out) for page in chosen}
    for page, of_page in lines.items():
        print(table(page, of_page), end="\n\n")
    everything = [line for of_page in lines.values() for line in of_page]
    if wrong := matrix.disagreements(everything):
        raise CourseError("not every claim holds in all variations:\n  " + "\n  ".join(wrong))
    print(f"every claim holds in every variation tried ({len(matrix.labels(everything))})")


def list_all(pages: list[str], folder: Path | None) -> None:
    """Print the variations, then for each page how many are recorded of the code as it is."""
    from course_lib import robustness as matrix
    from course_lib.robustness import variations

    for name, variation in matrix.VARIATIONS.items():
        print(f"{name:14} {variation.label:22} {variations.why_not(name)}".rstrip())
    print()
    library = matrix.library_code()
    for page in pages:
        ends = [line for line in matrix.recorded(page, folder) if line["claim"] == matrix.ENDS]
        current = [line for line in ends if line["code"] == matrix.fingerprint(page, library=library)]
        print(f"{matrix.short(page):20} {len(ends)} recorded, {len(current)} of them of today's code")


def table(page: str, lines: list[dict[str, Any]]) -> str:
    """The claims of one page and where they hold, in columns."""
    from course_lib import robustness as matrix

    cells, columns = matrix.grid(lines), matrix.labels(lines)
    width = max([len(claim) for claim in cells] + [len(matrix.short(page))])
    rows = [
        [matrix.short(page), *columns],
        *([claim, *(row[c] for c in columns)] for claim, row in cells.items()),
    ]
    return "\n".join(
        row[0].ljust(width)
        + "".join(cell.rjust(max(len(c), 5) + 2) for cell, c in zip(row[1:], columns, strict=True))
        for row in rows
    )
