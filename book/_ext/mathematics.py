"""Formulas are typeset when the book is built, so that a page shows them at once and runs no script for them.

MathJax (its files come from the package sphinx-mathjax-offline) runs in the JavaScript engine of mini-racer. A formula
becomes a picture (SVG) for the eye and MathML for a screen reader. Outlines of letters stand once in a page, see
`outlines`. What MathJax cannot read is a warning with the place, and so an error of `make book`.
"""

import hashlib
import html
import re
from functools import cached_property
from importlib import metadata

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)

PACKAGE = "sphinx-mathjax-offline"
SCRIPTS = (
    "loader.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js", "output/svg.js", "output/svg/fonts/tex.js",
)  # fmt: skip
# one function, `typeset(source, display)`, which returns [svg, mathml]. The packages left out would load files, or
# print in red what they cannot read instead of saying so
START = """
const parts = MathJax._, adaptor = parts.adaptors.liteAdaptor.liteAdaptor();
parts.handlers.html_ts.RegisterHTMLHandler(adaptor);
const unwanted = ["require", "autoload", "noerrors", "noundefined"];
const packages = parts.input.tex.AllPackages.AllPackages.filter((name) => !unwanted.includes(name));
const page = parts.mathjax.mathjax.document("", {
  InputJax: new parts.input.tex_ts.TeX({packages, formatError: (jax, error) => { throw Error(error.message); }}),
  OutputJax: new parts.output.svg_ts.SVG({fontCache: "none", font: new parts.output.svg.fonts.tex_ts.TeXFont({})}),
});
const visitor = new parts.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
function typeset(source, display) {
  const tree = page.convert(source, {display, end: 20});
  return [adaptor.innerHTML(page.convert(source, {display})), visitor.visitTree(tree)];
}
"""
OUTLINE = re.compile(r'<path data-c="[0-9A-F]+" d="([^"]*)"></path>')
USED = re.compile(r'<use href="#(m[0-9a-f]{8})"/>')
# of no use outside MathJax
SUPERFLUOUS = re.compile(r' (?:data-mml-node|data-mjx-texclass|xmlns|role|focusable)="[^"]*"')
BARE_GROUP = re.compile(r"<g>((?:(?!</?g\b).)*)</g>")
STYLE = re.compile(r' style="([^"]*)"')
WIDTH = re.compile(r' width="([\d.]+)ex"')
# a line in a list holds some 26 ex at 320 CSS pixels; a formula in the text that is longer gets a box of its own
LONGEST_IN_LINE = 20


class FormulaError(ValueError):
    """TeX that MathJax cannot read; the message is MathJax's."""


class Typesetter:
    """MathJax in a JavaScript engine, started at the first formula."""

    def __init__(self):
        self.done: dict[tuple[str, bool], tuple[str, str]] = {}
        self.paths: dict[str, str] = {}  # outline of a letter by its name

    @cached_property
    def engine(self):
        from py_mini_racer import MiniRacer

        files = {str(file).split("mathjax/", 1)[-1]: file for file in metadata.files(PACKAGE) or ()}
        engine = MiniRacer()
        engine.eval("var window = globalThis, MathJax = {};")
        for name in SCRIPTS:
            engine.eval(files[name].read_text("utf-8"))
        engine.eval(START)
        return engine

    def __call__(self, source: str, display: bool) -> tuple[str, str]:
        """SVG and MathML of a formula in TeX. Raises FormulaError."""
        from py_mini_racer import JSEvalException

        if (source, display) not in self.done:
            try:
                svg, mathml = self.engine.call("typeset", source, display)
            except JSEvalException as error:
                said = re.search(r"Error: (.*)", str(error))
                raise FormulaError(said[1] if said else str(error)[:200]) from None
            self.done[source, display] = self.slim(svg), re.sub(r"\n\s*", "", SUPERFLUOUS.sub("", mathml))
        return self.done[source, display]

    def slim(self, svg: str) -> str:
        """The picture with its letters as references to outlines, and without what only MathJax reads."""

        def reference(found: re.Match) -> str:
            name = "m" + hashlib.sha256(found[1].encode()).hexdigest()[:8]
            self.paths[name] = found[1]
            return f'<use href="#{name}"/>'

        svg = OUTLINE.sub(reference, SUPERFLUOUS.sub("", svg))
        svg = svg.replace('stroke="currentColor" fill="currentColor" stroke-width="0" ', "")
        while (fewer := BARE_GROUP.sub(r"\1", svg)) != svg:
            svg = fewer
        return svg.replace("<svg", '<svg aria-hidden="true"', 1)

    def outlines(self, page: str) -> str:
        """The outlines that a page uses, as an element of no size to stand before the first formula."""
        used = sorted(set(USED.findall(page)) & self.paths.keys())
        shapes = "".join(f'<path id="{name}" d="{self.paths[name]}"/>' for name in used)
        return f'<svg class="outlines" aria-hidden="true"><defs>{shapes}</defs></svg>' if used else ""


typesetter = Typesetter()


def typeset(source: str, display: bool, node: nodes.Node) -> str:
    """HTML of a formula; its source, with a warning, where it cannot be read or the engine is not installed."""
    try:
        svg, mathml = typesetter(source, display)
    except FormulaError as error:
        log.warning("MathJax cannot read %r: %s", source, error, location=node, type="mathematics")
        return html.escape(source)
    except ImportError as error:
        log.warning(
            "formulas stay TeX: %s; run `pip install -e '.[book]'`", error, type="mathematics", once=True
        )
        return html.escape(source)
    spoken = f'<span class="spoken">{mathml}</span>'
    width = WIDTH.search(svg)
    if display or not width or float(width[1]) <= LONGEST_IN_LINE:
        return svg + spoken
    # the box stands on the line as its picture did, and scrolls where the line is shorter than the formula
    opening, rest = svg.split(">", 1)
    lowered = STYLE.search(opening)
    style = lowered[0] if lowered else ""
    return f'<span class="scrolls"{style}>{STYLE.sub("", opening)}>{rest}</span>{spoken}'


def visit_inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(f"{typeset(node.astext(), False, node)}</span>")
    raise nodes.SkipNode


def visit_display(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    source = node.astext()
    if not node["nowrap"]:
        parts = [part for part in re.split(r"\n\s*\n", source) if part.strip()]
        rows = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
        joined = r"\\".join(rows)
        source = (
            joined
            if len(rows) == 1
            else rf"\begin{{align}}\begin{{aligned}}{joined}\end{{aligned}}\end{{align}}"
        )
    self.body.append(f'<div class="scrolls">{typeset(source, True, node)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> dict:
    app.add_html_math_renderer("typeset", (visit_inline, None), (visit_display, None))
    # glyph outlines are collected in this process
    return {"parallel_read_safe": True, "parallel_write_safe": False}
