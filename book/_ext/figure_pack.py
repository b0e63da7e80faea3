"""`make figures`: every figure of the written pages as a file, with its number, caption and licence, for slides.

`make book` comes first. The pack lies in _build/figures, a folder for each page, and as _build/figures.zip:
figures.csv lists file, page, number, caption and alternative text; LICENSE-TEXT says what may be done with them.

    python book/_ext/figure_pack.py [--html FOLDER] [--out FOLDER]
"""

import argparse
import csv
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from make_pdf import PROJECT, NotBuilt, pages_in_order

COLUMNS = ("file", "page", "number", "caption", "alternative_text", "licence")
LICENCE = "CC BY 4.0"
GENERATED = re.compile(r"id\d+")  # a label that nobody gave


def words(node: Tag | None) -> str:
    """The text of an element on one line; a formula as it is read out."""
    if node is None:
        return ""
    for silent in node.select("svg, .headerlink"):
        silent.decompose()
    return " ".join(node.get_text(" ").split())


def figures_of(page: Path) -> list[dict[str, str]]:
    """What figures.csv says of each figure of a page; "file" is still the page's address of the picture."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    found = []
    for figure in soup.select("article figure"):
        picture = figure.select_one("img[src]")
        if picture is None:
            continue
        caption = figure.select_one("figcaption .caption-text") or figure.select_one("figcaption")
        number = re.search(r"[\d.]*\d[a-z]?(?:\.\d+)?", words(figure.select_one(".caption-number")))
        found.append(
            {
                "file": picture["src"],
                "label": figure.get("id", ""),
                "number": number[0] if number else "",
                "caption": words(caption),
                "alternative_text": picture.get("alt", ""),
                "licence": LICENCE,
            }
        )
    return found


def pack(project: Path, written: Path, out: Path) -> int:
    """Write the pack into an empty folder `out` and beside it as a zip. Returns the number of figures."""
    order = [page for _, page in pages_in_order(project)]
    if missing := [page for page in order if not (written / f"{page}.html").is_file()]:
        raise NotBuilt(f"{missing[0]}.html is not in {written}: run `make book` first.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rows = []
    for page in order:
        file = written / f"{page}.html"
        for count, figure in enumerate(figures_of(file), 1):
            source = (file.parent / unquote(figure["file"])).resolve()
            label = figure.pop("label")
            name = f"figure-{count:02}" if not label or GENERATED.fullmatch(label) else label
            target = out / page.split("/", 1)[-1].replace("/", "-") / f"{name}{source.suffix}"
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
            rows.append(figure | {"file": str(target.relative_to(out)), "page": page})
    with (out / "figures.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    shutil.copyfile(project / "LICENSE-TEXT", out / "LICENSE-TEXT")
    shutil.make_archive(str(out), "zip", out)
    return len(rows)


def main(arguments: list[str] | None = None, project: Path = PROJECT) -> int:
    """Returns the exit code: 0, or 1 with a sentence when the pages are not there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--html", type=Path, default=project / "_build" / "html", help="folder of the pages")
    parser.add_argument("--out", type=Path, default=project / "_build" / "figures", help="folder to write")
    asked = parser.parse_args(arguments)
    try:
        count = pack(project, asked.html, asked.out)
    except NotBuilt as error:
        print(f"make figures: {error}", file=sys.stderr)
        return 1
    print(f"== figures: {count} in {asked.out}, listed in figures.csv; all of them in {asked.out}.zip")
    return 0


if __name__ == "__main__":
    sys.exit(main())
