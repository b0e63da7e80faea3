"""Citations say what they stand for: pages that cite get the script that shows an entry of the references in a card.

The text comes with each link, as its title, which sphinxcontrib-bibtex writes; no request is made. A link to the list
of references that carries no text is a warning, and thereby an error of `make book`.
"""

import re

from sphinx.util import logging

log = logging.getLogger(__name__)

SCRIPT = "cards.js"
CITATION = re.compile(r'<span class="bibtex-citation".*?</span>', re.DOTALL)
LINK = re.compile(r"<a\b[^>]*>")


def add_script(app, page: str, template: str, context: dict, doctree) -> None:
    """Add the script to a page that cites."""
    citations = CITATION.findall(context.get("body") or "")
    if citations:
        app.add_js_file(SCRIPT)
    for link in LINK.findall("".join(citations)):
        if not re.search(r'\btitle="[^"]', link):
            log.warning("a citation does not carry what it stands for: %s", link, location=page)


def setup(app) -> dict:
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
