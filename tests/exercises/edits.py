"""Answers written as small changes of the master's solution.

A change is made of lines of these forms, applied one after the other to the solution:

    old => new      `old` stands once in the solution, and is replaced
    old =>* new     the same where it stands several times, everywhere
    - old           these whole lines, which stand together and once, are replaced ...
    + new           ... by these (there may be none); an empty line ends them

The body of the solution's function begins at the margin there. An answer that has only the head of the function in
common with the solution (its signature and docstring) is written as its body, indented; one that has nothing in common
as it is.
"""

import ast
import re
import textwrap

_ARROW = re.compile(r"^(?P<old>\S.*?) =>(?P<all>\*?)(?: (?P<new>.*))?$")


class DoesNotApply(Exception):
    """A change of something that is not in the solution, or is there several times."""


def is_change(text: str) -> bool:
    """Whether `text` is a change and no Python."""
    first = text.partition("\n")[0]
    return first.startswith(("- ", "+ ")) or bool(_ARROW.match(first))


def resolve(text: str, solution: str) -> str:
    """The source of an answer that is written as `text`. Raises DoesNotApply."""
    if is_change(text):
        head, body = split(solution)
        body = changed(body, text)
        return head + textwrap.indent(body, "    ") if head else body
    if text.startswith("    "):
        return split(solution)[0] + text
    return text


def split(solution: str) -> tuple[str, str]:
    """The head of the answer's function (signature, docstring) and its body, at the margin.

    A solution that is not one function has no head.
    """
    (function, *others) = ast.parse(solution).body
    if others or not isinstance(function, ast.FunctionDef):
        return "", solution
    lines = solution.splitlines(keepends=True)
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        start = first.end_lineno
    else:  # comments above the first line belong to the body
        start = next(n for n, line in enumerate(lines, 1) if line.rstrip().endswith(":"))
    return "".join(lines[:start]), textwrap.dedent("".join(lines[start:]))


def changed(body: str, change: str) -> str:
    """The body after a change. Raises DoesNotApply."""
    lines = change.rstrip("\n").split("\n")
    while lines:
        if not lines[0]:  # between two changes of whole lines
            del lines[0]
            continue
        if arrow := _ARROW.match(lines[0]):
            body = _replaced(body, arrow["old"], arrow["new"] or "", everywhere=bool(arrow["all"]))
            del lines[0]
            continue
        old, new = _taken(lines, "-"), _taken(lines, "+")
        if not old:
            raise DoesNotApply(f"no change: {(new or lines)[0]}")
        body = _replaced("\n" + body, "\n" + "".join(old), "\n" + "".join(new))[1:]
    return body


def _taken(lines: list[str], mark: str) -> list[str]:
    taken = []
    while lines and (lines[0] == mark or lines[0].startswith(mark + " ")):
        taken.append(lines.pop(0)[2:] + "\n")
    return taken


def _replaced(text: str, old: str, new: str, everywhere: bool = False) -> str:
    count = text.count(old)
    if count == 0 or (count > 1) != everywhere:
        raise DoesNotApply(f"{old.strip()!r} stands {count} times in the solution")
    return text.replace(old, new)
