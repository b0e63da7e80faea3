"""Formulas typeset without a browser."""

import re
import xml.etree.ElementTree as ET

import pytest
from docutils import nodes

pytest.importorskip("py_mini_racer")
import mathematics  # noqa: E402


@pytest.fixture
def typesetter():
    return mathematics.Typesetter()


def test_a_formula_is_a_picture_and_mathml(typesetter):
    svg, mathml = typesetter(r"\frac{a}{b^2}", False)
    picture, said = ET.fromstring(svg), ET.fromstring(mathml)
    assert picture.tag == "svg" and picture.get("aria-hidden") == "true"
    assert {use.get("href")[1:] for use in picture.iter("use")} == typesetter.paths.keys()
    # a, b, 2, and the line between
    assert len(typesetter.paths) == 3 and len(list(picture.iter("rect"))) == 1
    fraction = said.find("{*}mfrac")
    assert fraction[0].text == "a" and fraction[1].tag.endswith("msup")


def test_equal_letters_share_one_outline(typesetter):
    svg = "".join(typesetter(source, False)[0] for source in ("x", "x + x", r"\hat x"))
    defined = typesetter.outlines(svg)
    assert svg.count("<use") == 6
    assert len(re.findall(r'<path id="', defined)) == 3
    assert typesetter.outlines("a page without formulas") == ""


def test_what_cannot_be_read_is_said_with_the_reason(typesetter):
    for wrong, reason in (
        (r"\frac{a}{b", "Missing close brace"),
        (r"\nonsense", "Undefined control sequence"),
    ):
        with pytest.raises(mathematics.FormulaError, match=reason):
            typesetter(wrong, True)


def test_a_formula_longer_than_a_phones_line_gets_a_box_that_scrolls():
    node = nodes.math()
    short = mathematics.typeset("a_1", False, node)
    long = mathematics.typeset(" + ".join(f"a_{{{i}}}" for i in range(12)), False, node)
    assert "scrolls" not in short and 'style="vertical-align' in short
    box, picture = long.split("<svg", 1)
    # the box is lowered by what the picture would have been, else the formula would jump above its line
    assert re.fullmatch(r'<span class="scrolls" style="vertical-align: -[\d.]+ex;">', box)
    assert "vertical-align" not in picture
