"""What the theme writes, made light: a page as it is before a reader touches it should weigh little and start at once.

Each page passes through `finish` on its way to the disk:
1. Icons become drawings in the page; the theme's script with all icons of Font Awesome (1.5 MB) is left out.
2. Style sheets become one (`one_style`). Scripts stand at the end of the page, those of the search only on the page
   that shows what was found.
3. Figures and labs wait until they come near the screen. A figure says its size, so that the text does not jump,
   and whether it is a line drawing, for the dark page; a lab moves out of the page into a file of its own. A section
   says how tall it will be (`section_heights`).
4. The outlines of the letters in formulas stand once, before the text (`mathematics`).
5. What the theme leaves without a name gets one, for readers who hear the page.
6. Light or dark is decided before anything is drawn, and `course.js` alone asks what scrolls: the theme's script would
   have the whole page styled and laid out twice more.
"""

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import mathematics
import one_style
import section_heights
from line_drawings import file_is_line_drawing
from sphinx.util import logging

log = logging.getLogger(__name__)

LABS = "_labs"  # folder of the labs' files, in that of the pages
SEARCH_PAGE = "search"

ICON_SCRIPT = re.compile(
    r"\s*(?:<!-- So that users can add custom icons -->\s*)?<script[^>]*fontawesome\.js[^>]*></script>"
)
ICON = re.compile(r'<i class="([^"]*\bfa[srb]?(?:-solid|-brands|-regular)? [^"]*)"([^>]*)></i>')
SCRIPT = re.compile(r"[ \t]*<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>\n?", re.DOTALL)
SEARCH_SCRIPT = re.compile(r'src="[^"]*(?:searchtools|language_data|searchindex)\.js')
# decides light or dark before anything is drawn
EARLY = "localStorage.getItem"
# the theme first says "auto" and then, with all that depends on it on the page, what the reader's system wants
UNDECIDED = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
DECIDED = """{ const {dataset} = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
      dataset.theme = /^(light|dark)$/.test(dataset.mode) ? dataset.mode : dark ? "dark" : "light"; }"""
THEME_SCRIPT = "_static/scripts/pydata-sphinx-theme.js"
# how the theme's script ends: it starts to ask each block of code, at once and after each change, whether it scrolls
WATCHES_SCROLLING = re.compile(
    r',"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)(?=\}\)\(\);)'
)
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
PICTURE = re.compile(r'<img\b([^>]*?)\bsrc="((?:\.\./)*_images/([^"]+))"([^>]*?)\s*/?>')
FRAME = re.compile(r'<iframe srcdoc="([^"]*)"')
ARTICLE = re.compile(r"<article\b[^>]*>")
# what a screen reader is told of the theme's own parts, (as the theme writes it, as it should be)
SPOKEN = (
    # a fold is called by what it shows, not by another name
    ('<summary aria-label="Toggle hidden content">', "<summary>"),
    (
        '<summary><span class="toctree-toggle"',
        '<summary aria-label="Pages below"><span class="toctree-toggle"',
    ),
    (
        '<div id="pst-primary-sidebar"',
        '<div id="pst-primary-sidebar" role="complementary" aria-label="The book"',
    ),
    # a role that is no longer one, and so a list without entries
    (' role="doc-biblioentry"', ""),
    ('<div role="list" class="citation-list">', '<div class="citation-list">'),
)
# the corner of a table names nothing
EMPTY_HEADER = re.compile(r"<th\b[^>]*>\s*(?:<p>\s*</p>)?\s*</th>")


class Icons:
    """The theme's icons by name, read out of its script."""

    # the style's name, as classes say it, and as the script's own table does
    STYLES: Mapping[str, str] = {"fa-brands": "fab", "fab": "fab", "fa-regular": "far", "far": "far"}

    @cached_property
    def shapes(self) -> dict[str, dict]:
        from py_mini_racer import MiniRacer

        theme = resources.files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme"
        engine = MiniRacer()
        try:
            engine.eval("var window = globalThis, document = undefined;")
            engine.eval((theme / "static" / "scripts" / "fontawesome.js").read_text("utf-8"))
            return json.loads(engine.eval("JSON.stringify(window.___FONT_AWESOME___.styles)"))
        finally:
            engine.close()

    def draw(self, found: re.Match) -> str:
        """The element of an icon as a drawing, with the classes and attributes that it had. Raises KeyError."""
        classes = found[1].split()
        style = next((self.STYLES[name] for name in classes if name in self.STYLES), "fas")
        shapes = self.shapes[style]
        name = next((name for word in classes if (name := word.removeprefix("fa-")) in shapes), None)
        if name is None:
            raise KeyError(f"no icon of the theme is called {found[1]!r}")
        width, height, _, _, outline = shapes[name]
        said = re.sub(r'\s*title="[^"]*"', "", found[2])
        return (
            f'<svg class="icon {" ".join(classes)}"{said} aria-hidden="true" viewBox="0 0 {width} {height}">'
            f'<path d="{outline}"/></svg>'
        )


icons = Icons()


