"""The rendered book in a real Chromium: nothing from elsewhere, nothing broken, nothing out of reach.

Skipped where the book has not been built or no Chromium is installed;
with COURSE_REQUIRE_PAGES=1 both are failures.
"""

import gzip
import os
import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import chromium
import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent.parent
HTML = PROJECT / "_build" / "html"
REQUIRED = os.environ.get("COURSE_REQUIRE_PAGES") == "1"


def pages_of_toc() -> list[str]:
    """Names of all pages, as _toc.yml lists them."""
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def missing(what: str) -> None:
    (pytest.fail if REQUIRED else pytest.skip)(what)


PAGES = pages_of_toc()

# What a page is asked once it has come to rest.
LOOK = """() => {
  const article = document.querySelector('article') || document.body;
  const images = [...article.querySelectorAll('img')], sources = list => list.map(i => i.getAttribute('src'));
  const formulas = [...article.querySelectorAll('.math')];
  return {
    raw: formulas.filter(f => !f.querySelector('svg') || !f.querySelector('math')).map(f => f.textContent),
    silent: sources(images.filter(i => !i.alt.trim() || i.alt.includes('_images/'))),
    broken: sources(images.filter(i => !i.complete || !i.naturalWidth)),
  };
}"""

# What no reader can bring to the screen, and what can be scrolled without showing it or without the keyboard.
REACH = """() => {
  const right = (box) => box.getBoundingClientRect().right;
  const cut = (box) => {
    let edge = right(box);
    for (let around = box.parentElement; around; around = around.parentElement) {
      if (edge <= right(around) + 1) continue;
      const overflow = getComputedStyle(around).overflowX;
      if (overflow === 'auto' || overflow === 'scroll') edge = right(around);
      else if (overflow !== 'visible') return true;
    }
    return edge > document.documentElement.clientWidth + 1;
  };
  const wide = (box) => box.scrollWidth > box.clientWidth + 1;
  const article = document.querySelector('article') || document.body;
  const boxes = [...article.querySelectorAll('.math .scrolls, pre, table')].filter(box => box.checkVisibility());
  const name = (box) => box.outerHTML.slice(0, 100);
  return {
    cut: [...article.querySelectorAll('.math > svg, .math .scrolls > svg, pre, table, img')].filter(cut).map(name),
    stuck: boxes.filter(box => wide(box) && getComputedStyle(box).overflowX === 'visible').map(name),
    hushed: boxes.filter(box => wide(box) && !(box.tabIndex === 0 && box.matches('.more-follows'))).map(name),
    width: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
  };
}"""
WIDTHS = (320, 360, 768, 1440)

# How far below the screen's upper edge the last section begins for who followed a link to it; sections far from the
# screen have no true height yet. At the end of a page that is as short as the screen it may stand anywhere.
LAST_SECTION = """async () => {
  const last = [...document.querySelectorAll('.bd-article > section > section')].at(-1);
  if (!last) return 0;
  location.hash = last.id;
  for (let k = 0; k < 10; k++) await new Promise(requestAnimationFrame);
  const place = last.getBoundingClientRect();
  return innerHeight + scrollY >= document.documentElement.scrollHeight - 1 ? Math.min(0, place.bottom) : place.top;
}"""

HEIGHT = "() => document.documentElement.scrollHeight"

# Code is many small elements of few colours: the first pieces stand for all. Pictures of formulas are hidden from axe,
# which therefore takes the head of a column that is a formula for an empty one: of that rule alone they are left out.
AXE = """async (rules) => {
  document.querySelectorAll('.highlight').forEach((code, i) => code.classList.toggle('not-asked', i > 1));
  const outside = {exclude: ['.math svg', '.not-asked']};
  const found = await axe.run(outside, {resultTypes: ['violations'], elementRef: true, ...rules});
  const isFormula = (violation, node) => violation.id === 'empty-table-header' && node.element.querySelector('.math');
  return found.violations
    .map(v => [v.id, v.nodes.filter(n => !isFormula(v, n)).slice(0, 3)])
    .filter(([id, nodes]) => nodes.length)
    .map(([id, nodes]) => id + ': ' + nodes.map(n => n.html.slice(0, 120)).join(' | '));
}"""
COLOURS = {"runOnly": ["color-contrast"]}
ALL_BUT_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}

MEGABYTE = 1_000_000
WAITS = re.compile(r'\bloading="lazy"')
LOADED = re.compile(
    r'<(?:link\b[^>]*\brel="stylesheet"[^>]*\bhref|(?:script|img|iframe)\b[^>]*\bsrc)="(?!data:)([^"]+)"[^>]*>'
)


@pytest.fixture(scope="module")
def site():
    """Address of the built pages on this machine, by scheme."""
    if not (HTML / "index.html").exists():
        missing("the book is not built: `make book` writes _build/html")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=HTML))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"file": HTML.as_uri(), "http": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    if chromium.PROGRAM is None:
        missing(chromium.MISSING)
    with chromium.launched() as found:
        yield found


