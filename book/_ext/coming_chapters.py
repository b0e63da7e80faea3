"""Chapters to come stand in the side bar and on the front page, so that no number is left out in silence.

`course_coming` in _config.yml is the only list: {number: title}, a number such as 8 or "12b". Whoever adds a chapter
need not touch it: a number that the book has is left out of it.
"""

import re
from collections.abc import Iterable, Mapping

from bs4 import BeautifulSoup

NUMBERED = re.compile(r"\s*(\d+[a-z]?)\.\s")  # how the side bar begins the name of a chapter


def order(number: int | str) -> tuple[int, str]:
    """Where a chapter comes: 9 before 12, 12 before "12b"."""
    digits, letter = re.fullmatch(r"(\d+)([a-z]?)", str(number)).groups()
    return int(digits), letter


def to_come(planned: Mapping[int | str, str], there: Iterable[int | str]) -> dict[str, str]:
    """The planned chapters that are not there, {number: title}, in their order."""
    known = set(map(str, there))
    return {str(number): planned[number] for number in sorted(planned, key=order) if str(number) not in known}


def fill_side_bar(side_bar: str, planned: Mapping[int | str, str]) -> str:
    """The side bar's HTML with the chapters to come between those that are there."""
    if not planned:
        return side_bar
    soup = BeautifulSoup(side_bar, "html.parser")
    entries = {
        found[1]: entry
        for entry in soup.select("li.toctree-l1")
        if entry.a and (found := NUMBERED.match(entry.a.get_text()))
    }
    if not entries:
        return side_bar
    for number, title in to_come(planned, entries).items():
        entry = soup.new_tag("li", attrs={"class": "toctree-l1 to-come"})
        name = soup.new_tag("span")
        name.string = f"{number}. {title} (to come)"
        entry.append(name)
        before = [other for other in entries if order(other) < order(number)]
        if before:
            entries[max(before, key=order)].insert_after(entry)
        else:
            entries[min(entries, key=order)].insert_before(entry)
        entries[number] = entry
    return str(soup)


def wrap(app, page: str, template: str, context: dict, doctree) -> None:
    """Let the theme's function that writes the side bar add them."""
    write = context.get("generate_toctree_html")
    if write is None:
        return

    def written(kind: str, **options):
        found = write(kind, **options)
        return fill_side_bar(str(found), app.config.course_coming) if kind == "sidebar" and found else found

    context["generate_toctree_html"] = written


def setup(app) -> dict:
    app.add_config_value("course_coming", {}, "html", dict)
    # after the theme's listener, which adds the function
    app.connect("html-page-context", wrap, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
