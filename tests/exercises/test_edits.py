"""Answers written as changes: applied to the solution, and refused where they do not fit it."""

import pytest

from exercises import edits

SOLUTION = '''def area(width: float, height: float) -> float:
    """Width times height."""
    # of a rectangle
    product = width * height
    for _ in range(2):
        product = product + 0
    return product
'''
HEAD = SOLUTION[: SOLUTION.index("    # of")]
BODY = """# of a rectangle
product = width * height
for _ in range(2):
    product = product + 0
return product
"""


def test_a_solution_has_a_head_and_a_body():
    assert edits.split(SOLUTION) == (HEAD, BODY)
    assert edits.split("answer = 3\n") == ("", "answer = 3\n")


@pytest.mark.parametrize(
    ("change", "pairs"),
    [
        ("width * height => width + height", {"width * height": "width + height"}),
        ("product =>* p", {"product": "p"}),
        ("product + 0 =>", {"product + 0": ""}),
        (
            "- product = width * height\n+ # none\n+ product = 1",
            {"product = width * height": "# none\nproduct = 1"},
        ),
        ("-     product = product + 0\n+     pass", {"product = product + 0": "pass"}),
        ("- # of a rectangle\n\n- return product", {"# of a rectangle\n": "", "return product\n": ""}),
        ("width => 2\nheight => 3", {"width": "2", "height": "3"}),
    ],
)
def test_a_change_changes_the_body(change, pairs):
    expected = BODY
    for old, new in pairs.items():
        expected = expected.replace(old, new)
    assert edits.changed(BODY, change + "\n") == expected != BODY
    assert edits.resolve(change + "\n", SOLUTION).startswith(HEAD)


@pytest.mark.parametrize(
    "change",
    [
        "depth => height",  # not there
        "product => p",  # several times
        "width * height =>* 1",  # once only
        "- product = width",  # part of a line
        "- return product\n- product = width * height",  # not together
        "+ pass",  # nowhere
    ],
)
def test_a_change_that_does_not_fit_is_refused(change):
    with pytest.raises(edits.DoesNotApply):
        edits.resolve(change + "\n", SOLUTION)


def test_whole_bodies_and_whole_answers_stay_as_they_are():
    assert edits.resolve("    return 0\n", SOLUTION) == HEAD + "    return 0\n"
    for whole in ("area = None\n", "def area(a, b) -> int:\n    return {1: 2}[a - b]\n"):
        assert edits.resolve(whole, SOLUTION) == whole
