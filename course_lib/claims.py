"""What a page says of a run that it makes itself, checked on the machine that makes it.

Training a GAN is chaotic in floating point: another processor, another number of threads or another seed gives another
run. What a text claims therefore rests on records over seeds, asserted without computing; a run made in the page
illustrates it. Where the illustration comes out otherwise, the page says so and the build goes on.
"""

import html
import json
import os
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.records import read_lines
from course_lib.training import tiers

STRICT = "COURSE_STRICT"  # set to 1 in continuous integration: there a disagreement is an error
LOG = "COURSE_CLAIMS_LOG"  # a file that `course robustness` reads: one JSON line for each claim made


def live(name: str, holds: bool, here: str, recorded: str = "") -> None:
    """Say in the page when a run made here does not show what the text says of it.

    `name` identifies the claim in the whole book ("collapse-chase"); `here` says in words and numbers what this run
    showed, so that it reads after "On this machine, ..."; `recorded` says what the recorded study found, as a whole
    sentence; without it, the page counts the recorded variations in which the claim held (`course robustness`).

    The smoke tier trains too little to show anything: there nothing is said. Raises AssertionError for a claim that
    does not hold where COURSE_STRICT is 1.
    """
    if tiers.current() == "smoke":
        return
    holds = bool(holds)
    if log := os.environ.get(LOG):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"claim": name, "holds": holds, "here": here}) + "\n")
    if holds:
        return
    recorded = recorded or tally(name)
    if os.environ.get(STRICT) == "1":
        raise AssertionError(f"the claim '{name}' does not hold here: {here}. {recorded}")
    from IPython.display import HTML, display

    display(
        HTML(
            '<div class="admonition warning"><p class="admonition-title">This machine shows something else</p>'
            f"<p>On this machine, {html.escape(here)}. {html.escape(recorded)} The text describes the recorded "
            "runs.</p></div>"
        )
    )


def tally(name: str) -> str:
    """In how many of the recorded variations of its page a claim held, as a sentence."""
    rows = [row for row in variations() if row["claim"] == name]
    if not rows:
        return "No variation of this run has been recorded yet."
    held = sum(row["holds"] for row in rows)
    return (
        f"In the runs recorded under other seeds and settings of the processor it came out as the text says in {held} "
        f"of {len(rows)}."
    )


def variations(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every claim under every recorded variation: the lines of `records/robustness/`, one file a page."""
    folder = folder or paths.records() / "robustness"
    return [row for path in sorted(folder.glob("*.jsonl")) for row in read_lines(path)]
