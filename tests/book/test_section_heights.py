"""A page's sections say about how tall they are, before anything has laid them out."""

import re

import pytest
import section_heights
from piece_heights import EX, LETTER, LINE, NARROW, WIDE
from section_heights import heights

WORDS = "plain words of text " * 40  # 800 letters
PAGE = f"""<body><section id="outside"></section><article class="bd-article"><section id="chapter"><h1>Chapter</h1>
<section id="first"><h2>First</h2><p>{WORDS}</p></section>
<section class="level" id="second"><h2>Second</h2>
<section id="deeper"><h3>Deeper</h3><p>{WORDS * 2}</p></section></section>
</section></article></body>"""


def stated(page):
    """{section: (narrow, wide)}"""
    found = re.findall(r'<section style="--narrow:(\d+);--wide:(\d+)"[^>]*id="(\w+)"', page)
    return {name: (int(narrow), int(wide)) for narrow, wide, name in found}


def test_the_sections_of_a_page_say_two_heights_and_nothing_else_changes():
    page = section_heights.state(PAGE)
    assert stated(page).keys() == {"first", "second"}
    assert re.sub(r' style="--narrow:\d+;--wide:\d+"', "", page) == PAGE
    for name, (narrow, wide) in stated(page).items():
        assert narrow > wide > 0, name
    assert stated(page)["second"][0] > 1.5 * stated(page)["first"][0]


def test_text_takes_as_many_lines_as_it_has_letters():
    one, two = (heights(f"<p>{WORDS * count}</p>") for count in (1, 2))
    for k, screen in enumerate((NARROW, WIDE)):
        lines = 800 * LETTER / screen.text
        assert two[k] - one[k] == pytest.approx(lines * LINE, abs=1.1 * LINE)


def test_a_line_of_code_is_a_line_whatever_its_length():
    def code(*lines):
        return heights("<pre><span></span>" + "".join(f"<span>{line}</span>\n" for line in lines) + "</pre>")

    assert code("x" * 500, "y")[0] - code("x")[0] == pytest.approx(NARROW.code, abs=1)


def test_a_picture_shrinks_to_the_screen_and_does_not_grow():
    def picture(width, height):
        return heights(f'<div><img src="a.png" width="{width}" height="{height}" /></div>')

    assert picture(656, 400) == (200, 400) and picture(100, 50) == (50, 50)
    figure = '<figure><img src="a.png" width="720" height="400" /></figure>'
    assert heights(figure)[0] - heights("<figure></figure>")[0] == 200


def test_a_lab_says_both_of_its_heights():
    from course_lib import widgets

    lab = widgets.costs()
    moved = re.sub(r'srcdoc="[^"]*"', 'src="a.html"', lab._repr_html_())
    wide, narrow = lab.height
    assert heights(moved) == (narrow, wide)


@pytest.mark.parametrize(
    "fold",
    [
        '<details class="hide">{title}{inside}</details>',
        '<div class="dropdown admonition">{title}{inside}</div>',
    ],
)
def test_of_what_is_folded_the_title_counts(fold):
    title = '<summary class="admonition-title">Show</summary>'
    inside = "<p>" + WORDS + '</p><pre>a\nb\n</pre><img width="100" height="900" />'
    closed = fold.format(title=title, inside=inside)
    assert heights(closed) == heights(fold.format(title=title, inside=""))
    unfolded = closed.replace("<details", "<details open").replace("dropdown", "")
    assert heights(unfolded)[0] > heights(closed)[0] + 1000


def test_a_formula_counts_by_its_size_and_not_by_its_words():
    def text(formula):
        return heights(f"<p>{WORDS}and{formula}</p>")

    svg = '<svg width="{w}ex" height="2ex"><g><text>many many words</text></g></svg>'
    spoken = f'<span class="spoken"><math><mi>{WORDS}</mi></math></span>'
    short = f'<span class="math">{svg.format(w=0.1)}{spoken}</span>'
    assert text(short) == text("")
    assert text(short.replace("0.1ex", "90ex"))[0] > text("")[0]
    shown = '<div class="math"><svg width="30ex" height="{h}ex"><g/></svg></div>'
    taller, lower = (heights(shown.format(h=h))[1] for h in (30, 10))
    assert taller - lower == pytest.approx(20 * EX, abs=1)


def test_a_row_of_a_table_is_as_tall_as_its_tallest_cell():
    def table(*rows):
        return heights(
            "<table>"
            + "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
            + "</table>"
        )

    low = table(("a", "b"), ("c", "d"))
    assert low == table(("a", "b"), ("c", ""))
    tall = table(("a", "b"), (WORDS, "d"))
    assert tall[0] - low[0] == pytest.approx(800 * LETTER / 290 * LINE, rel=0.2)
    assert tall[0] > tall[1] > low[1]
    # a word that is wider than the screen is one line: the table scrolls
    assert table(("x" * 800, "b")) == table(("a", "b"))
