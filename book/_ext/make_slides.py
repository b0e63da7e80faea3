"""`make slides`: slides of each chapter from its own cells, _build/slides/NN.html, one file each that works offline.

The rule: a slide for the title with the question and the first figure, then one for each heading with its statement (a
theorem, lemma or definition, without the proof), its first numbered equation, and its first figure with the caption.
Where a section has none of these, its list, its table or its first sentences stand there. A lab can be moved on its
slide. The cell tags `slide` and `skip-slide` overrule the choice of a figure; the paragraphs of a section are its notes
(key N). Self-tests and further reading are left out.

    python book/_ext/make_slides.py [--html FOLDER] [--out FOLDER]
"""

import base64
import copy
import html
import mimetypes
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from written_pages import PROJECT, NotBuilt, check_written, command, pages_in_order

CHAPTER = re.compile(r"(?:.*/)?(\d\d[a-z]?)-[^/]+")
NUMBERING = re.compile(r"^\d[\d.a-z]*\. ")  # before a heading
LEFT_OUT = {"Test yourself", "Further reading"}
HEADINGS = ["h1", "h2", "h3", "h4"]
STATEMENTS = ("theorem", "lemma", "proposition", "corollary", "definition", "algorithm")
SCREEN_ONLY = ".headerlink, button, .copybtn, details.hide, script, .tag_skip-slide"
SHORT = 60  # words, up to which a paragraph may stand on a slide
SHEET = """
:root { color-scheme: light; --ink: #1f2328; --paper: #fdfdfb; --first: #14566b; --second: #a8480f; --rule: #dfe5e8; }
* { box-sizing: border-box; }
html { scroll-snap-type: y proximity; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: calc(8px + 2.3vmin)/1.42 "Source Sans 3", "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
body > section { height: 100vh; overflow: auto; scroll-snap-align: start; padding: 3vh 5vw 6vh; position: relative;
  border-bottom: 1px solid var(--rule); display: flex; flex-direction: column; gap: 1.6vh; }
h1, h2 { font-family: Charter, "Source Serif 4", Georgia, "DejaVu Serif", serif; line-height: 1.2; margin: 0;
  color: var(--first); }
h1 { font-size: 1.9em; } h2 { font-size: 1.5em; } p, ul, ol, figure { margin: 0; }
li { margin-bottom: 0.4em; }
.shown { flex: 1 1 0; min-height: min-content; display: flex; flex-direction: column; gap: 2vh;
  justify-content: center; }
.shown > * { min-width: 0; max-width: 100%; }
figure { flex: 1 1 0; min-height: 11em; display: flex; flex-direction: column; align-items: center; }
figure img { flex: 1 1 0; min-height: 0; max-width: 100%; height: auto; width: auto; object-fit: contain; }
figcaption { font-size: 0.72em; max-width: 52em; margin: 0.4em 0 0; }
.caption-number { color: var(--second); font-style: italic; font-weight: 600; }
.statement { border-left: 5px solid var(--first); padding: 0.4em 1em; background: #f4f8f9; }
.statement > .admonition-title { font-weight: 600; margin: 0 0 0.3em; } .statement p { margin: 0 0 0.4em; }
div.math { display: flex; align-items: center; gap: 1em; overflow-x: auto; }
.math svg { fill: currentColor; stroke: currentColor; stroke-width: 0; overflow: visible; }
div.math > .scrolls { flex: 1 1 auto; } div.math > .scrolls > svg { display: block; margin-inline: auto; }
svg.outlines { position: absolute; width: 0; height: 0; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.table-holder { overflow: auto; max-height: 66vh; font-size: 0.75em; } table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--rule); padding: 0.25em 0.7em; text-align: left; vertical-align: top; }
pre { font-size: 0.72em; white-space: pre-wrap; margin: 0; } code { font-size: 0.88em; }
.lab { overflow: auto; } .lab iframe { width: 100%; }
.notes { display: none; font-size: 0.72em; border-top: 2px solid var(--second); padding-top: 0.5em; }
body.with-notes .notes { display: block; } .notes p { margin: 0 0 0.5em; max-width: 60em; }
.place { position: absolute; right: 2vw; bottom: 1.5vh; font-size: 0.6em; color: #5b646b; }
@media (max-width: 700px) { body { font-size: 17px; } body > section { height: auto; }
  .shown, figure, figure img { flex: none; } }
@media print { @page { size: 297mm 167mm; margin: 0; } body > section { break-after: page; height: 167mm; } }
"""
# an arrow, the space bar or the page keys go on; N shows the notes
KEYS = """
const slides = [...document.querySelectorAll("body > section")];
const here = () => slides.reduce((best, slide, i) =>
  Math.abs(slide.getBoundingClientRect().top) < Math.abs(slides[best].getBoundingClientRect().top) ? i : best, 0);
addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 }[event.key];
  if (event.key === "n") document.body.classList.toggle("with-notes");
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  slides[Math.min(slides.length - 1, Math.max(0, here() + step))].scrollIntoView();
});
"""


