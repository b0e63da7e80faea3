"""Folded code stands below what it shows, and a chapter's first picture comes before any bar.

Of the cells whose code is folded (tag hide-input), those that show nothing, such as a chapter's imports, would each be
a bar of its own, and several in a row would stand between the reader and the picture that they prepare. Their code
goes into the fold of the next folded cell that shows something; what is shown comes first, its one bar below it.
"""

from collections.abc import Sequence

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

SOURCE, OUTPUT = "cell_code_source", "cell_code_output"
# what may stand between the cells: no heading, and no code that a reader sees, which might need what they make
TEXT = (nodes.paragraph, nodes.comment, nodes.target)


def part(cell: nodes.Element, name: str) -> nodes.Element | None:
    """The source or the output of a cell, None where there is none."""
    found = (child for child in cell.children if isinstance(child, nodes.Element))
    return next((child for child in found if child.get("nb_element") == name and child.children), None)


def is_folded(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.container)
        and node.get("nb_element") == "cell_code"
        and node.get("hide_mode") == "input"
        and part(node, SOURCE) is not None
    )


def gather(siblings: Sequence[nodes.Node]) -> None:
    """Move the code of silent folded cells into the next folded cell, which is at most some paragraphs away."""
    waiting: list[nodes.Element] = []
    for node in list(siblings):
        if is_folded(node):
            if waiting:
                earlier = [code for cell in waiting for code in part(cell, SOURCE).children]
                part(node, SOURCE).insert(0, earlier)
                for cell in waiting:
                    cell.parent.remove(cell)
            waiting = [] if part(node, OUTPUT) else [node]
        elif not isinstance(node, TEXT):
            waiting = []


class GatherFolds(SphinxPostTransform):
    """Before myst-nb makes folds (priority 199)."""

    default_priority = 198
    formats = ("html",)

    def run(self, **options) -> None:
        for parent in {id(cell.parent): cell.parent for cell in self.document.findall(is_folded)}.values():
            gather(parent.children)


class ShowBeforeCode(SphinxPostTransform):
    """After myst-nb has made folds."""

    default_priority = 250
    formats = ("html",)

    def run(self, **options) -> None:
        for cell in list(self.document.findall(nodes.container)):
            if (
                cell.get("nb_element") == "cell_code"
                and cell.get("hide_mode") == "input"
                and part(cell, OUTPUT)
            ):
                cell.children.append(cell.children.pop(0))


def setup(app) -> dict:
    app.add_post_transform(GatherFolds)
    app.add_post_transform(ShowBeforeCode)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
