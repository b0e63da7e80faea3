"""Answers as students write them: wrong ones with the diagnosis they must get, and right ones.

mutants/CHAPTER/EXERCISE.txt is a list of blocks, each an answer, under a line

    # %% game-value: overflow - goes by way of 1 - sigmoid

with the exercise, the diagnosis ("passed" for an alternative right answer) and a remark. Most are small changes of the
master's solution; `edits` says how they are written. What stands before the first block is imported for all of them,
beside what the notebook itself imports.
"""

import linecache
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.checks.engine import cells, masters
from exercises import edits

MUTANTS = Path(__file__).resolve().parent / "mutants"
_TITLE = re.compile(r"^# %% (?P<exercise>[\w-]+): (?P<diagnosis>[\w-]+)(?: - (?P<remark>.*))?$", re.M)


@dataclass(frozen=True)
class Block:
    """One answer: `source` is what the student has in the answer cell."""

    exercise: str
    diagnosis: str
    remark: str
    source: str
    imports: str = ""

    def __str__(self) -> str:
        return f"{self.exercise}: {self.diagnosis}" + (f" - {self.remark}" if self.remark else "")


def blocks(chapter: str) -> list[Block]:
    """All wrong and alternative answers of a chapter; none where there is no folder, for its own tests to complain."""
    solved = {block.exercise: block.source for block in solutions(chapter)}
    return [block for path in sorted((MUTANTS / chapter).glob("*.txt")) for block in _blocks_in(path, solved)]


def _blocks_in(path: Path, solved: dict[str, str]) -> list[Block]:
    text = path.read_text("utf-8")
    titles = list(_TITLE.finditer(text))
    # a title that is misspelt would silently join the block above it
    assert len(titles) == text.count("# %%"), f"{path}: a line with `# %%` is no title"
    assert {title["exercise"] for title in titles} == {path.stem}, f"{path} holds answers to another exercise"
    ends = [title.start() for title in titles[1:]] + [len(text)]
    return [
        Block(
            title["exercise"],
            title["diagnosis"],
            title["remark"] or "",
            _source(title, text[title.end() : end].strip("\n") + "\n", solved[path.stem]),
            text[: titles[0].start()],
        )
        for title, end in zip(titles, ends, strict=True)
    ]


def _source(title: re.Match[str], text: str, solution: str) -> str:
    try:
        return edits.resolve(text, solution)
    except edits.DoesNotApply as error:
        raise AssertionError(f"{title[0]}: {error}; was the solution changed?") from error


def solutions(chapter: str) -> list[Block]:
    """The master's own answers."""
    return [
        Block(cells.exercise_of(cell), "passed", "solution", cells.solution(cell) + "\n")
        for cell in masters.read(chapter)["cells"]
        if cells.role(cell) == "answer"
    ]


def starters(chapter: str) -> list[Block]:
    """The answer cells as the student gets them."""
    return [
        Block(cells.exercise_of(cell), "not-begun", "starter", cells.without_solution(cell) + "\n")
        for cell in masters.read(chapter)["cells"]
        if cells.role(cell) == "answer"
    ]


def value(chapter: str, block: Block, name: str) -> Any:
    """What `name` is after the notebook's imports and the block have run."""
    setup = next(c for c in masters.read(chapter)["cells"] if c["id"] == "setup")["source"]
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(setup + "\n" + block.imports, "<imports>", "exec"), space)
    place = f"<{block}>"
    # so that a message can quote the student's line, as it can in a notebook
    linecache.cache[place] = (len(block.source), None, block.source.splitlines(keepends=True), place)
    exec(compile(block.source, place, "exec"), space)
    return space[name]
