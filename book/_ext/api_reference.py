"""The reference of the library: one page a package, whose entries Sphinx reads from the docstrings.

    python book/_ext/api_reference.py        writes book/api/*.md, one for each package; a test says when they are old

Docstrings here are plain text with `code` in single backticks. Before Sphinx reads one it becomes reStructuredText:
what would be markup in it is taken literally, and `name: what it is` at the start of a line begins an item of a list.
"""

import dataclasses
import inspect
import re
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "theory",
    "data",
    "networks",
    "objectives",
    "evaluation",
    "methods",
    "inversion",
    "training",
    "recipes",
)
# what every package may import, and what chapters read by themselves
BESIDE = ("claims", "errors", "files", "ranks", "records", "schedules", "seeds", "settings", "sharing", "zoo")
ITEM = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (?=\S)")
FIELD = re.compile(r"((?:^ {4}# .+\n)*)^ {4}(\w+): [^#\n]*?(?: = (.*?))?(?:  # (.+))?$", re.MULTILINE)
SPECIAL = re.compile(r"([\\*|_<>])")


def modules(package: str) -> list[str]:
    """Public modules of a package, by name."""
    folder = PROJECT / "course_lib" / package
    paths = [path.relative_to(folder).with_suffix("") for path in sorted(folder.rglob("*.py"))]
    return [".".join(path.parts) for path in paths if not any(part.startswith("_") for part in path.parts)]


def page(package: str) -> str:
    """The page of a package, in Markdown."""
    blocks = [f"(api-{package})=\n# `course_lib.{package}`"]
    for module in modules(package):
        directive = f".. automodule:: course_lib.{package}.{module}\n   :members:"
        blocks.append(f"## `{module}`\n\n```{{eval-rst}}\n{directive}\n```")
    return "\n\n".join(blocks) + "\n"


def page_beside() -> str:
    """The page of the modules that stand beside the packages."""
    blocks = ["(api-beside)=\n# Beside the packages"]
    for module in BESIDE:
        blocks.append(
            f"## `{module}`\n\n```{{eval-rst}}\n.. automodule:: course_lib.{module}\n   :members:\n```"
        )
    return "\n\n".join(blocks) + "\n"


def pages() -> dict[str, str]:
    """File name -> its text."""
    return {f"{package}.md": page(package) for package in PACKAGES} | {"beside.md": page_beside()}


def literal(text: str) -> str:
    """A line of a docstring as reStructuredText: `code` as code, all else as it stands."""
    parts = re.split(r"`+([^`]+)`+", text)
    return "".join(
        f"``{part.strip()}``" if i % 2 else SPECIAL.sub(r"\\\1", part).replace("`", "\\`")
        for i, part in enumerate(parts)
    )


def restructured(lines: list[str]) -> list[str]:
    """A docstring's lines as reStructuredText: paragraphs, lists of what arguments are, and examples."""
    result: list[str] = []
    for block in "\n".join(lines).split("\n\n"):
        rows = [row for row in block.split("\n") if row.strip()]
        if not rows:
            continue
        if all(row.startswith("    ") for row in rows):  # an example or a formula that stands by itself
            result += ["::", "", *rows, ""]
            continue
        items: list[str] = []
        for row in rows:
            begins = ITEM.match(row) or not items
            if begins:
                items.append(row.strip())
            else:
                items[-1] += " " + row.strip()
        for item in items:
            if name := ITEM.match(item):
                result += [f"- **{literal(name[1])}**: {literal(item[name.end() :])}"]
            else:
                result += ["", literal(item), ""]
        result.append("")
    return result


def process(app, what, name, thing, options, lines) -> None:
    """What autodoc calls with each docstring."""
    lines[:] = restructured(list(lines))
    if what == "class" and dataclasses.is_dataclass(thing):
        lines += ["", *fields(inspect.getsource(thing))]


def fields(source: str) -> list[str]:
    """The fields of a dataclass with what stands beside or above each, as a list."""
    listed = []
    for above, name, default, beside in FIELD.findall(source):
        if comment := beside or " ".join(line.strip(" #") for line in above.splitlines()):
            given = f" (default ``{default}``)" if default else ""
            listed.append(f"- **{literal(name)}**{given}: {literal(comment)}")
    return listed


def signature(app, what, name, thing, options, arguments, returned):
    """A dataclass has its fields in a list: as arguments they would stand there twice."""
    return ("", None) if what == "class" and dataclasses.is_dataclass(thing) else None


def setup(app) -> dict:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-process-signature", signature)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    folder = PROJECT / "book" / "api"
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.exit(0)
