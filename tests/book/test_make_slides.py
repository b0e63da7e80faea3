"""Slides are made of a chapter's own cells by a rule, and the file needs nothing else."""

import make_slides
import pytest
import yaml
from bs4 import BeautifulSoup

PAGE = """<html><body><nav>side bar</nav><article class="bd-article">
<svg class="outlines"><defs><path id="m0123abcd" d="M0 0h9v9z"/></defs></svg>
<section id="a-chapter"><h1>3. A chapter<a class="headerlink" href="#a">#</a></h1>
<p class="reading-time">Reading time: about 5 minutes.</p>
<p><strong>Question.</strong> <em>Why?</em></p>
<div class="cell tag_hide-input"><figure id="fig-x"><img src="../_images/a.png" alt="A line"/>
<figcaption><p><span class="caption-number">Fig. 3.1 </span>It rises.</p></figcaption></figure>
<details class="hide"><summary>Show code</summary><div class="cell_input">code</div></details></div>
<section id="aims"><h2>3.1. What you will be able to do</h2><ul><li>to <a href="two.html">count</a></li></ul>
<p>It stands on chapter 1.</p></section>
<section id="theory"><h2>3.2. Theory</h2><p>Some words.</p>
<div class="math">unnumbered</div><div class="math">V(G, D)<span class="eqno">(3.1)</span></div>
<div class="math">W<span class="eqno">(3.2)</span></div>
<figure><img src="../_images/b.png"/></figure><figure><img src="../_images/c.png"/></figure>
<section id="best"><h3>3.2.1. The best D</h3>
<div class="proof theorem admonition"><p class="admonition-title">Theorem 3.1</p>
<section id="proof-content"><p>It is half.</p>
<div class="math">D = 1/2<span class="eqno">(3.3)</span></div></section></div>
<div class="proof admonition"><p>Proof. Long.</p></div></section></section>
<section id="move"><h2>3.3. Move it</h2><div class="lab"><iframe src="../_labs/lab.html"></iframe></div></section>
<section id="test"><h2>3.4. Test yourself</h2><p>Five questions.</p></section>
</section></article></body></html>"""


@pytest.fixture
def project(tmp_path):
    toc = {"root": "book/index", "parts": [{"chapters": [{"file": "book/03-x"}, {"file": "book/data"}]}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    for folder in ("book", "_images", "_labs"):
        (tmp_path / "html" / folder).mkdir(parents=True)
    (tmp_path / "html" / "book" / "03-x.html").write_text(PAGE)
    (tmp_path / "html" / "_labs" / "lab.html").write_text("<p>moves</p>")
    for name in "abc":
        (tmp_path / "html" / "_images" / f"{name}.png").write_bytes(name.encode())
    return tmp_path


def made(project, capsys):
    arguments = ["--html", str(project / "html"), "--out", str(project / "slides")]
    assert make_slides.main(arguments, project) == 0
    assert "1 files" in capsys.readouterr().out
    assert [file.name for file in (project / "slides").iterdir()] == ["03.html"]
    return BeautifulSoup((project / "slides" / "03.html").read_text("utf-8"), "html.parser")


def test_each_heading_is_a_slide_with_its_figure_equation_and_statement(project, capsys):
    soup = made(project, capsys)
    for notes in soup.select(".notes"):
        notes.extract()
    slides = soup.select("body > section")
    titles = [slide.find(["h1", "h2"]).get_text() for slide in slides]
    assert titles == [
        "3. A chapter", "3.1. What you will be able to do", "3.2. Theory", "3.2.1. The best D", "3.3. Move it",
    ]  # fmt: skip
    first, aims, theory, best, move = slides
    assert (
        "Why?" in first.get_text()
        and "It rises." in first.get_text()
        and first.select_one("img")["alt"] == "A line"
    )
    assert "to count" in aims.get_text() and "code" not in soup.get_text()
    assert "(3.1)" in theory.get_text() and not any(n in theory.get_text() for n in ("(3.2)", "unnumbered"))
    assert len(theory.select("img")) == 1
    assert "It is half." in best.get_text() and "Proof" not in best.get_text()
    assert move.select_one("iframe")["srcdoc"] == "<p>moves</p>"


def test_the_file_needs_no_other(project, capsys):
    soup = made(project, capsys)
    assert all(image["src"].startswith("data:image/png;base64,") for image in soup.select("img"))
    assert not soup.select("link, iframe[src], script[src], a")
    assert soup.select_one("svg.outlines path")["id"] == "m0123abcd"  # the letters of all formulas
    assert "It stands on chapter 1." in soup.select(".notes")[1].get_text()


def test_a_figure_can_be_chosen_and_left_out_by_tags(project, capsys):
    file = project / "html" / "book" / "03-x.html"
    text = file.read_text()
    file.write_text(
        text.replace('<figure><img src="../_images/c.png"/></figure>',
                     '<div class="cell tag_slide"><figure><img src="../_images/c.png"/></figure></div>')
        .replace('<div class="cell tag_hide-input">', '<div class="cell tag_skip-slide">')
    )  # fmt: skip
    first, _, theory, *_ = made(project, capsys).select("body > section")
    assert not first.select("img")
    assert theory.select_one("img")["src"].endswith("Yw==")  # the content of c.png


def test_pages_that_are_not_there_are_said(project, capsys):
    (project / "html" / "book" / "03-x.html").unlink()
    assert make_slides.main(["--html", str(project / "html"), "--out", str(project / "s")], project) == 1
    assert "make book" in capsys.readouterr().err
