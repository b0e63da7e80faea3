"""What a section of a page is made of, and how tall each piece is on a screen; in pixels, as the style sheets have it.

`section_heights` takes a section apart into these pieces.
"""

from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple, Protocol

# of text: mean width, with its share of blanks, between those of the fonts of telephones and of this book's tests;
# height of a line
LETTER, LINE = 8.1, 26.4
EX = 7.8  # formulas say their size in this unit
CELL = (23.4, 12.2)  # padding and rule of a cell in a table, across and down


class Screen(NamedTuple):
    """A width of the window, and what depends on it."""

    text: float  # width of a line
    figure: float  # width of a picture with a caption
    code: float  # height of a line of code
    headings: dict[str, float]  # size of the letters, of that of text
    formula: float  # size of a displayed formula, of that in a line
    narrow: bool


NARROW = Screen(328, 360, 15.6, {"h2": 1.4, "h3": 1.3, "h4": 1.5}, 0.86, narrow=True)
WIDE = Screen(720, 720, 16.8, {"h2": 1.65, "h3": 1.3, "h4": 1.5}, 1, narrow=False)


class Piece(Protocol):
    def height(self, screen: Screen) -> float: ...


class Space(NamedTuple):
    """What is as high on each screen."""

    pixels: float

    def height(self, screen: Screen) -> float:
        return self.pixels


class Words(NamedTuple):
    """Letters in lines, some steps to the right; heading: its tag."""

    letters: float
    indent: float
    heading: str = ""

    def height(self, screen: Screen) -> float:
        size = screen.headings.get(self.heading, 1)
        line = 20 * size if self.heading else LINE
        return ceil(self.letters * LETTER * size / (screen.text - self.indent)) * line


class Code(NamedTuple):
    lines: int

    def height(self, screen: Screen) -> float:
        return self.lines * screen.code


class Picture(NamedTuple):
    """Its own size; in_figure: whether it has a caption, and on a telephone the whole width."""

    width: float
    tall: float
    indent: float
    in_figure: bool

    def height(self, screen: Screen) -> float:
        widest = screen.figure if self.in_figure else screen.text - self.indent
        return self.tall * min(1, widest / self.width)


class Formula(NamedTuple):
    tall: float

    def height(self, screen: Screen) -> float:
        return self.tall * screen.formula


class Lab(NamedTuple):
    beside: float  # its parts beside each other
    below: float

    def height(self, screen: Screen) -> float:
        return self.below if screen.narrow else self.beside


@dataclass
class Table:
    """Rows of cells, each (letters, letters of its longest word)."""

    indent: float
    rows: list[list[list[float]]] = field(default_factory=list)

    def height(self, screen: Screen) -> float:
        count = max(map(len, self.rows), default=0)
        columns = [[row[k] for row in self.rows if k < len(row)] for k in range(count)]
        most = [LETTER * max(letters for letters, _ in column) for column in columns]
        least = [1.1 * LETTER * max(word for _, word in column) for column in columns]
        # as browsers share out the width: each column has that of its longest word, and a share of what is left
        left = max(0, screen.text - self.indent - CELL[0] * count - sum(least))
        share = min(1, left / max(1, sum(most) - sum(least)))
        widths = [low + share * (high - low) for low, high in zip(least, most, strict=True)]
        return sum(self.row(row, widths) for row in self.rows)

    @staticmethod
    def row(cells: list[list[float]], widths: list[float]) -> float:
        lines = [1]
        for (letters, _), width in zip(cells, widths, strict=False):
            fit = width / LETTER
            # a line of few words ends some letters before the edge
            lines.append(1 if letters <= fit + 0.01 else ceil(letters / max(1, fit - 3)))
        return max(lines) * LINE + CELL[1]
