"""The benchmark's part for nbgrader: drawn evenly from the class that the course grades."""

from collections import Counter

import pytest


@pytest.fixture
def grading(bench):
    return bench("grading")


def test_every_kind_is_drawn_in_its_share(grading):
    order = [kind for kind, share in grading.KINDS.items() for _ in range(2 * share)]
    class_ = [grading.Submission(f"{n:03}", f"chapter {n % 7}", kind, {}) for n, kind in enumerate(order)]
    parts = grading.rounds_of(class_, 5)
    drawn = [grading.draw(part, number, 5) for number, part in enumerate(parts)]
    assert sorted(s.student for part in parts for s in part) == [s.student for s in class_]
    assert [len(part) for part in parts] == [40] * 5 and [len(part) for part in drawn] == [12] * 5
    for mine, part in zip(drawn, parts, strict=True):
        assert len({s.student for s in mine} & {s.student for s in part}) == 12
    kinds = Counter(s.kind for part in drawn for s in part)
    assert all(abs(kinds[kind] - 0.6 * share) <= 1.5 for kind, share in grading.KINDS.items()), kinds
    chapters = Counter(s.chapter for part in drawn for s in part)
    assert min(chapters.values()) >= 4, chapters
