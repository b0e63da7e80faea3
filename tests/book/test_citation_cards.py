"""A citation shows what it stands for when the pointer or the keyboard reaches it, and no more than that."""

from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import citation_cards
import pytest
from books import build_pages
from chromium import launched

PROJECT = Path(__file__).resolve().parents[2]
BIB = """@article{first, author = {Kingma, Diederik P.}, title = {A Method}, journal = {Learning}, year = {2015},
  eprint = {1412.6980}, archiveprefix = {arXiv}}
@book{second, author = {Villani, C{\\'e}dric}, title = {Optimal Transport: {Old} and New}, publisher = {Springer},
  year = {2009}}
"""
PAGE = """# A chapter

{space}

A sentence that says something at some length {{cite:p}}`first`, and {{cite:t}}`second` says more.

Nothing here.

{space}
"""
FIRST, SECOND = ".bibtex-citation a >> nth=0", ".bibtex-citation a >> nth=1"
CARD = "#citation-card"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A page that cites, in the book's theme and style, and the list that it cites from."""
    folder = tmp_path_factory.mktemp("cards")
    (folder / "all.bib").write_text(BIB, "utf-8")
    (folder / "index.md").write_text("# Book\n\n```{toctree}\npage\nplain\nreferences\n```\n")
    (folder / "page.md").write_text(PAGE.format(space="\n\n".join(["A paragraph."] * 25)))
    (folder / "plain.md").write_text("# No citation\n")
    (folder / "references.md").write_text("# References\n\n```{bibliography}\n:all:\n```\n")
    out = build_pages(
        folder,
        "sphinxcontrib.bibtex",
        "citation_cards",
        bibtex_bibfiles=["all.bib"],
        bibtex_reference_style="author_year",
        html_theme="sphinx_book_theme",
        html_static_path=[str(PROJECT / "book" / "_static")],
        html_css_files=["course.css"],
        html_context={"default_mode": "light"},
    )
    return (out / "page.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with launched() as chromium:
        yield chromium


@pytest.fixture(params=[1280, 360])
def page(browser, address, request):
    context = browser.new_context(viewport={"width": request.param, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    page.locator(FIRST).scroll_into_view_if_needed()
    yield page
    context.close()


def is_on_the_screen(page) -> bool:
    box, screen = page.locator(CARD).bounding_box(), page.viewport_size
    across = box["x"] >= 0 and box["x"] + box["width"] <= screen["width"]
    return across and box["y"] >= 0 and box["y"] + box["height"] <= screen["height"]


def test_the_pointer_opens_it_and_escape_closes_it(page):
    where = page.evaluate("() => document.querySelector('.bibtex-citation').getBoundingClientRect().top")
    page.hover(FIRST)
    page.wait_for_selector(CARD)
    assert page.inner_text(CARD) == "Diederik P. Kingma. A method. Learning, 2015. arXiv:1412.6980."
    assert page.get_attribute(FIRST, "aria-describedby") == "citation-card" and is_on_the_screen(page)
    # nothing on the page has moved, and the browser shows no title of its own
    assert (
        page.evaluate("() => document.querySelector('.bibtex-citation').getBoundingClientRect().top") == where
    )
    assert page.get_attribute(FIRST, "title") is None
    page.keyboard.press("Escape")
    assert page.is_hidden(CARD) and page.get_attribute(FIRST, "aria-describedby") is None
    page.mouse.move(1, 1)
    page.hover(FIRST)
    page.wait_for_selector(CARD)


def test_it_stays_under_the_pointer_and_goes_when_the_pointer_leaves(page):
    page.hover(SECOND)
    page.wait_for_selector(CARD)
    page.hover(CARD)
    page.wait_for_timeout(600)
    assert page.inner_text(CARD) == "Cédric Villani. Optimal Transport: Old and New. Springer, 2009."
    page.mouse.move(1, 1)
    page.wait_for_selector(CARD, state="hidden")


def test_the_keyboard_opens_it_and_leaves_it(page):
    page.keyboard.press("Tab")
    page.evaluate("() => document.querySelector('.bibtex-citation a').focus()")
    assert page.is_visible(CARD) and is_on_the_screen(page)
    page.wait_for_timeout(600)
    assert page.is_visible(CARD)
    page.keyboard.press("Tab")
    assert "Villani" in page.inner_text(CARD) and page.locator(CARD).count() == 1
    page.keyboard.press("Tab")
    page.wait_for_selector(CARD, state="hidden")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_no_barrier_and_is_not_printed(page, theme):
    page.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
    page.hover(FIRST)
    page.wait_for_selector(CARD)
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        "() => axe.run({include: ['article']}).then(found => found.violations.map(v => v.id))"
    )
    assert found == []
    page.emulate_media(media="print")
    assert page.is_hidden(CARD)


def test_a_tap_leads_to_the_list(browser, address):
    context = browser.new_context(viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.tap(FIRST)
    page.wait_for_url("**/references.html#*")
    page.go_back()
    assert page.locator(CARD).count() == 0
    context.close()


def test_only_a_page_that_cites_gets_the_script(address):
    page = Path(address.removeprefix("file://"))
    assert "cards.js" in page.read_text("utf-8")
    assert "cards.js" not in page.with_name("plain.html").read_text("utf-8")


def test_a_citation_without_its_text_is_a_warning(monkeypatch):
    added, said = [], []
    monkeypatch.setattr(citation_cards.log, "warning", lambda text, *parts, **more: said.append(text % parts))
    body = '<span class="bibtex-citation" id="id1">[<a href="references.html#id2">A</a>]</span>'
    app = SimpleNamespace(add_js_file=added.append)
    citation_cards.add_script(app, "book/01-x", "page.html", {"body": body}, None)
    assert added == ["cards.js"] and len(said) == 1 and "references.html#id2" in said[0]
