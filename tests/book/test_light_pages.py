"""What becomes of the theme's pages on their way to the disk."""

import re
from importlib import resources

import pytest

pytest.importorskip("py_mini_racer")
import light_pages  # noqa: E402
import one_style  # noqa: E402

PAGE = """<!DOCTYPE html><html><head>
<script>document.documentElement.dataset.mode = localStorage.getItem("mode") || "auto";
document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";</script>
<link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="../_static/course.css?v=2" />
<!-- So that users can add custom icons -->
<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
<link rel="preload" as="script" href="../_static/scripts/bootstrap.js" />
<script src="../_static/doctools.js"></script>
<script>let hint = 'Click';</script>
<script src="../_static/searchtools.js"></script><script src="../searchindex.js"></script>
</head><body><button><i class="fa-solid fa-bars" title="Menu"></i></button>
<article class="bd-article"><img alt="a" src="../_images/a.png" /><img alt="b" src="../_images/b.png" />
<iframe srcdoc="&lt;p&gt;a lab&lt;/p&gt;" title="lab"></iframe></article>
<script defer src="../_static/scripts/bootstrap.js"></script>
</body></html>"""


@pytest.fixture
def finished(tmp_path):
    return light_pages.finish(PAGE, "book/01-x", tmp_path, {"a.png": (640, 480), "b.png": None}.get)


def test_scripts_stand_at_the_end_in_their_order(finished):
    head, body = finished.split("<body")
    assert re.findall("<script[^>]*>", head) == ["<script>"] and "localStorage" in head
    order = [
        body.index(text) for text in ("</article>", "doctools.js", "let hint", "bootstrap.js", "</body>")
    ]
    assert order == sorted(order)
    assert "preload" not in finished


def test_the_search_is_loaded_where_it_is_shown(finished, tmp_path):
    assert "searchindex" not in finished
    of_search = light_pages.finish(PAGE, "search", tmp_path, lambda name: None)
    assert of_search.index("searchtools.js") < of_search.index("searchindex.js")


def test_icons_are_drawn_in_the_page(finished):
    assert "fontawesome" not in finished and "<i " not in finished
    assert re.search(
        r'<svg class="icon fa-solid fa-bars" aria-hidden="true" viewBox="0 0 448 512"><path d="M', finished
    )
    with pytest.raises(KeyError, match="no icon"):
        light_pages.finish(PAGE.replace("fa-bars", "fa-no-such"), "search", None, lambda name: None)


def test_figures_say_their_size_and_all_but_the_first_wait(finished):
    first, second = re.findall("<img[^>]*>", finished)
    assert 'width="640" height="480"' in first and "lazy" not in first
    assert "width" not in second and 'loading="lazy"' in second


def test_a_figure_below_the_first_section_waits_too(tmp_path):
    page = PAGE.replace("</head><body>", "</head><body><nav><h2>Contents</h2></nav>")
    above = light_pages.finish(page, "book/01-x", tmp_path, {"a.png": (640, 480)}.get)
    assert above.count('loading="lazy"') == 1
    below = page.replace('<article class="bd-article">', '<article class="bd-article"><h2>Faces</h2>')
    assert light_pages.finish(below, "book/01-x", tmp_path, {}.get).count('loading="lazy"') == 2


def test_a_lab_is_a_file_that_the_frame_asks_for(finished, tmp_path):
    (lab,) = (tmp_path / light_pages.LABS).iterdir()
    assert lab.read_text() == "<p>a lab</p>"
    assert f'<iframe src="../{light_pages.LABS}/{lab.name}" title="lab">' in finished


def test_one_sheet_stands_for_all(finished):
    (parts,) = one_style.PARTS.findall(finished)
    assert parts == "_static/styles/theme.css _static/course.css"
    assert finished.count("stylesheet") == 1 and 'href="../_static/book.css' in finished


CSS = """
.used, .unused { color: red }
.unused > p { color: blue }
.used:not(.unused) a { color: var(--read) }
:root { --read: 1px; --unread: 2px; --of-unread: var(--unread) }
@media print { .unused { display: none } }
@media print { .used { display: none } }
"""


def test_the_sheet_keeps_what_can_apply(tmp_path):
    (tmp_path / "a.css").write_text('@import url("b.css");\n.used p { margin: 0 }')
    (tmp_path / "b.css").write_text(CSS)
    sheet = "".join(one_style.keep(one_style.inlined(tmp_path / "a.css"), {"used"}))
    sheet = one_style.without_unused_variables(sheet, elsewhere="")
    assert sheet.count("display: none") == 1 and "blue" not in sheet
    assert ".used{color: red" in sheet and ".used:not(.unused) a" in sheet
    assert "--read: 1px" in sheet and "unread" not in sheet
    # what is imported comes before what imports it
    assert sheet.index("color: red") < sheet.index("margin: 0")


def test_the_empty_corner_of_a_table_is_no_header(tmp_path):
    table = '<table><tr><th class="head"></th><th class="head"><p>a</p></th></tr><tr><th><p> </p></th></tr></table>'
    page = light_pages.finish(
        PAGE.replace("<article", f"{table}<article"), "book/x", tmp_path, lambda name: None
    )
    assert page.count("<td></td>") == 2 and page.count("<th") == 1


def test_light_or_dark_is_decided_before_anything_is_drawn(finished):
    head = finished.split("<body")[0]
    assert '|| "auto"; }' not in head and 'getItem("theme")' not in head
    assert "prefers-color-scheme: dark" in head and 'getItem("mode")' in head


def test_the_theme_does_not_ask_what_scrolls():
    """What is left out stands in the theme that is installed, and nothing else goes with it."""
    theme = resources.files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static" / "scripts"
    script = (theme / "pydata-sphinx-theme.js").read_text("utf-8")
    quiet = light_pages.without_watch(script)
    assert 0 < len(script) - len(quiet) < 100
    with pytest.raises(ValueError, match="0 places"):
        light_pages.without_watch(quiet)
