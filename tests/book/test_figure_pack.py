"""Every figure of a page is in the pack, with the caption, number and licence that a lecturer needs."""

import csv
import zipfile

import figure_pack
import pytest
import yaml

PAGE = """<html><body><img src="../_static/logo.png"/><article>
<figure id="fig-first"><img src="../_images/aa.png" alt="A rising line"/><figcaption><p>
<span class="caption-number">Fig. 3.1 </span><span class="caption-text">The loss of
<span class="math"><svg><text>drawn</text></svg><span class="spoken"><math><mi>G</mi></math></span></span>
rises.</span><a class="headerlink" href="#x">#</a></p></figcaption></figure>
<figure id="id7"><img src="../_images/bb.png" alt=""/></figure>
<figure><iframe src="x.html"></iframe></figure></article></body></html>"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump({"root": "book/03-x", "parts": []}))
    (tmp_path / "LICENSE-TEXT").write_text("CC BY 4.0")
    for folder in ("book", "_images"):
        (tmp_path / "html" / folder).mkdir(parents=True)
    (tmp_path / "html" / "book" / "03-x.html").write_text(PAGE)
    for name in ("aa", "bb"):
        (tmp_path / "html" / "_images" / f"{name}.png").write_bytes(name.encode())
    return tmp_path


def test_figures_carry_number_caption_and_licence(project, capsys):
    out = project / "figures"
    arguments = ["--html", str(project / "html"), "--out", str(out)]
    assert figure_pack.main(arguments, project) == 0
    assert "2 in" in capsys.readouterr().out
    first, second = csv.DictReader((out / "figures.csv").open(encoding="utf-8"))
    assert first == {
        "file": "03-x/fig-first.png", "page": "book/03-x", "number": "3.1", "caption": "The loss of G rises.",
        "alternative_text": "A rising line", "licence": "CC BY 4.0",
    }  # fmt: skip
    assert (out / first["file"]).read_bytes() == b"aa"
    assert second["file"] == "03-x/figure-02.png" and (out / second["file"]).read_bytes() == b"bb"
    with zipfile.ZipFile(project / "figures.zip") as archive:
        assert {"figures.csv", "LICENSE-TEXT", "03-x/fig-first.png"} <= set(archive.namelist())
    (out / "old.png").write_bytes(b"")
    figure_pack.main(arguments, project)
    assert not (out / "old.png").exists()  # the pack is of these pages alone


def test_pages_that_are_not_there_are_said(project, capsys):
    (project / "html" / "book" / "03-x.html").unlink()
    assert figure_pack.main(["--html", str(project / "html"), "--out", str(project / "f")], project) == 1
    assert "make book" in capsys.readouterr().err