def sections(page: Tag) -> Iterator[tuple[Tag, Tag]]:
    """(heading, section) of a page in its order: the title's first, then each that has a heading of its own."""
    for section in [page, *page.select("section")]:
        heading = section.find(HEADINGS, recursive=False)
        if heading is not None:
            yield heading, section


def own(section: Tag) -> Tag:
    """What a section holds itself: without the sections within it."""
    alone = copy.copy(section)
    for inner in alone.select("section"):
        if not inner.decomposed and inner.find(HEADINGS, recursive=False) is not None:
            inner.decompose()
    return alone


def chosen(part: Tag) -> list[Tag]:
    """What of a section stands on its slide, in the order in which it stands there."""
    shown: list[Tag] = []
    statement = part.select_one(", ".join(f".proof.{kind}" for kind in STATEMENTS))
    if statement is not None:
        statement["class"] = ["statement"]
    else:
        statement = part.select_one(".highlight-text pre")  # an algorithm in words
    if statement is not None:
        shown.append(statement)
    numbered = [
        m for m in part.select("div.math") if m.select_one(".eqno") and not m.find_parent(class_="proof")
    ]
    if statement is None and numbered:
        shown.append(numbered[0])
    figure = part.select_one(".tag_slide figure:has(img)") or part.select_one("figure:has(img)")
    lab = part.select_one(".lab")
    if lab is not None:
        shown.append(lab)
    elif figure is not None:
        shown.append(figure)
    if not shown:
        table = part.select_one("table")
        if table is not None:
            table.wrap(BeautifulSoup("", "html.parser").new_tag("div", attrs={"class": "table-holder"}))
            shown.append(table.parent)
        elif (found := part.find(["ul", "ol"], recursive=False)) is not None:
            shown.append(found)
        elif (code := part.select_one("pre")) is not None:
            shown.append(code)
    return shown


def opening(part: Tag, question: bool) -> Tag | None:
    """The paragraph that a slide begins with: a chapter's question, or a first paragraph that is short."""
    if question:
        paragraphs = part.find_all("p", recursive=False)
        return next((p for p in paragraphs if p.get_text().startswith("Question.")), None)
    heading = part.find(HEADINGS, recursive=False)
    first = heading.find_next_sibling(True) if heading is not None else None
    return (
        first
        if first is not None and first.name == "p" and len(first.get_text(" ").split()) <= SHORT
        else None
    )