def last_scripts(page: str, search: bool) -> str:
    """The page with its scripts, in their order, at its end."""
    head, body = page.split("<body", 1)
    kept = []

    def take(found: re.Match) -> str:
        if EARLY in found["code"]:
            return found[0]
        if search or not SEARCH_SCRIPT.search(found["attributes"]):
            kept.append(found[0].strip())
        return ""

    head = SCRIPT.sub(take, PRELOAD.sub("", head))
    # those at the end of the body are deferred: they come after all others, as before
    place = body.rindex("</body>")
    first = body.find("<script defer") if "<script defer" in body else place
    scripts = "\n".join(kept)
    return f"{head}<body{body[:first]}{scripts}\n{body[first:]}"


def size_pictures(
    page: str, size_of: Callable[[str], tuple[int, int] | None], is_drawn: Callable[[str], bool]
) -> str:
    """Figures with their size, line drawings marked; all wait until they come near the screen, except for one that
    stands first, before any section."""
    seen, sections = 0, page.find("<h2", page.find("<article"))

    def replace(found: re.Match) -> str:
        nonlocal seen
        seen += 1
        size = size_of(html.unescape(found[3]))
        stated = "" if size is None or "width=" in found[0] else f' width="{size[0]}" height="{size[1]}"'
        drawn = " data-line-drawing" if is_drawn(html.unescape(found[3])) else ""
        wait = ' loading="lazy" decoding="async"' if seen > 1 or 0 <= sections < found.start() else ""
        return f'<img{found[1]}src="{found[2]}"{found[4]}{stated}{drawn}{wait} />'

    return PICTURE.sub(replace, page)


def move_labs(page: str, written: Path, up: str) -> str:
    """Labs as files of `written`/_labs; `up` leads from the page's folder to `written`."""

    def move(found: re.Match) -> str:
        lab = html.unescape(found[1])
        name = f"{hashlib.sha256(lab.encode()).hexdigest()[:16]}.html"
        folder = written / LABS
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(lab, encoding="utf-8")
        return f'<iframe src="{up}{LABS}/{name}"'

    return FRAME.sub(move, page)


def without_watch(script: str) -> str:
    """The theme's script without its watch on what scrolls, which `course.js` keeps. Raises ValueError."""
    fewer, count = WATCHES_SCROLLING.subn("", script)
    if count != 1:
        raise ValueError(f"the theme's script watches what scrolls in {count} places, not in one")
    return fewer


def finish(
    page: str,
    name: str,
    written: Path,
    size_of: Callable[[str], tuple[int, int] | None],
    is_drawn: Callable[[str], bool] = lambda name: False,
    version: str = "",
) -> str:
    """A page of the theme as it is to be written to `written`/`name`.html; `version` marks its style sheet.

    `size_of` and `is_drawn` tell of a picture in the folder `_images` how large it is and whether it is a line drawing.
    """
    up = "../" * name.count("/")
    page = ICON.sub(icons.draw, ICON_SCRIPT.sub("", page))
    for theirs, ours in SPOKEN:
        page = page.replace(theirs, ours)
    page = EMPTY_HEADER.sub("<td></td>", page).replace(UNDECIDED, DECIDED)
    page = one_style.link_one(page, up, version)
    page = last_scripts(page, search=name == SEARCH_PAGE)
    page = size_pictures(page, size_of, is_drawn)
    page = section_heights.state(move_labs(page, written, up))
    outlines = mathematics.typesetter.outlines(page)
    return ARTICLE.sub(lambda found: found[0] + outlines, page, count=1) if outlines else page


def finish_all(app) -> None:
    """Let all pages that the builder writes pass through `finish`."""
    if app.builder.format != "html" or app.builder.name == "singlehtml":
        return
    if find_spec("py_mini_racer") is None:
        log.warning(
            "pages stay as the theme writes them: mini-racer is missing; run `pip install -e '.[book]'`"
        )
        return
    from PIL import Image

    def file_of(name: str) -> Path | None:
        sources = {target: source for source, target in app.builder.images.items()}
        file = Path(app.srcdir, sources.get(name, ""))
        return file if file.is_file() and file.suffix != ".svg" else None

    @cache
    def size_of(name: str) -> tuple[int, int] | None:
        if (file := file_of(name)) is None:
            return None
        with Image.open(file) as picture:
            return picture.size

    @cache
    def is_drawn(name: str) -> bool:
        return (file := file_of(name)) is not None and file_is_line_drawing(file)

    render = app.builder.templates.render

    def render_finished(template: str, context: dict) -> str:
        page = render(template, context)
        if "</html>" not in page:
            return page
        return finish(
            page, context["pagename"], Path(app.outdir), size_of, is_drawn, app.config.course_static
        )

    app.builder.templates.render = render_finished


def finish_script(app, error) -> None:
    """Let the theme's script pass through `without_watch`, after Sphinx has copied it."""
    if error or app.builder.format != "html" or app.builder.name == "singlehtml":
        return
    theme = resources.files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static" / "scripts"
    script = (theme / Path(THEME_SCRIPT).name).read_text("utf-8")
    try:
        Path(app.outdir, THEME_SCRIPT).write_text(without_watch(script), encoding="utf-8")
    except ValueError as error:
        log.warning("pages are laid out more often than they need: %s", error)


def setup(app) -> dict:
    app.setup_extension("one_style")
    app.connect("builder-inited", finish_all)
    app.connect("build-finished", finish_script)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
