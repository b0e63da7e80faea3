"""What the library says of chapters: each is there, and its page has a heading on what it is named for."""

import ast
import json
import re
from pathlib import Path

import pytest

from course_lib import pages

NAMED = re.compile(r"\b[Cc]hapters? (\d+[a-z]?(?:(?:, | and | to )\d+[a-z]?)*)")
# a word of a sentence that names a chapter -> what a heading of that page must hold
TOPICS = {"clinic": "clinic", "collapses": "collapse", "saturate": "saturat"}
OF_OTHER_BOOKS = ("data/matlab.py", "theory/convolutions.py")


def headings(project) -> dict[str, str]:
    """Number of a chapter -> its headings, in small letters."""
    found = {}
    for name in pages.of_book(project):
        number = Path(name).name.partition("-")[0].lstrip("0") or "0"
        if name.count("/") == 1 and number[0].isdigit():  # and no page of exercises
            cells = json.loads((project / f"{name}.ipynb").read_text("utf-8"))["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
            found[number] = "\n".join(line.lower() for line in text.split("\n") if line.startswith("#"))
    return found


def sentences(source: str) -> list[str]:
    """What a file says, in messages and docstrings; what is put into a message is left out."""
    said, inner = [], set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inner |= set(node.values)
            said.append("".join(v.value if isinstance(v, ast.Constant) else "…" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inner:
            said.append(node.value)
    return [
        sentence for text in said for sentence in re.split(r"(?<=[.:!?])\s+(?=[A-Z])", " ".join(text.split()))
    ]


def named(sentence: str) -> list[str]:
    return [n for found in NAMED.findall(sentence) for n in re.split(r", | and | to ", found)]


def wrong(sentence: str, chapters: dict[str, str]) -> str:
    """What is wrong about the chapters that a sentence names; empty when nothing is."""
    numbers = named(sentence)
    if missing := [n for n in numbers if n not in chapters]:
        return f"there is no chapter {', '.join(missing)}"
    for word, heading in TOPICS.items():
        if numbers and word in sentence.lower() and not any(heading in chapters[n] for n in numbers):
            return f"no heading there speaks of '{heading}'"
    return ""


@pytest.fixture(scope="module")
def chapters(project):
    return headings(project)


def test_the_chapters_that_the_library_names_are_there_and_treat_it(project, chapters):
    bad, of_alarms = {}, 0
    for file in sorted((project / "course_lib").rglob("*.py")):
        name = str(file.relative_to(project / "course_lib"))
        if name in OF_OTHER_BOOKS or "hapter" not in (source := file.read_text("utf-8")):
            continue
        for sentence in sentences(source):
            of_alarms += name == "training/alarms.py" and bool(named(sentence))
            if said := wrong(sentence, chapters):
                bad[f"{name}: {sentence}"] = said
    assert not bad
    assert of_alarms >= 5, "the sentences are found"


def test_a_chapter_that_is_not_there_and_one_on_something_else_are_found(chapters):
    assert (
        wrong("The clinic of chapter 4 says what to try", chapters) == "no heading there speaks of 'clinic'"
    )
    assert not wrong("The clinic of chapter 4b says what to try", chapters)
    assert wrong("Chapters 2, 3 and 99 have it", chapters) == "there is no chapter 99"
    assert sentences('f"at step {n}. Chapter 4 " f"says."\n') == ["at step ….", "Chapter 4 says."]
