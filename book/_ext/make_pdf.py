"""`make pdf`: the pages that `make book` has written as one file, _build/book.pdf, printed by Chromium.

The pages are joined in the order of _toc.yml. Identifiers get the name of their page before them, links between pages
become links inside the file, and headings become its outline. Folded code stays out; folded proofs and answers are
open. A lab is printed as it stands before a reader touches it.

    python book/_ext/make_pdf.py [--html FOLDER] [--out FILE]
"""

import html
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from written_pages import PROJECT, NotBuilt, browser, check_written, command, pages_in_order

OUTLINE = re.compile(r"m[0-9a-f]{8}")  # of a letter; its name is made of its shape, so it is one in all pages
# what serves a screen only
SCREEN_ONLY = ".headerlink, button, .copybtn, details.hide > div.cell_input, script, .spoken"
JOINED = "joined-pages.html"  # beside the pages while the browser prints: their pictures and labs are found from there
SHEET = """
@page { size: A4; margin: 20mm 18mm 22mm; }
body { margin: 0; } article { font-size: 10.5pt; max-width: none; }
section.page { break-before: page; }
.title-page h1 { margin-top: 80mm; font-size: 30pt; } .contents ul { list-style: none; padding-left: 1rem; }
details.hide { display: none; } details > summary { list-style: none; }
table { font-size: 9pt; } pre { white-space: pre-wrap; font-size: 8.5pt; } img, svg, iframe { max-width: 100%; }
div.math svg { max-width: 100%; height: auto; }
"""
FOOT = (
    '<div style="width:100%;font-size:8px;text-align:center;color:#555">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def anchor(page: str, fragment: str = "") -> str:
    """The identifier in the joined file of a place in a page."""
    return f"{page}--{fragment}" if fragment else f"{page}--"


def target(href: str, page: str, pages: set[str]) -> str:
    """Where a link of `page` leads in the joined file; itself when it leads out of the book."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return href
    if not parts.path:
        return f"#{anchor(page, unquote(parts.fragment))}"
    steps = [*page.split("/")[:-1], *unquote(parts.path).split("/")]
    place: list[str] = []
    for step in steps:
        place = place[:-1] if step == ".." else [*place, step]
    name = "/".join(place).removesuffix(".html")
    return f"#{anchor(name, unquote(parts.fragment))}" if name in pages else "/".join(place)


def article(text: str, page: str, pages: set[str]) -> Tag:
    """The article of a page, ready to stand among those of others."""
    soup = BeautifulSoup(text, "html.parser")
    found = soup.select_one("article.bd-article") or soup.select_one("article")
    if found is None:
        raise NotBuilt(f"{page} has no article: it was not written by `make book`.")
    for element in found.select(SCREEN_ONLY):
        element.decompose()
    for element in found.find_all(True):
        if element.has_attr("id") and not OUTLINE.fullmatch(element["id"]):
            element["id"] = anchor(page, element["id"])
        if element.name == "a" and element.has_attr("href"):
            element["href"] = target(element["href"], page, pages)
        if element.has_attr("src") and not element["src"].startswith("data:"):
            element["src"] = target(element["src"], page, set())
        if element.name in ("img", "iframe"):
            element["loading"] = "eager"
        if element.name == "details":
            element["open"] = ""
    found.name = "section"
    found["id"] = anchor(page)
    found["class"] = ["page", "bd-article"]
    return found


def join(project: Path, written: Path) -> str:
    """One document of all pages, with a title page and a list of contents that links to them."""
    order = pages_in_order(project)
    check_written(written, [page for _, page in order])
    pages, articles, contents, outlines, part = {page for _, page in order}, [], [], {}, ""
    for caption, page in order:
        found = article((written / f"{page}.html").read_text("utf-8"), page, pages)
        for letters in found.select("svg.outlines"):
            outlines |= {path["id"]: str(path) for path in letters.find_all("path")}
            letters.decompose()
        articles.append(str(found))
        if caption != part:
            contents.append(f"<li><strong>{html.escape(caption)}</strong></li>")
            part = caption
        heading = found.find("h1")
        name = heading.get_text(" ", strip=True) if heading else page
        contents.append(f'<li><a href="#{anchor(page)}">{html.escape(name)}</a></li>')
    config = yaml.safe_load((project / "_config.yml").read_text("utf-8"))
    title = html.escape(config["title"])
    front = f'<section class="title-page"><h1>{title}</h1><p>{html.escape(config.get("author", ""))}</p></section>'
    listing = f'<section class="page contents"><h2>Contents</h2><ul>{"".join(contents)}</ul></section>'
    letters = f'<svg class="outlines" aria-hidden="true"><defs>{"".join(outlines.values())}</defs></svg>'
    return (
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="stylesheet" href="_static/book.css"><style>{SHEET}</style></head>'
        f'<body><article class="bd-article">{letters}{front}{listing}{"".join(articles)}</article></body></html>'
    )


def print_pages(project: Path, written: Path, out: Path) -> None:
    """Write the file. Raises NotBuilt when pages or a browser are missing."""
    program = browser()
    from playwright.sync_api import sync_playwright

    joined = written / JOINED
    joined.write_text(join(project, written), encoding="utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = chromium.new_page()
            page.set_default_timeout(600_000)
            page.goto(joined.resolve().as_uri(), wait_until="load")
            page.pdf(
                path=out,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOT,
                prefer_css_page_size=True,
                print_background=True,
                outline=True,
                tagged=True,
            )
            chromium.close()
    finally:
        joined.unlink()


def make(project: Path, written: Path, out: Path) -> str:
    """Write the file and say where it is."""
    print_pages(project, written, out)
    return f"{out} ({out.stat().st_size / 1e6:.1f} MB)"


def main(arguments: list[str] | None = None, project: Path = PROJECT) -> int:
    return command("pdf", __doc__, "book.pdf", make, arguments, project)


if __name__ == "__main__":
    sys.exit(main())