def slides_of(heading: Tag, section: Tag) -> list[str]:
    """The slides of a section as HTML: none where it has only sections in it, two where a statement has a figure."""
    part, first = own(section), heading.name == "h1"
    inside = part.find(heading.name, recursive=False)
    title = inside.decode_contents() if inside is not None else ""
    said = opening(part, first)
    shown = chosen(part)
    if not shown and said is None:  # a long paragraph is cut at the end of a sentence
        paragraph = part.find("p", recursive=False)
        if paragraph is None:
            return ""
        said = paragraph
    notes = [
        p
        for p in part.find_all("p", recursive=False)
        if p is not said and "reading-time" not in p.get("class", [])
    ]
    level = "h1" if first else "h2"
    split = len(shown) > 1 and "statement" in shown[0].get("class", ())
    parts = [shown[:1], shown[1:]] if split else [shown]
    return [
        f"<section><{level}>{title}</{level}>{(said or '') if number == 0 else ''}"
        f'<div class="shown">{"".join(map(str, some))}</div>'
        f'<aside class="notes" aria-label="Notes">{"".join(map(str, notes)) if number == 0 else ""}</aside></section>'
        for number, some in enumerate(parts)
    ]


def clean(page: Tag, folder: Path) -> None:
    """Take away what serves the book's pages only, and bring the pictures into the file."""
    for element in page.select(SCREEN_ONLY):
        element.decompose()
    for element in page.find_all(True):
        for name in ("id", "onclick"):
            if element.has_attr(name) and not element.find_parent(class_="outlines"):
                del element[name]
        if element.name == "a" and not element.get("href", "").startswith("http"):
            element.unwrap()
        elif element.name == "img" and not element.get("src", "data:").startswith("data:"):
            picture = (folder / unquote(element["src"])).resolve()
            kind = mimetypes.guess_type(picture.name)[0] or "image/png"
            element["src"] = f"data:{kind};base64,{base64.b64encode(picture.read_bytes()).decode()}"
        elif element.name == "iframe" and element.get("src"):
            element["srcdoc"] = (folder / unquote(element["src"])).read_text("utf-8")
            del element["src"]


def deck(text: str, folder: Path) -> str:
    """All slides of a page. `folder` is where its pictures are looked for. Raises NotBuilt for what is no page."""
    soup = BeautifulSoup(text, "html.parser")
    page = soup.select_one("article.bd-article") or soup.select_one("article")
    if page is None or page.find("section") is None:
        raise NotBuilt("a page has no article: it was not written by `make book`.")
    clean(page, folder)
    letters = "".join(str(found.extract()) for found in page.select("svg.outlines"))
    slides = [
        made
        for heading, section in sections(page)
        if NUMBERING.sub("", heading.get_text(" ", strip=True)) not in LEFT_OUT
        for made in slides_of(heading, section)
    ]
    for number, made in enumerate(slides, 1):
        slides[number - 1] = made.replace(
            "</section>", f'<span class="place">{number} / {len(slides)}</span></section>'
        )
    title = html.escape(page.find("h1").get_text(" ", strip=True))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{SHEET}</style></head>'
        f"<body>{letters}{''.join(slides)}<script>{KEYS}</script></body></html>"
    )


def write(project: Path, written: Path, out: Path, pages: Sequence[str] = ()) -> list[Path]:
    """Write the slides of all chapters, or of those pages, into the folder `out`. Returns the files."""
    listed = [
        page for _, page in pages_in_order(project) if CHAPTER.fullmatch(page) and "exercises/" not in page
    ]
    wanted = list(pages) or listed
    check_written(written, wanted)
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for page in wanted:
        source = written / f"{page}.html"
        target = out / f"{CHAPTER.fullmatch(page)[1]}.html"
        target.write_text(deck(source.read_text("utf-8"), source.parent), encoding="utf-8")
        made.append(target)
    return made


def make(project: Path, written: Path, out: Path) -> str:
    """Write the slides and say where they are."""
    made = write(project, written, out)
    return f"{len(made)} files in {out}; open one in a browser, go on with the arrow keys, N shows the notes"


def main(arguments: list[str] | None = None, project: Path = PROJECT) -> int:
    return command("slides", __doc__, "slides", make, arguments, project)


if __name__ == "__main__":
    sys.exit(main())
