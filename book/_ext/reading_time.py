"""How long a page takes to read, said below its title; and the directive `chapter-list` for the front page.

The time is counted, not guessed: words at 130 a minute, those of a proof, folded or not, at half that speed, half a
minute for a displayed formula, four seconds for a line of visible code, half a minute for a figure. Of a page above an
hour it also says after which section about half is read. `python reading_time.py PAGE…`
prints the same counts, and the lengths of sentences, for notebooks and Markdown files as they are written.
"""

import json
import math
import pickle
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from coming_chapters import order, to_come
from docutils import nodes
from narrow_listings import LISTING
from sphinx.util.docutils import SphinxDirective

from course_lib import reading
from course_lib.reading import CODE_LINE, FIGURE, FORMULA, WORDS_A_MINUTE

PROJECT = Path(__file__).resolve().parents[2]
CHAPTER = re.compile(r"(?:.*/)?(\d\d[a-z]?)-[^/]+")
SITTING = 60  # minutes, above which a page is read in two sittings
FOLDED = {"tag_hide-input", "tag_remove-input", "tag_hide-cell", "dropdown", "toggle"}


@dataclass
class Counts:
    """What a page holds."""

    words: int = 0
    proof_words: int = 0
    formulas: int = 0
    code_lines: int = 0
    figures: int = 0

    @property
    def minutes(self) -> float:
        """Of reading, without exercises."""
        return (
            (self.words + 2 * self.proof_words) / WORDS_A_MINUTE
            + FORMULA * self.formulas
            + CODE_LINE * self.code_lines
            + FIGURE * self.figures
        )

    @property
    def said(self) -> str:
        """In steps of five minutes."""
        return f"about {max(5, 5 * round(self.minutes / 5))} minutes"


def _inside(node: nodes.Node, wanted) -> bool:
    while node is not None:
        if wanted(node):
            return True
        node = node.parent
    return False


def _is_folded(node: nodes.Node) -> bool:
    """Whether a reader may pass it by. A folded proof is not: it is opened and read."""
    return (
        isinstance(node, nodes.Element)
        and bool(FOLDED & set(node.get("classes", ())))
        and not _is_proof(node)
    )


def _is_proof(node: nodes.Node) -> bool:
    if isinstance(node, nodes.admonition) and node.children and isinstance(node[0], nodes.title):
        return node[0].astext().split(":")[0].strip() == "Proof"
    return type(node).__name__ == "proof_node" or (
        isinstance(node, nodes.Element) and "proof-type-proof" in node.get("classes", ())
    )


def count(document: nodes.Element) -> Counts:
    """The counts of a page, or of a part of it. What is closed at first is left out, proofs excepted."""
    counts = Counts()
    for text in document.findall(nodes.Text):
        skipped = (nodes.literal_block, nodes.math_block, nodes.math, nodes.raw, nodes.comment)
        if isinstance(text.parent, skipped) or _inside(text.parent, _is_folded):
            continue
        words = len(text.astext().split())
        if _inside(text.parent, _is_proof):
            counts.proof_words += words
        else:
            counts.words += words
    counts.words += sum(1 for node in document.findall(nodes.math) if not _inside(node.parent, _is_folded))
    counts.formulas = sum(not _inside(node, _is_folded) for node in document.findall(nodes.math_block))
    counts.figures = sum(1 for _ in document.findall(nodes.figure))
    counts.code_lines = sum(
        node.get("written", node.astext().count("\n") + 1)
        for node in document.findall(nodes.literal_block)
        if LISTING in node.get("classes", ()) or not _inside(node, _is_folded)
    )
    return counts


def half_way(document: nodes.document) -> nodes.title | None:
    """The title of the section after which about half of the page is read, None where there are not two sections."""
    page = next(document.findall(nodes.section), None)
    sections = [] if page is None else [child for child in page.children if isinstance(child, nodes.section)]
    if len(sections) < 2:
        return None
    whole, lengths = count(document).minutes, [count(section).minutes for section in sections]
    read = [whole - sum(lengths[number:]) for number in range(1, len(sections))]
    middle = min(range(len(read)), key=lambda number: abs(read[number] - whole / 2))
    return next(sections[middle].findall(nodes.title))


def _question(document: nodes.document) -> str:
    """The words behind "Question." at the beginning of a chapter."""
    for paragraph in document.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if text.startswith("Question."):
            return text.removeprefix("Question.").strip()
    return ""


def note(app, document: nodes.document) -> None:
    """Count a chapter and say its time below its title."""
    env = app.env
    if not hasattr(env, "course_chapters"):
        env.course_chapters = {}
    page = env.docname
    if not CHAPTER.fullmatch(page) or "exercises/" in page:
        return
    counts = count(document)
    env.course_chapters[page] = {"time": counts.said, "question": _question(document)}
    title = next(document.findall(nodes.title), None)
    if title is not None:
        line = nodes.paragraph(classes=["reading-time"])
        line += nodes.Text(f"Reading time: {counts.said}.")
        last = half_way(document) if counts.minutes > SITTING else None
        if last is not None:
            line += nodes.Text(" In two sittings: stop after “")
            line += [child.deepcopy() for child in last.children]
            line += nodes.Text("”.")
        title.parent.insert(title.parent.index(title) + 1, line)


def purge(app, env, docname: str) -> None:
    getattr(env, "course_chapters", {}).pop(docname, None)


