"""What became of each fault: counted while the tests run, shown as a table when they have."""

from collections import Counter, defaultdict

OUTCOMES = ("identical", "clear sentence", "bad")
_COUNTS: defaultdict[str, Counter[str]] = defaultdict(Counter)


def note(kind: str, outcome: str) -> None:
    """Count a fault of a kind ("a file of a run", "the machine", ...)."""
    assert outcome in OUTCOMES, outcome
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
