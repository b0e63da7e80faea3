"""What became of each fault: counted while the tests run, shown as a table when they have."""

from collections import Counter, defaultdict

from faults import at_random

OUTCOMES = ("identical", "clear sentence", "bad")
# beside the kinds of `at_random`, which are counted under their own names
KINDS = {
    "a bit of a checkpoint", "a checkpoint cut short", "a file of a run", "a full disk", "a kill", "a loss that is NaN",
    "an installed wheel", "one of two processes", "prepared data", "the end of its time",
    "the folder, while it is trained", "the machine", "what a run is made of",
}  # fmt: skip
_COUNTS: defaultdict[str, Counter[str]] = defaultdict(Counter)


def note(kind: str, outcome: str) -> None:
    """Count a fault of a kind: one of `KINDS`, or of `at_random`."""
    assert outcome in OUTCOMES, outcome
    assert kind in KINDS or kind in (*at_random.OF_ONE, *at_random.OF_SEVERAL), kind
    _COUNTS[kind][outcome] += 1


def table() -> list[str]:
    """A line for each kind, with the sum of all below; empty when nothing was counted."""
    if not _COUNTS:
        return []
    total: Counter[str] = sum(_COUNTS.values(), Counter())
    rows = [(kind, counts) for kind, counts in sorted(_COUNTS.items())] + [("all", total)]
    width = max(len(kind) for kind, _ in rows)
    return [
        f"{'':{width}}  faults" + "".join(f"  {outcome}" for outcome in OUTCOMES),
        *(
            f"{kind:{width}}  {sum(counts.values()):6}"
            + "".join(f"  {counts[outcome]:{len(outcome)}}" for outcome in OUTCOMES)
            for kind, counts in rows
        ),
    ]
