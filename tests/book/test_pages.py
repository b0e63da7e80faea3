"""The rendered book in a real Chromium: nothing from elsewhere, nothing broken, readable on a telephone.

Skipped where the book has not been built or no Chromium is installed;
with COURSE_REQUIRE_PAGES=1 both are failures.
"""

import os
import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent.parent
HTML = PROJECT / "_build" / "html"
REQUIRED = os.environ.get("COURSE_REQUIRE_PAGES") == "1"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TELEPHONE = {"width": 390, "height": 844}


def pages_of_toc() -> list[str]:
    """Names of all pages, as _toc.yml lists them."""
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def missing(what: str) -> None:
    (pytest.fail if REQUIRED else pytest.skip)(what)


PAGES = pages_of_toc()

# What a page is asked once it has come to rest.
LOOK = """async () => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  const article = document.querySelector('article') || document.body;
  const images = [...article.querySelectorAll('img')], sources = list => list.map(i => i.getAttribute('src'));
  return {
    formulas: article.querySelectorAll('.math').length,
    rendered: article.querySelectorAll('mjx-container').length,
    wrong: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')].map(e => e.textContent),
    silent: sources(images.filter(i => !i.alt.trim() || i.alt.includes('_images/'))),
    broken: sources(images.filter(i => !i.complete || !i.naturalWidth)),
    width: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
  };
}"""


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
    if CHROMIUM is None:
        missing("no Chromium on this machine: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def visit(browser, address: str, site: str) -> dict:
    """Open `address` at the width of a telephone; report what it asked for, complained of and shows."""
    context = browser.new_context(viewport=TELEPHONE)
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
    # frames and images that wait until they are scrolled to are part of the page
    page.evaluate("() => document.querySelectorAll('iframe, img').forEach(e => { e.loading = 'eager'; })")
    # not "networkidle", which a page from file:// may never report
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    for frame in page.frames:
        frame.wait_for_load_state("load")
    seen = page.evaluate(LOOK)
    context.close()
    return seen | {"foreign": foreign, "complaints": complaints}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["file", "http"])
@pytest.mark.parametrize("name", PAGES)
def test_page(browser, site, name, scheme):
    if not (HTML / f"{name}.html").exists():
        missing(f"{name} is not built")
    seen = visit(browser, f"{site[scheme]}/{name}.html", site[scheme])
    assert seen["foreign"] == []
    assert seen["complaints"] == []
    assert seen["broken"] == []
    assert seen["silent"] == [], "figures without an alternative text"
    assert seen["wrong"] == [], "formulas that MathJax cannot read"
    assert seen["rendered"] >= seen["formulas"]
    assert seen["width"] <= TELEPHONE["width"]


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
