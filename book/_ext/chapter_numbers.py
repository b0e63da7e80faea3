"""A chapter carries the number of its file.

Sphinx counts the chapters that there are. Where the files leave numbers out, so that 09-glo follows 06-f-gans, its
count would call the ninth chapter the seventh, and everything numbered in it as well.
"""

import re

from docutils import nodes

CHAPTER = re.compile(r"(?:.*/)?(\d+)([a-z]?)-[^/]+")


def number_of(page: str) -> int | str | None:
    """9 for book/09-glo, "12b" for book/12b-name, None for a page whose name has no number."""
    name = CHAPTER.fullmatch(page)
    return name and (f"{int(name[1])}{name[2]}" if name[2] else int(name[1]))


def renumber(app, env) -> list[str]:
    """Give each numbered page, its sections, figures, equations and theorems the number in its file's name.

    Returns the pages that changed, which Sphinx then writes again.
    """
    changed = []
    for page, sections in env.toc_secnumbers.items():
        own = number_of(page)
        numbers = [number for number in sections.values() if number]
        if own is None or not numbers or numbers[0][0] == own:
            continue
        changed.append(page)

        def right(number, chapter=own):
            return (chapter, *number[1:]) if number else number

        env.toc_secnumbers[page] = {anchor: right(number) for anchor, number in sections.items()}
        env.toc_fignumbers[page] = {
            kind: {label: right(number) for label, number in of_kind.items()}
            for kind, of_kind in env.toc_fignumbers.get(page, {}).items()
        }
        titles = [table[page] for table in (env.titles, env.longtitles)]
        for node in [*env.tocs[page].findall(nodes.reference), *titles]:
            if node.get("secnumber"):
                node["secnumber"] = right(node["secnumber"])
    return changed


def setup(app) -> dict:
    # after Sphinx's own collectors, which count at priority 500
    app.connect("env-get-updated", renumber, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
