"""Pages become one file: nothing is named twice, links stay inside, and what only a screen can use is gone."""

import re
import shutil

import make_pdf
import pytest
import written_pages
import yaml
from bs4 import BeautifulSoup

LETTER = "m0123abcd"
PAGE = """<html><body><nav>side bar</nav><article class="bd-article">
<svg class="outlines"><defs><path id="{letter}" d="M0 0h9v9z"/></defs></svg>
<section id="top"><h1>{title}<a class="headerlink" href="#top">#</a></h1>
<p id="said"><a href="{link}">there</a> <a href="https://example.org/x.html">outside</a>
<svg width="9" height="9"><use href="#{letter}"/></svg></p>
<details class="hide above-input"><summary>Show code cell source</summary><div class="cell_input">code</div></details>
<details><summary>Proof</summary><p>It holds.</p></details>
<img src="../_images/a.png" loading="lazy"/></section></article></body></html>"""


@pytest.fixture
def project(tmp_path):
    toc = {"root": "book/index", "parts": [{"caption": "Part", "chapters": [{"file": "book/one"}]}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    (tmp_path / "_config.yml").write_text(yaml.safe_dump({"title": "A & B", "author": "We"}))
    written = tmp_path / "html"
    (written / "book").mkdir(parents=True)
    (written / "book" / "index.html").write_text(
        PAGE.format(title="Front", link="one.html#said", letter=LETTER)
    )
    (written / "book" / "one.html").write_text(PAGE.format(title="First", link="#top", letter=LETTER))
    return tmp_path


def test_identifiers_are_unique_and_every_link_inside_has_its_place(project):
    text = make_pdf.join(project, project / "html")
    soup = BeautifulSoup(text, "html.parser")
    names = [element["id"] for element in soup.select("[id]")]
    assert len(names) == len(set(names)) and LETTER in names
    links = [a["href"] for a in soup.select("a")]
    assert "#book/one--said" in links and "#book/one--top" in links
    assert {link[1:] for link in links if link.startswith("#")} <= set(names)
    assert links.count("https://example.org/x.html") == 2
    assert [a.get_text() for a in soup.select(".contents a")] == ["Front", "First"]


def test_folded_code_and_the_pages_furniture_are_gone_and_proofs_are_open(project):
    soup = BeautifulSoup(make_pdf.join(project, project / "html"), "html.parser")
    assert "side bar" not in soup.get_text() and "code" not in soup.select_one("section.page p").get_text()
    assert not soup.select(".headerlink, .cell_input")
    assert all(fold.has_attr("open") for fold in soup.select("details"))
    assert {image["src"] for image in soup.select("img")} == {"_images/a.png"}
    assert {image["loading"] for image in soup.select("img")} == {"eager"}


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("two.html", "#book/two--"),
        ("../book/two.html#a", "#book/two--a"),
        ("api/x.html", "#book/api/x--"),
        ("../_static/y.css", "_static/y.css"),
        ("mailto:a@b.c", "mailto:a@b.c"),
    ],
)
def test_where_a_link_leads(href, found):
    assert make_pdf.target(href, "book/one", {"book/one", "book/two", "book/api/x"}) == found


def test_a_book_that_is_not_built_is_said(project, capsys):
    (project / "html" / "book" / "one.html").unlink()
    assert make_pdf.main(["--html", str(project / "html"), "--out", str(project / "x.pdf")], project) == 1
    said = capsys.readouterr().err
    assert ("make book" in said or "no Chromium" in said) and not (project / "x.pdf").exists()


@pytest.mark.browser
def test_the_file_has_pages_an_outline_and_links(project):
    if not any(map(shutil.which, written_pages.BROWSERS)):
        pytest.skip("no Chromium on this machine: Debian's package is called chromium")
    out = project / "book.pdf"
    make_pdf.print_pages(project, project / "html", out)
    raw = out.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", raw)) == 4  # title, contents, two pages
    assert b"/Outlines" in raw and raw.count(b"/Subtype /Link") >= 4
    assert not (project / "html" / make_pdf.JOINED).exists()
