"""What the book needs of Sphinx beyond its extensions.

1. Reads outputs from the execution cache that `build_book` fills, which starts anew when something that the
   chapters stand on changes.
2. Writes all pages again when a static file changes, which Sphinx does not notice.
3. Warns, and thereby fails a build with `-W`, when a page would ask another host for something, or shows a
   widget that is dead without a kernel.
4. Lets the single-page builder use the HTML visitors that extensions register.
5. The directive `course-versions`: a table of the versions that executed the pages.
6. The directive `claims-table`: which claims about live runs held under which variation, from records/robustness.
"""

import os
import re
from pathlib import Path

import execution_cache
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)

REMOTE = re.compile(
    r"""<(?:script|img|iframe|audio|video|source|embed)\b[^>]*\bsrc=["'](?:https?:)?//[^"']+"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*\bhref=["'](?:https?:)?//[^"']+"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^"')]+"""
    r"""|\burl\(["']?(?:https?:)?//[^"')]+"""
)
# what a chapter that is rendered by itself is not warned of
OTHER_PAGES = ("ref", "myst.xref_missing", "toc")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def choose_cache(app, config) -> None:
    """Let myst-nb read the cache that `build_book` has filled; see `execution_cache`."""
    project = Path(app.srcdir)
    # a changed value of this setting also makes Sphinx read every page again
    config.nb_execution_cache_path = str(execution_cache.choose(project))
    static = [path for folder in config.html_static_path for path in (project / folder).rglob("*")]
    config.course_static = execution_cache.digest(path for path in static if path.is_file())
    if os.environ.get("COURSE_ONE_PAGE"):  # the chapters that it points to are not there
        config.suppress_warnings = [*config.suppress_warnings, *OTHER_PAGES]


def share_visitors(app) -> None:
    """Proof and exercise blocks register visitors for `html`; the single-page builder asks for its own."""
    handlers = app.registry.translation_handlers
    if app.builder.name == "singlehtml":
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers.get("singlehtml", {})}


def drop_widget_state(app, page, template, context, doctree) -> None:
    """Leave out the state of kernel widgets: nothing in a page could read it."""
    of_page = getattr(app.env, "nb_metadata", {}).get(page, {})
    of_page.get("js_files", {}).pop("ipywidgets_state", None)


def finish(app, error) -> None:
    """Look through all that was written."""
    if error or app.builder.format != "html":
        return
    written = Path(app.outdir)
    for path in [*written.rglob("*.html"), *(written / "_static").rglob("*.css")]:
        text = path.read_text(encoding="utf-8", errors="replace")
        for address in REMOTE.findall(text):
            log.warning("%s asks another host: %s", path.relative_to(written), address[:160])
        if path.suffix == ".html" and WIDGET_VIEW in text:
            log.warning(
                "%s shows a widget that needs a kernel: tag its cell remove-output", path.relative_to(written)
            )


def table_of(rows: list[list[str]]) -> nodes.table:
    """A table of text; the first row is its head."""
    table, group = nodes.table(), nodes.tgroup(cols=len(rows[0]))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in rows[0]]
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    for number, cells in enumerate(rows):
        row = nodes.row()
        row += [nodes.entry("", nodes.paragraph(text=text)) for text in cells]
        (body if number else head).append(row)
    return table


class CourseVersions(SphinxDirective):
    """A two-column table: what, and in which version."""

    def run(self) -> list[nodes.Node]:
        return [table_of([["What", "Version"], *map(list, execution_cache.versions().items())])]


class ClaimsTable(SphinxDirective):
    """For each page with a record: its claims by variation, and what was seen where one did not hold."""

    def run(self) -> list[nodes.Node]:
        from course_lib import robustness

        marks = {robustness.HOLDS: "✓", robustness.FAILS: "✗", robustness.UNKNOWN: robustness.UNKNOWN}
        found: list[nodes.Node] = []
        for path in sorted((Path(self.env.srcdir) / "records" / "robustness").glob("*.jsonl")):
            self.env.note_dependency(str(path))
            lines = robustness.recorded(path.stem, path.parent)
            columns = robustness.labels(lines)
            rows = [
                [claim, *(marks[row[column]] for column in columns)]
                for claim, row in robustness.grid(lines).items()
            ]
            found += [nodes.rubric(text=path.stem), table_of([["claim", *columns], *rows])]
            found.append(nodes.paragraph(text=robustness.origin(lines)))
            if wrong := robustness.disagreements(lines):
                found.append(
                    nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph(text=w)) for w in wrong))
                )
        return found or [nodes.paragraph(text="No page has been recorded yet; `course robustness` does it.")]


def setup(app) -> dict:
    app.add_config_value("course_static", "", "html", str)
    app.add_directive("course-versions", CourseVersions)
    app.add_directive("claims-table", ClaimsTable)
    app.connect("config-inited", choose_cache)
    app.connect("builder-inited", share_visitors)
    # before the listener of myst-nb, which adds the state to the page
    app.connect("html-page-context", drop_widget_state, priority=400)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