def merge(app, env, docnames, other) -> None:
    env.course_chapters = getattr(env, "course_chapters", {}) | getattr(other, "course_chapters", {})


class ChapterListNode(nodes.General, nodes.Element):
    """Replaced by the list when all pages are read."""


class ChapterList(SphinxDirective):
    """All chapters with their question and time, and those that are still to come (`coming_chapters`)."""

    def run(self) -> list[nodes.Node]:
        return [ChapterListNode()]


def fill(app, doctree: nodes.document, docname: str) -> None:
    """Put the list of chapters where the directive stands."""
    env = app.env
    for holder in list(doctree.findall(ChapterListNode)):
        chapters: dict[str, nodes.list_item] = {}
        for page, known in getattr(env, "course_chapters", {}).items():
            number = CHAPTER.fullmatch(page)[1].lstrip("0") or "0"
            item = nodes.list_item(classes=["chapter"])
            line = nodes.paragraph()
            address = app.builder.get_relative_uri(docname, page)
            title = env.titles[page].astext()
            line += nodes.reference("", f"{number}. {title}", internal=True, refuri=address)
            line += nodes.Text(f" ({known['time']})")
            item += line
            if known["question"]:
                item += nodes.paragraph(text=known["question"])
            chapters[number] = item
        for number, title in to_come(app.config.course_coming, chapters).items():
            item = nodes.list_item(classes=["chapter", "planned"])
            item += nodes.paragraph(text=f"{number}. {title} (to come)")
            chapters[number] = item
        listing = nodes.bullet_list(classes=["chapters"])
        listing += [chapters[number] for number in sorted(chapters, key=order)]
        holder.replace_self(listing)


def setup(app) -> dict:
    app.setup_extension("coming_chapters")
    app.add_directive("chapter-list", ChapterList)
    app.add_node(ChapterListNode)
    app.connect("doctree-read", note)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


# --- the same of files as they are written -----------------------------------------------------------------------


def cells(path: Path) -> list[dict]:
    """Those of a notebook; a Markdown file is one."""
    raw = path.read_text(encoding="utf-8")
    whole = {"cell_type": "markdown", "source": [raw], "metadata": {}}
    return json.loads(raw)["cells"] if path.suffix == ".ipynb" else [whole]


def prose(path: Path) -> str:
    """The text of a notebook or Markdown file without code, formulas, directives and roles."""
    raw = "\n\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "markdown")
    raw = re.sub(r"^```\w+\n.*?^```$", "", raw, flags=re.S | re.M)  # code
    raw = re.sub(r"\$\$.*?\$\$(?: \([\w-]+\))?", "", raw, flags=re.S)
    raw = re.sub(r"\$[^$]+\$", "x", raw)
    raw = re.sub(r"^(?:`{3,}|:{3,}|:\w+:|\(\S+\)=|#+ ).*$", "", raw, flags=re.M)
    raw = re.sub(r"^\|.*$", "", raw, flags=re.M)  # tables
    raw = re.sub(r"\{[\w:]+\}`[^`]*`", "word", raw)
    return re.sub(r"`[^`]*`", "word", raw)


def sentences(text: str) -> list[int]:
    """The number of words of each sentence."""
    parts = re.split(r"(?<=[.!?:])\s+|\n\s*\n", text)
    return [n for n in (len(part.split()) for part in parts) if n > 1]


def statistics(path: Path) -> dict[str, float]:
    """Words, sentences, their mean length, the share of sentences above 30 words, and minutes at 130 words."""
    lengths = sentences(prose(path))
    words = sum(lengths)
    return {
        "words": words,
        "sentences": len(lengths),
        "mean": words / max(1, len(lengths)),
        "long": sum(n > 30 for n in lengths) / max(1, len(lengths)),
        "minutes": math.ceil(words / WORDS_A_MINUTE),
    }


def minutes_of_page(path: Path, project: Path) -> float | None:
    """Minutes of a page of the last `make book`, None where there is none or where the file is newer."""
    if not path.resolve().is_relative_to(project):
        return None
    page = path.resolve().relative_to(project).with_suffix(".doctree")
    read = project / "_build" / ".doctrees" / page
    if not read.is_file() or read.stat().st_mtime < path.stat().st_mtime:
        return None
    with read.open("rb") as file:
        document = pickle.load(file)
    for line in list(document.findall(nodes.paragraph)):
        if "reading-time" in line["classes"]:  # was not there when the build counted
            line.parent.remove(line)
    return count(document).minutes


def main(arguments: list[str], project: Path = PROJECT) -> int:
    """Print one line for each file."""
    of_book = [path for path in (project / "book").glob("*.*") if path.suffix in (".ipynb", ".md")]
    paths = [Path(a) for a in arguments] or sorted(of_book)
    columns = ("words", "sentences", "words each", "over 30", "their minutes", "page's minutes")
    print(f"{'page':28}", *(f"{column:>{len(column)}}" for column in columns))
    for path in paths:
        of = statistics(path)
        known = minutes_of_page(path, project)
        minutes = f"~{reading.count(cells(path)).minutes:.0f}" if known is None else f"{known:.0f}"
        print(
            f"{path.stem:28} {of['words']:5} {of['sentences']:9} {of['mean']:10.1f} {of['long']:7.0%} "
            f"{of['minutes']:13} {minutes:>14}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
