"""Every figure of a page is in the pack, with the caption, number and licence that a lecturer needs."""

import base64
import csv
import hashlib
import json
import shutil
import zipfile

import build_book
import figure_pack
import pytest
import yaml

AA = hashlib.sha256(b"aa").hexdigest()
PAGE = """<html><body><img src="../_static/logo.png"/><article>
<figure id="fig-first"><img src="../_images/AA.png" alt="A rising line"/><figcaption><p>
<span class="caption-number">Fig. 3.1 </span><span class="caption-text">The loss of
<span class="math"><svg><text>drawn</text></svg><span class="spoken"><math><mi>G</mi></math></span></span>
rises.</span><a class="headerlink" href="#x">#</a></p></figcaption></figure>
<figure id="id7"><img src="../_images/bb.png" alt=""/></figure>
<figure><iframe src="x.html"></iframe></figure></article></body></html>""".replace("AA.png", f"{AA}.png")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump({"root": "book/03-x", "parts": []}))
    (tmp_path / "LICENSE-TEXT").write_text("CC BY 4.0")
    for folder in ("book", "_images"):
        (tmp_path / "html" / folder).mkdir(parents=True)
    (tmp_path / "html" / "book" / "03-x.html").write_text(PAGE)
    for name, content in ((AA, b"aa"), ("bb", b"bb")):
        (tmp_path / "html" / "_images" / f"{name}.png").write_bytes(content)
    pdf = base64.b64encode(b"%PDF").decode()
    shown = {"image/png": "YWE=\n", "application/pdf": pdf, "text/plain": "<Figure>"}
    cells = [
        {"outputs": [{"data": {"image/png": "YmI="}}, {"name": "stdout"}]},
        {"outputs": [{"data": shown}]},
        {},
    ]
    (tmp_path / "jupyter_execute" / "book").mkdir(parents=True)
    (tmp_path / "jupyter_execute" / "book" / "03-x.ipynb").write_text(json.dumps({"cells": cells}))
    return tmp_path


def test_figures_carry_number_caption_and_licence(project, capsys, monkeypatch):
    monkeypatch.setattr(figure_pack.shutil, "which", lambda name: None)  # no program that makes SVG
    out = project / "figures"
    arguments = ["--html", str(project / "html"), "--out", str(out)]
    assert figure_pack.main(arguments, project) == 0
    said = capsys.readouterr().out
    assert "2 in" in said and "1 of them as PDF and 0 as SVG (none: install" in said
    first, second = csv.DictReader((out / "figures.csv").open(encoding="utf-8"))
    assert first == {
        "file": "03-x/fig-first.png", "drawing": "03-x/fig-first.pdf", "svg": "", "page": "book/03-x", "number": "3.1",
        "caption": "The loss of G rises.",
        "alternative_text": "A rising line", "licence": "CC BY 4.0",
    }  # fmt: skip
    assert (out / first["file"]).read_bytes() == b"aa" and (out / first["drawing"]).read_bytes() == b"%PDF"
    assert (
        second["file"] == "03-x/figure-02.png"
        and not second["drawing"]
        and (out / second["file"]).read_bytes() == b"bb"
    )
    with zipfile.ZipFile(project / "figures.zip") as archive:
        assert {"figures.csv", "LICENSE-TEXT", first["file"], first["drawing"]} <= set(archive.namelist())
    (out / "old.png").write_bytes(b"")
    figure_pack.main(arguments, project)
    assert not (out / "old.png").exists()  # the pack is of these pages alone


def test_pages_that_are_not_there_are_said(project, capsys):
    (project / "html" / "book" / "03-x.html").unlink()
    assert figure_pack.main(["--html", str(project / "html"), "--out", str(project / "f")], project) == 1
    assert "make book" in capsys.readouterr().err


def test_what_a_notebook_draws_is_packed_as_pdf_and_not_put_into_the_page(book, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel draws into the notebook
    drawing = [
        "import matplotlib.pyplot as plt\nfrom course_lib.figures import style\n\nstyle.use()",
        "figure, ax = plt.subplots()\nax.plot([0, 1])\nax.set_title('rising');",
    ]
    folder = book({"01-x": drawing})
    path = folder / "book" / "01-x.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][-1]["metadata"] = {"mystnb": {"figure": {"caption": "A line.", "name": "fig-line"}}}
    path.write_text(json.dumps(notebook))
    (folder / "LICENSE-TEXT").write_text("CC BY 4.0")
    assert build_book.main([], folder) == 0
    html = folder / "_build" / "html"
    assert (
        not list(html.rglob("*.pdf")) and "application/pdf" not in (html / "book" / "01-x.html").read_text()
    )
    figure_pack.pack(folder, html, folder / "pack")
    (row,) = csv.DictReader((folder / "pack" / "figures.csv").open(encoding="utf-8"))
    assert (row["file"], row["drawing"]) == ("01-x/fig-line.png", "01-x/fig-line.pdf")
    content = (folder / "pack" / row["drawing"]).read_bytes()
    # lines stay lines, and letters stay letters of a font that is in the file
    assert content.startswith(b"%PDF") and b"/FontFile2" in content and b"/Subtype /Image" not in content
    if shutil.which("pdftocairo"):
        assert row["svg"] == "01-x/fig-line.svg"
        svg = (folder / "pack" / row["svg"]).read_text("utf-8")
        # letters are outlines, so that they look the same where their font is not installed
        assert "<path" in svg and "<text" not in svg and "<image" not in svg
