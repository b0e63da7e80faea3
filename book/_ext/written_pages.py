"""The pages that `make book` has written, for what is made of them afterwards: the file to print, figures, slides.

Each of these is a command with the options --html FOLDER and --out PLACE, which ends in one sentence where the pages
are not there.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from bs4 import Tag

PROJECT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NUMBER = re.compile(r"[\d.]*\d[a-z]?(?:\.\d+)?")  # of a figure or an equation: 3.1, 12b.4


class NotBuilt(Exception):
    """There are no pages, or no browser, to make something of."""


def pages_in_order(project: Path) -> list[tuple[str, str]]:
    """(part of the book, page) for each page that _toc.yml lists."""
    toc = yaml.safe_load((project / "_toc.yml").read_text("utf-8"))
    found = [("", toc["root"])]
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            found.append((part.get("caption", ""), chapter["file"]))
            found += [(part.get("caption", ""), section["file"]) for section in chapter.get("sections", ())]
    return found


def check_written(written: Path, pages: Sequence[str]) -> None:
    """Raises NotBuilt where one of the pages was not written into this folder."""
    if missing := [page for page in pages if not (written / f"{page}.html").is_file()]:
        raise NotBuilt(f"{missing[0]}.html is not in {written}: run `make book` first.")


def words(node: Tag | None) -> str:
    """The text of an element on one line; a formula as it is read out."""
    if node is None:
        return ""
    for silent in node.select("svg, .headerlink"):
        silent.decompose()
    return " ".join(node.get_text(" ").split())


def number_of(figure: Tag) -> str:
    """The number in the caption of a figure, "" where it has none."""
    found = NUMBER.search(words(figure.select_one(".caption-number")))
    return found[0] if found else ""


def browser() -> str:
    """The path of a Chromium. Raises NotBuilt where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NotBuilt("no Chromium on this machine: Debian's package is called chromium.")
    return found


def command(
    name: str,
    description: str,
    out: str,
    make: Callable[[Path, Path, Path], str],
    arguments: Sequence[str] | None,
    project: Path,
) -> int:
    """Run `make(project, written, out)`, which returns what it says at its end. `out` is the default, under _build.

    Returns the exit code: 0, or 1 with a sentence when there is nothing to make it of.
    """
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--html", type=Path, default=project / "_build" / "html", help="folder of the pages")
    parser.add_argument("--out", type=Path, default=project / "_build" / out, help="what to write")
    asked = parser.parse_args(arguments)
    try:
        said = make(project, asked.html, asked.out)
    except NotBuilt as error:
        print(f"make {name}: {error}", file=sys.stderr)
        return 1
    print(f"== {name}: {said}")
    return 0
