"""How tall each section of a page will be, estimated when the page is written.

A telephone lays out a section only when the reader comes near it (`course.css`). Until then the browser takes a height
for it from the page, and its scroll bar and the places of what lies below are as true as these heights. A section says
two: `--narrow`, for a screen of 360 pixels, and `--wide`, for one of 768, where the style sheet stops asking.

Lines of text are counted, those of code too; pictures and labs say their size. What is folded counts as its title.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from piece_heights import EX, LETTER, NARROW, WIDE, Code, Formula, Lab, Picture, Piece, Space, Table, Words

ARTICLE = re.compile(r"<article\b[^>]*>.*?</article>", re.DOTALL)
SECTION = re.compile(r"<(/?)section\b")
# of a formula the size counts, and neither its outlines nor its words
INSIDE_FORMULA = re.compile(r"(<svg\b[^>]*>).*?</svg>|<math\b.*?</math>", re.DOTALL)
HEIGHTS_OF_LAB = re.compile(r"height:clamp\((\d+)px,.*,\s*(\d+)px\)")
IN_EX = re.compile(r"([\d.]+)ex")
BLANK = re.compile(r"[ \t\n]+")  # a protected blank parts no words


class Block(NamedTuple):
    """What begins a line of its own, in pixels of the style sheets. Of margins that meet, the largest counts."""

    above: float = 0
    below: float = 0
    padding: float = 0  # above and below together
    indent: float = 0  # left and right together


TAGS = {
    "p": Block(0, 18.4), "h2": Block(41.6, 16.8, 12.2), "h3": Block(30.4, 16.8), "h4": Block(44, 16.8),
    "ul": Block(0, 16, 0, 32), "ol": Block(0, 16, 0, 32), "li": Block(), "dl": Block(0, 15), "dt": Block(),
    "dd": Block(3, 10, 0, 30), "pre": Block(0, 0, 34), "figure": Block(25.6, 25.6, 16), "table": Block(0, 16),
    "figcaption": Block(9.6, 0, 9.6), "details": Block(), "summary": Block(), "blockquote": Block(0, 16, 32, 36),
    "div": Block(), "section": Block(), "aside": Block(16, 16), "hr": Block(16, 16),
}  # fmt: skip
CLASSES = {
    "admonition": Block(25, 25, 0, 67), "admonition-title": Block(0, 0, 12.8), "cell": Block(17.6, 17.6),
    "math": Block(14.4, 14.4, 11.2), "self-test-choice": Block(6.4, 6.4, 19.6, 50), "sd-dropdown": Block(0, 16, 18),
    "library-code": Block(16, 16),
}  # fmt: skip
# a paragraph that stands in one of these
PARAGRAPHS = {"li": Block(4, 4), "figcaption": Block(), "summary": Block(), "td": Block(), "th": Block()}
UNSEEN = {"spoken", "headerlink", "expanded", "eqno"}
FOLDED = {"dropdown", "toggle"}  # a script closes them when the page is there
TITLES = {"summary", "admonition-title"}
VOID = {"img", "br", "hr", "input", "svg", "wbr", "col", "source"}


class Open(NamedTuple):
    """An element that has begun. seen: whether it is shown; folded: whether of what is in it the title alone is."""

    tag: str
    classes: frozenset[str] = frozenset()
    block: Block = Block()
    indent: float = 0
    seen: bool = True
    folded: bool = False


class Reader(HTMLParser):
    """Takes a piece of a page apart; `pieces` is what it is made of."""

    def __init__(self, page: str):
        super().__init__()
        self.pieces: list[Piece] = []
        self.open = [Open("section")]
        self.margin = 0.0  # below what was last
        self.letters = 0.0  # of the line that has begun
        self.table: Table | None = None
        self.feed(INSIDE_FORMULA.sub(r"\1", page))
        self.close()
        self.end_line()
        self.put(Space(0))

    def within(self, *names: str) -> bool:
        return any(box.tag in names for box in self.open)

    def put(self, piece: Piece) -> None:
        if self.margin:
            self.pieces.append(Space(self.margin))
            self.margin = 0
        self.pieces.append(piece)

    def end_line(self) -> None:
        if self.letters and not self.table:
            heading = next((box.tag for box in self.open if box.tag in NARROW.headings), "")
            self.put(Words(self.letters, self.open[-1].indent, heading))
        self.letters = 0

    def block_of(self, tag: str, classes: frozenset[str]) -> Block:
        if tag not in TAGS:
            return Block()
        if named := classes & CLASSES.keys():
            return CLASSES[min(named)]
        return PARAGRAPHS.get(self.open[-1].tag, TAGS["p"]) if tag == "p" else TAGS[tag]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        classes = frozenset(said.get("class", "").split())
        outer, block = self.open[-1], self.block_of(tag, classes)
        seen = outer.seen and not classes & UNSEEN and (not outer.folded or bool({tag, *classes} & TITLES))
        indent = outer.indent + block.indent
        if tag in TAGS and not self.table:
            self.end_line()
        if seen and not self.table:
            self.margin = max(self.margin, block.above)
            if block.padding:
                self.put(Space(block.padding))
        if seen:
            self.take(tag, said, indent)
        if tag not in VOID:
            folded = (tag == "details" and "open" not in said) or bool(classes & FOLDED)
            self.open.append(Open(tag, classes, block, indent, seen, folded))

    def take(self, tag: str, said: dict[str, str], indent: float) -> None:
        """What an element is by itself, without what is in it."""
        if tag == "svg":
            self.take_formula(said)
        elif tag == "img" and said.get("width", "").isdigit() and said.get("height", "").isdigit():
            self.put(Picture(int(said["width"]), int(said["height"]), indent, self.within("figure")))
        elif tag == "iframe" and (heights := HEIGHTS_OF_LAB.search(said.get("style", ""))):
            self.put(Lab(*map(int, heights.groups())))
        elif tag == "table":
            self.table = Table(indent)
        elif tag == "tr" and self.table:
            self.table.rows.append([])
        elif tag in ("td", "th") and self.table and self.table.rows:
            self.table.rows[-1].append([0, 0])
        elif tag == "br":
            self.end_line()

    def take_formula(self, said: dict[str, str]) -> None:
        """A formula by itself or in a line; a picture whose size is not given in ex is none, and adds nothing."""
        found = [IN_EX.fullmatch(said.get(name, "")) for name in ("width", "height")]
        width, height = (EX * float(size[1]) if size else 0 for size in found)
        if any(box.tag == "div" and "math" in box.classes for box in self.open):
            self.put(Formula(height))
        else:
            self.add(width / LETTER, width / LETTER)

    def add(self, letters: float, longest: float) -> None:
        """So many letters more in the line, or in the cell of the table."""
        self.letters += letters
        if self.table and self.table.rows and self.table.rows[-1]:
            cell = self.table.rows[-1][-1]
            cell[:] = cell[0] + letters, max(cell[1], longest)

    def handle_data(self, data: str) -> None:
        if not self.open[-1].seen or self.open[-1].folded or self.within("script", "style"):
            return
        if self.within("pre"):
            if lines := data.count("\n"):
                self.put(Code(lines))
            return
        text = BLANK.sub(" ", data)
        if text.strip() or self.letters:
            whole = self.table and self.within("code")
            self.add(len(text), max(map(len, [text] if whole else text.split(" "))))

    def handle_endtag(self, tag: str) -> None:
        if tag not in (box.tag for box in self.open[1:]):
            return
        while True:
            if self.open[-1].tag in TAGS and not self.table:
                self.end_line()
            box = self.open.pop()
            if box.tag == "table" and self.table:
                self.put(self.table)
                self.table, self.letters = None, 0
            if box.seen and not self.table:
                # the last paragraph in a box has no margin
                self.margin = (
                    box.block.below if "admonition" in box.classes else max(self.margin, box.block.below)
                )
            if box.tag == tag:
                return


def heights(section: str) -> tuple[int, int]:
    """Pixels of a section of a page, (on a screen of 360 pixels, on one of 768)."""
    pieces = Reader(section).pieces
    narrow, wide = (sum(piece.height(screen) for piece in pieces) for screen in (NARROW, WIDE))
    return round(narrow), round(wide)


def sections(article: str) -> Iterator[tuple[int, int]]:
    """Where the sections of a page begin and end, those in them not counted."""
    depth, start = 0, 0
    for found in SECTION.finditer(article):
        depth += -1 if found[1] else 1
        if not found[1] and depth == 2:
            start = found.start()
        elif found[1] and depth == 1:
            yield start, article.index(">", found.start()) + 1


def state(page: str) -> str:
    """The page with the two heights at each of its sections."""

    def in_article(found: re.Match) -> str:
        article, written, end = found[0], [], 0
        for start, stop in sections(article):
            narrow, wide = heights(article[start:stop])
            place = start + len("<section")
            written += [article[end:place], f' style="--narrow:{narrow};--wide:{wide}"']
            end = place
        return "".join([*written, article[end:]])

    return ARTICLE.sub(in_article, page, count=1)
