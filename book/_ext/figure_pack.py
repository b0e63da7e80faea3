"""`make figures`: every figure of the written pages as a file, with its number, caption and licence, for slides.

`make book` comes first. The pack lies in _build/figures, a folder for each page, and as _build/figures.zip:
figures.csv lists file, drawing, svg, page, number, caption and alternative text; LICENSE-TEXT says what may be done
with them. The drawing is the same figure as PDF, sharp at any size, for each that a notebook drew. Where poppler's
program pdftocairo is installed (Debian's package poppler-utils), it is there as SVG too, with letters as outlines.

    python book/_ext/figure_pack.py [--html FOLDER] [--out FOLDER]
"""

import base64
import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup
from written_pages import PROJECT, check_written, command, number_of, pages_in_order, words

COLUMNS = ("file", "drawing", "svg", "page", "number", "caption", "alternative_text", "licence")
LICENCE = "CC BY 4.0"
GENERATED = re.compile(r"id\d+")  # a label that nobody gave


def figures_of(page: Path) -> list[dict[str, str]]:
    """What figures.csv says of each figure of a page; "file" is still the page's address of the picture."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    found = []
    for figure in soup.select("article figure"):
        picture = figure.select_one("img[src]")
        if picture is None:
            continue
        caption = figure.select_one("figcaption .caption-text") or figure.select_one("figcaption")
        found.append(
            {
                "file": picture["src"],
                "label": figure.get("id", ""),
                "number": number_of(figure),
                "caption": words(caption),
                "alternative_text": picture.get("alt", ""),
                "licence": LICENCE,
            }
        )
    return found


def drawings(executed: Path) -> dict[str, bytes]:
    """{a picture's name in the pages: the same figure as PDF} of an executed notebook, which lies beside the pages.

    Pages name a picture by what it holds, as myst-nb does.
    """
    if not executed.is_file():
        return {}
    cells = json.loads(executed.read_text("utf-8"))["cells"]
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return {
        f"{hashlib.sha256(_bytes(data['image/png'])).hexdigest()}.png": _bytes(data["application/pdf"])
        for data in shown
        if {"image/png", "application/pdf"} <= data.keys()
    }


def _bytes(stored: str | list[str]) -> bytes:
    return base64.b64decode("".join(stored))


def as_svg(drawing: Path) -> Path | None:
    """The drawing as SVG, written beside it; None without the program that does it, or where it fails."""
    program = shutil.which("pdftocairo")
    if program is None:
        return None
    made = drawing.with_suffix(".svg")
    done = subprocess.run([program, "-svg", drawing, made], capture_output=True)
    return made if done.returncode == 0 else None


def pack(project: Path, written: Path, out: Path) -> int:
    """Write the pack into an empty folder `out` and beside it as a zip. Returns the number of figures."""
    order = [page for _, page in pages_in_order(project)]
    check_written(written, order)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rows = []
    for page in order:
        file = written / f"{page}.html"
        drawn = drawings(written.parent / "jupyter_execute" / f"{page}.ipynb")
        for count, figure in enumerate(figures_of(file), 1):
            source = (file.parent / unquote(figure["file"])).resolve()
            label = figure.pop("label")
            name = f"figure-{count:02}" if not label or GENERATED.fullmatch(label) else label
            target = out / page.split("/", 1)[-1].replace("/", "-") / f"{name}{source.suffix}"
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
            drawing = svg = None
            if source.name in drawn:
                drawing = target.with_suffix(".pdf")
                drawing.write_bytes(drawn[source.name])
                svg = as_svg(drawing)
            names = [str(path.relative_to(out)) if path else "" for path in (target, drawing, svg)]
            rows.append(figure | dict(zip(COLUMNS, names, strict=False)) | {"page": page})
    with (out / "figures.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    shutil.copyfile(project / "LICENSE-TEXT", out / "LICENSE-TEXT")
    shutil.make_archive(str(out), "zip", out)
    return len(rows)


def make(project: Path, written: Path, out: Path) -> str:
    """Write the pack and say where it is."""
    count = pack(project, written, out)
    drawn, svg = (len(list(out.rglob(f"*.{kind}"))) for kind in ("pdf", "svg"))
    without = " (none: install Debian's package poppler-utils)" if drawn and not svg else ""
    return (
        f"{count} in {out}, {drawn} of them as PDF and {svg} as SVG{without}, listed in figures.csv; "
        f"all of them in {out}.zip"
    )


def main(arguments: list[str] | None = None, project: Path = PROJECT) -> int:
    return command("figures", __doc__, "figures", make, arguments, project)


if __name__ == "__main__":
    sys.exit(main())
