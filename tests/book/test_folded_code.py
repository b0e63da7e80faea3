"""Nothing but the picture that they prepare follows silent folded cells, and no code changes its place among others."""

from docutils import nodes
from folded_code import OUTPUT, SOURCE, gather, is_folded, part


def cell(code: str, *, shows: bool = False, folded: bool = True) -> nodes.container:
    made = nodes.container(nb_element="cell_code", classes=["cell"])
    if folded:
        made["hide_mode"] = "input"
    made += nodes.container("", nodes.literal_block(text=code), nb_element=SOURCE)
    if shows:
        made += nodes.container("", nodes.image(uri="x.png"), nb_element=OUTPUT)
    return made


def after(*parts: nodes.Node) -> list:
    section = nodes.section("", *parts)
    gather(section.children)
    assert all(node.parent is section for node in section.children)
    return [
        [code.astext() for code in part(node, SOURCE).children] if node.get("nb_element") else node.astext()
        for node in section.children
    ]


def test_code_goes_to_the_next_cell_that_shows_something_in_its_order():
    assert after(cell("a"), cell("b"), cell("c", shows=True), cell("d")) == [["a", "b", "c"], ["d"]]


def test_it_passes_paragraphs():
    assert after(cell("a"), nodes.paragraph(text="words"), cell("b", shows=True)) == ["words", ["a", "b"]]


def test_it_passes_no_code_that_is_seen_and_no_heading():
    seen = cell("seen", folded=False)
    assert after(cell("a"), seen, cell("b", shows=True)) == [["a"], ["seen"], ["b"]]
    inner = nodes.section("", nodes.title(text="Next"))
    section = nodes.section("", cell("a"), inner, cell("b", shows=True))
    gather(section.children)
    assert [is_folded(node) for node in section.children] == [True, False, True]


def test_silent_cells_at_an_end_share_one_bar():
    assert after(cell("a"), cell("b"), nodes.paragraph(text="the end")) == [["a", "b"], "the end"]


def test_an_output_without_anything_in_it_shows_nothing():
    silent = cell("a")
    silent += nodes.container(nb_element=OUTPUT)
    assert after(silent, cell("b", shows=True)) == [["a", "b"]]
