"""What a student reads: short, with a pointer and a hint, safe as HTML, and never a traceback."""

import json
import re

import pytest

from course_lib import paths
from course_lib.checks import check, hint, progress, show
from course_lib.checks.api import of_chapter
from course_lib.checks.engine import display


@pytest.fixture
def printed(capsys):
    return lambda: capsys.readouterr().out


def test_a_pass_counts_and_is_kept(printed):
    check("game-far-apart", 0.69)
    assert re.fullmatch(r"Passed: .*log 2.* 1 of 6 in this notebook\.\n", printed())
    check("game-far-apart", 5.0)
    check("game-far-apart", 0.693)
    assert printed().endswith("1 of 6 in this notebook.\n")
    assert json.loads((paths.cache() / "exercises.json").read_text())["passed"] == ["game-far-apart"]
    progress("01-gan-game")
    assert "01-gan-game: 1 of 6\n" in (text := printed()) and "✓ How far is far?" in text


def test_a_mistake_is_named_with_a_pointer_and_a_way_to_a_hint(printed):
    check("game-far-apart", 1.0)
    text = printed()
    assert text.startswith("Not yet: In bits") and "See Chapter 1, “What the value measures”." in text
    assert text.endswith('hint("game-far-apart") gives a hint.\n')


def test_hints_come_one_at_a_time(printed):
    hints = next(e for e in of_chapter("game") if e.name == "game-value").hints
    shown = []
    for _ in range(3):
        hint("game-value")
        shown.append(printed())
    assert hints[0] in shown[0] and hints[1] not in shown[0]
    assert hints[1] in shown[1] and shown[1] == shown[2]
    hint("game-faster-examiner")
    assert "no hint" in printed()


@pytest.mark.parametrize("call", [check, hint, progress, show])
def test_a_name_that_does_not_exist_is_a_sentence(printed, call):
    call("game-valeu")
    text = printed()
    assert text.startswith("Not yet: No ") and text.count("\n") == 1
    if call is not progress:
        assert "game-value" in text


def test_a_cell_run_without_an_answer_is_not_begun(printed):
    check("game-value", ...)
    check("game-value")
    assert printed().count("Not begun") == 2


def test_progress_survives_a_file_that_is_damaged_or_cannot_be_written(printed, monkeypatch):
    (paths.cache() / "exercises.json").write_text("{")
    check("game-far-apart", 0.69)
    assert "1 of 6" in printed()
    # a file where the folder should be
    monkeypatch.setenv("COURSE_CACHE", str(paths.cache() / "exercises.json"))
    check("game-far-apart", 0.69)
    assert "1 of 6" in printed()


def test_html_shows_code_and_lets_nothing_else_through():
    exercise = of_chapter("game")[0]
    shown = display.Note("not yet", "x `a<b` <script>", "after", exercise)._repr_html_()
    assert "<code>a&lt;b</code>" in shown and "<script" not in shown
    assert 'href="../book/01b-value.ipynb#heading=The-best-discriminator"' in shown
    stressed = display.Note("hint", "the *other one*, `a *b* c`, 2*a*b, f* and g*, f(*a, *b)")._repr_html_()
    assert "the <em>other one</em>, <code>a *b* c</code>, 2*a*b, f* and g*, f(*a, *b)" in stressed
    odd = display.Note("not yet", "one ` only <b>")._repr_html_()
    assert "<code>" not in odd and "&lt;b&gt;" in odd


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", display.EDGES.values())
@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
def test_edges_stand_out_on_light_and_on_dark(colour, ground):
    """WCAG 2.1: graphical objects need a contrast of 3 with what lies behind them (2.5 allowed on white)."""
    a, b = sorted([luminance(colour), luminance(ground)])
    assert (b + 0.05) / (a + 0.05) > 2.5


def test_what_an_exercise_is_about_is_shown(printed):
    show("collapse-clinic")
    assert printed().count("Run ") == 3
    show("game-value")
    assert "nothing to show" in printed()
