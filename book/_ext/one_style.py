"""One style sheet for all pages, with those rules only that a page can need.

The theme and its companions bring eleven files with 550 kB of rules, and a browser shows nothing before it has all.
When the pages are written, the files become one. A rule stays if its classes and ids occur in a page or in a script.
Of the icon font, the few letters that a rule shows stay, inside the sheet.
"""

import base64
import io
import re
from collections.abc import Iterable, Iterator
from logging import getLogger
from pathlib import Path

import tinycss2
from sphinx.util import logging

log = logging.getLogger(__name__)

SHEET = "_static/book.css"
# a page names the files that its sheet is made of
LINK = re.compile(r'<link\b[^>]*rel="stylesheet"[^>]*href="(?:\.\./)*(_static/[^"?]+)(?:\?[^"]*)?"[^>]*/?>'
                  r'|<link href="(?:\.\./)*(_static/[^"?]+\.css)(?:\?[^"]*)?" rel="stylesheet" />')  # fmt: skip
PARTS = re.compile(r'<link rel="stylesheet" data-parts="([^"]*)"')
ATTRIBUTE = re.compile(r'\b(?:class|id)="([^"]*)"')
WORD = re.compile(r"[A-Za-z_][\w-]*")
NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")
# what stands in brackets after these asks for no class, or for one of several
CHOICE = re.compile(r":(?:not|is|where|has|matches)\((?:[^()]|\([^()]*\))*\)")
VARIABLE = re.compile(r"--[\w-]+")
DEFINITION = re.compile(r"""(?<=[{;])\s*(--[\w-]+):((?:[^;{}"']|"[^"]*"|'[^']*')*)(?:;|(?=}))""")
IMPORTED = re.compile(r"""["'(]([^"'()?]+)""")
FILE = re.compile(r"""url\(["']?(?!data:|#)([^"')]+)""")
ICON_FONT = "fa-solid-900.ttf"
ICON = re.compile(r'"\\?([\ue000-\uf8ff])"|"\\(f[0-9a-f]{3})"')


def link_one(page: str, up: str, version: str) -> str:
    """The page with one style sheet in place of all; `up` leads from its folder to that of all pages."""
    parts = [first or second for first, second in LINK.findall(page)]
    found = iter(range(len(parts)))
    link = f'<link rel="stylesheet" data-parts="{" ".join(parts)}" href="{up}{SHEET}?v={version}" />'
    return LINK.sub(lambda _: link if next(found) == 0 else "", page)


def inlined(path: Path) -> Iterator:
    """The rules of a file, those that it imports in their place."""
    for rule in tinycss2.parse_stylesheet(path.read_text("utf-8"), skip_comments=True, skip_whitespace=True):
        if rule.type == "at-rule" and rule.lower_at_keyword == "import":
            yield from inlined(path.parent / IMPORTED.search(tinycss2.serialize(rule.prelude))[1])
        else:
            yield rule


def used_names(written: Path) -> set[str]:
    """Classes and ids in the pages, and every word of the scripts."""
    names: set[str] = set()
    for page in written.rglob("*.html"):
        for value in ATTRIBUTE.findall(page.read_text("utf-8", errors="replace")):
            names.update(value.split())
    for script in (written / "_static").rglob("*.js"):
        if script.name != "fontawesome.js":
            names.update(WORD.findall(script.read_text("utf-8", errors="replace")))
    return names


def selectors(prelude: str) -> Iterator[str]:
    """The selectors of a rule, split at the commas outside brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(prelude):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            yield prelude[start:place].strip()
            start = place + 1
    yield prelude[start:].strip()


def is_used(selector: str, names: set[str]) -> bool:
    """Whether all classes and ids that a selector asks for occur."""
    asked = NAME.findall(CHOICE.sub("", selector))
    return all(name.replace("\\", "") in names for name in asked)


def keep(rules: Iterable, names: set[str]) -> Iterator[str]:
    """The text of the rules that can apply."""
    for rule in rules:
        if rule.type == "qualified-rule":
            used = [one for one in selectors(tinycss2.serialize(rule.prelude)) if is_used(one, names)]
            if used:
                yield f"{','.join(used)}{{{tinycss2.serialize(rule.content).strip()}}}"
        elif rule.type == "at-rule" and rule.content is None:
            yield rule.serialize()
        elif rule.type == "at-rule":
            head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
            if rule.lower_at_keyword in ("media", "supports", "layer", "container"):
                inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                if body := "".join(keep(inner, names)):
                    yield f"{head}{{{body}}}"
            elif rule.lower_at_keyword != "font-face":
                yield f"{head}{{{tinycss2.serialize(rule.content)}}}"


def without_unused_variables(sheet: str, elsewhere: str) -> str:
    """The sheet without custom properties that nothing reads."""
    read = set(re.findall(r"var\(\s*(--[\w-]+)", sheet)) | set(VARIABLE.findall(elsewhere))
    fewer = DEFINITION.sub(lambda found: found[0] if found[1] in read else "", sheet)
    # what only such a variable read is not read any more
    return sheet if fewer == sheet else without_unused_variables(fewer, elsewhere)


def icon_font(sheet: str, written: Path) -> str:
    """The rule that brings the icon font, cut down to the icons that the sheet shows, as part of the sheet."""
    from fontTools import subset

    getLogger("fontTools").setLevel("WARNING")  # it lists every letter

    file = next((written / "_static").rglob(ICON_FONT), None)
    shown = {ord(letter) if letter else int(code, 16) for letter, code in ICON.findall(sheet)}
    if file is None or not shown:
        return ""
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font = subset.load_font(str(file), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=shown)
    cutter.subset(font)
    small = io.BytesIO()
    subset.save_font(font, small, options)
    data = base64.b64encode(small.getvalue()).decode()
    return (
        '@font-face{font-family:"Font Awesome 6 Free";font-style:normal;font-weight:900;font-display:block;'
        f'src:url(data:font/woff;base64,{data}) format("woff")}}'
    )


def write_sheet(app, error) -> None:
    """Write the style sheet that the pages link to."""
    if error or app.builder.format != "html":
        return
    written = Path(app.outdir)
    files: dict[str, None] = {}
    for page in written.rglob("*.html"):
        for parts in PARTS.findall(page.read_text("utf-8", errors="replace")):
            files |= dict.fromkeys(parts.split())
    if not files:
        return
    names = used_names(written)
    sheet = "".join("".join(keep(inlined(written / file), names)) for file in files)
    scripts = " ".join(path.read_text("utf-8") for path in written.glob("_static/scripts/[bps]*.js"))
    sheet = without_unused_variables(sheet, scripts)
    for address in FILE.findall(sheet):
        if not (written / SHEET).with_name(address).exists():
            log.warning("%s names the file %s, which is not beside it", SHEET, address)
    (written / SHEET).write_text(icon_font(sheet, written) + sheet, encoding="utf-8")


def setup(app) -> dict:
    # after Sphinx has copied its static files
    app.connect("build-finished", write_sheet, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