@contextmanager
def opened(browser, address: str, site: str):
    """The page at `address` at the width of a telephone, with what it asked other hosts for and complained of."""
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    foreign, complaints = [], []

    def gate(route):
        if route.request.url.startswith((site + "/", "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    page.route("**/*", gate)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.goto(address, wait_until="load")
    yield page, foreign, complaints
    context.close()


def lay_out(page) -> None:
    """Lay out the sections that wait until they come near."""
    page.add_style_tag(
        content="* { transition: none !important; } section { content-visibility: visible !important; }"
    )


def show_all(page) -> None:
    """Bring into the page what waits: folds, sections, and frames and pictures that load when they come near."""
    lay_out(page)
    page.evaluate("""() => {
      document.querySelectorAll('article details').forEach(fold => { fold.open = true; });
      document.querySelectorAll('iframe, img').forEach(e => { e.loading = 'eager'; });
    }""")
    # not "networkidle", which a page from file:// may never report
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    for frame in page.frames:
        frame.wait_for_load_state("load")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["file", "http"])
@pytest.mark.parametrize("name", PAGES)
def test_page(browser, site, name, scheme):
    if not (HTML / f"{name}.html").exists():
        missing(f"{name} is not built")
    with opened(browser, f"{site[scheme]}/{name}.html", site[scheme]) as (page, foreign, complaints):
        if scheme == "http":
            estimated = page.evaluate(HEIGHT)
            assert abs(page.evaluate(LAST_SECTION)) < 150, "a link to the last section leads elsewhere"
            lay_out(page)
            assert 0.75 < estimated / page.evaluate(HEIGHT) < 1.25, "the scroll bar is not true"
        show_all(page)
        seen = page.evaluate(LOOK)
        assert foreign == []
        assert complaints == []
        assert seen["broken"] == []
        assert seen["silent"] == [], "figures without an alternative text"
        assert seen["raw"] == [], "formulas that are not typeset"
        for width in WIDTHS:
            check_reach(page, width)
            if scheme == "http" and width in (360, 1440):
                check_barriers(page, width)


def check_reach(page, width: int) -> None:
    """Nothing is out of reach at this width."""
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    reach = page.evaluate(REACH)
    assert reach["cut"] == [], f"out of reach at {width} pixels"
    assert reach["stuck"] == [], f"cannot be scrolled at {width} pixels"
    assert reach["hushed"] == [], f"does not show that it scrolls at {width} pixels"
    assert reach["width"] <= width


def check_barriers(page, width: int) -> None:
    """On a telephone and a desk axe finds nothing, in the light or in the dark, in the page and in its labs."""
    for frame in page.frames:
        if not frame.evaluate("() => Boolean(window.axe)"):
            frame.evaluate(axe_core())
    for theme, rules in (("light", ALL_BUT_COLOURS if width == 1440 else {}), ("dark", COLOURS)):
        page.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
        assert page.evaluate(AXE, rules) == [], f"axe at {width} pixels, {theme}"
        for lab in page.frames[1:]:
            lab.frame_element().scroll_into_view_if_needed()  # far from the screen it is not laid out anew
            # by the clock: a frame far from the screen draws nothing, and would not be asked at its next drawing
            lab.wait_for_function(
                "theme => document.documentElement.dataset.theme === theme", arg=theme, polling=100
            )
            assert lab.evaluate(AXE, rules) == [], f"axe at {width} pixels, {theme}, in {lab.url}"
    page.evaluate("() => Object.assign(document.documentElement.dataset, {theme: 'light', mode: 'light'})")


def axe_core() -> str:
    """The script that looks for barriers."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def weight(page: Path) -> int:
    """Bytes, compressed, of what a browser fetches before a reader does anything: the page and what does not wait."""
    text = page.read_text("utf-8")
    parts = [found for found in LOADED.finditer(text) if not WAITS.search(found[0])]
    files = {(page.parent / unquote(found[1].split("?")[0])).resolve() for found in parts}
    return sum(len(gzip.compress(file.read_bytes())) for file in {page.resolve(), *files})


@pytest.mark.parametrize("name", PAGES)
def test_a_page_weighs_at_most_a_megabyte(site, name):
    if not (HTML / f"{name}.html").exists():
        missing(f"{name} is not built")
    assert weight(HTML / f"{name}.html") <= MEGABYTE


def test_every_page_of_the_contents_was_written(site):
    for name in PAGES:
        page = HTML / f"{name}.html"
        assert page.is_file(), f"{name} is listed in _toc.yml and was not written"
        assert page.stat().st_size > 5_000, f"{name} is empty"
    front = (HTML / "index.html").read_text("utf-8")
    assert PAGES[0] in front or "<article" in front


@pytest.mark.parametrize("name", [name for name in PAGES if re.fullmatch(r"book/0[1-9]-[^/]+", name)])
def test_a_chapter_carries_the_number_of_its_file(site, name):
    text = (HTML / f"{name}.html").read_text("utf-8")
    chapter = int(name.split("/")[1][:2])
    in_title = re.search(r'<h1>\s*<span class="section-number">(\d+)\. ?</span>', text)
    assert in_title and int(in_title[1]) == chapter
    # of its sections, figures, theorems and equations too; links to its neighbours stand outside
    article = text[text.index("<article") : text.index("</article>")]
    counted = re.findall(r'class="(?:caption-number|section-number|eqno)">[^<\d]*(\d+)\.', article)
    assert counted and {int(number) for number in counted} == {chapter}
