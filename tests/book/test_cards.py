"""The link to the cards of all questions, which are no file among the sources."""

from types import SimpleNamespace

import self_test
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes


def test_a_link_to_the_cards_leads_to_where_they_are_written():
    document = new_document("book/01-x")
    for target in ("../_static/self-tests.txt", "01-y"):
        document += addnodes.pending_xref("", nodes.inline("", "link"), reftarget=target)
    self_test.link_cards(SimpleNamespace(env=SimpleNamespace(docname="book/01-x")), document)
    assert document[0]["refuri"] == "../_static/self-tests.txt" and document[0].astext() == "link"
    assert isinstance(document[1], addnodes.pending_xref)
