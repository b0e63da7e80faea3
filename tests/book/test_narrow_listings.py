"""The library's code on a page is narrow, and the same code."""

import ast
import textwrap
from pathlib import Path

import narrow_listings
import pytest
import reading_time
from docutils import nodes
from docutils.utils import new_document
from IPython.display import Code

PROJECT = Path(__file__).resolve().parents[2]
WIDE = '''
    def step(self, batch):
        """What a step does, in a line that is as long as lines of the library may be, and so is broken off and goes on
        here.

        batch: a name with its meaning
        more: another
        """
        # a remark of more than seventy-two columns, which therefore has to be set anew
        loss = self.objective(self.networks["generator"], self.networks["discriminator"])  # the loss of both
        return {"loss": loss}
'''
NARROW = '''
def step(self, batch):
    """What a step does, in a line that is as long as lines of the
    library may be, and so is broken off and goes on here.

    batch: a name with its meaning
    more: another
    """
    # a remark of more than seventy-two columns, which therefore has to
    # be set anew
    # the loss of both
    loss = self.objective(
        self.networks["generator"], self.networks["discriminator"]
    )
    return {"loss": loss}
'''


def without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.dump(tree)


def functions_of_library() -> list[str]:
    """Source of every class and function of the methods and networks, as a page would show it."""
    found = []
    for folder in ("methods", "networks"):
        for path in sorted((PROJECT / "course_lib" / folder).glob("*.py")):
            source = path.read_text("utf-8")
            parts = [
                node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)
            ]
            lines = source.splitlines()
            found += [
                "\n".join(lines[first.lineno - 1 : part.end_lineno])
                for part in parts
                for first in [(part.decorator_list or [part])[0]]
            ]
    return found


def test_code_comments_and_docstrings_are_broken():
    assert narrow_listings.narrow(WIDE).strip() == NARROW.strip()


def test_the_code_of_the_library_stays_the_same_code():
    for source in functions_of_library()[::4]:
        shown = narrow_listings.narrow(source)
        assert without_docstrings(shown) == without_docstrings(source)

        wide = [line for line in shown.splitlines() if len(line) > narrow_listings.COLUMNS]
        # a string stays one string
        assert all('"' in line for line in wide), wide


METHOD = "    def step(self):\n        return 1"
FUNCTION = "def f(x):\n    def inner():\n        pass\n\n    def other():\n        pass\n\n    return x"
CLASS = "class A:\n    def f(self):\n        pass\n\n    @property\n    def g(self):\n        pass"


@pytest.mark.parametrize("parts", [(METHOD, FUNCTION, METHOD), (FUNCTION, FUNCTION), (METHOD, CLASS)])
def test_methods_and_functions_below_each_other_begin_at_the_left(parts):
    shown = narrow_listings.narrow("\n\n".join(parts))
    assert shown.strip() == "\n\n".join(textwrap.dedent(part) for part in parts)


@pytest.mark.parametrize("text", ["def f(:\n    " + "x" * 90, "    not python at all, " + "word " * 30])
def test_what_is_no_python_is_shown_as_it_was(text):
    assert narrow_listings.narrow(text) == textwrap.dedent(text).strip("\n") + "\n"


def bundle(code: Code, **more: str) -> nodes.container:
    """The output of a cell, as myst-nb hands it on."""
    kinds = {"text/html": code._repr_html_(), "text/plain": repr(code), **more}
    outputs = [
        nodes.container(
            "",
            nodes.raw("", text, format="html") if kind == "text/html" else nodes.literal_block(text, text),
            mime_type=kind,
        )
        for kind, text in kinds.items()
    ]
    return nodes.container("", *outputs, nb_element="mime_bundle")


def test_a_page_shows_it_as_its_own_code_and_its_lines_count_as_they_were_written():
    document = new_document("book/01-x")
    cell = nodes.container("", bundle(Code(WIDE, language="python")), classes=["tag_hide-input"])
    document += [
        cell,
        nodes.container("", bundle(Code("x = 1", language="python"), **{"text/html": "<b>1</b>"})),
    ]
    narrow_listings.show(None, document)
    shown, other = document.findall(nodes.literal_block)
    assert shown.astext() == NARROW.lstrip() and shown["language"] == "python"
    assert [kind["mime_type"] for kind in cell.children[0].children] == ["text/html"]
    assert other.astext() == "x = 1"
    assert reading_time.count(cell).code_lines == len(WIDE.strip().splitlines())
