"""The evidence of the exercises on recorded runs: it must tell the runs apart on every seed, with room to spare."""

import numpy as np
import pytest

from course_lib.checks.api import exercise_named
from course_lib.checks.chapters.ch02 import recorded_gradients
from course_lib.checks.chapters.ch03 import stopped_early
from course_lib.checks.chapters.ch05 import watched_losses
from course_lib.checks.engine import recorded_runs
from course_lib.errors import CourseError

MODULES = {
    "nonsat-whose-gradient": (recorded_gradients, lambda: recorded_gradients.explained()),
    "dcgan-stopped-early": (stopped_early, lambda: stopped_early.EXPLAINED),
    "wgan-watched": (watched_losses, lambda: watched_losses.EXPLAINED),
}


@pytest.mark.parametrize("name", MODULES)
def test_every_wrong_word_is_explained(name):
    module, explained = MODULES[name]
    right, wrong = module.truth(), explained()
    words = set(right.values())
    assert right.keys() == wrong.keys()
    for letter, word in right.items():
        assert wrong[letter].keys() == words - {word}, letter
    used = {diagnosis for words in wrong.values() for diagnosis in words.values()}
    assert used | {"letters"} == exercise_named(name).mistakes.keys()
    for letter, diagnoses in wrong.items():
        for diagnosis in diagnoses.values():
            sentence = exercise_named(name).mistakes[diagnosis]
            assert sentence.format(letter=letter).startswith(f"{letter}:"), "a sentence about another letter"


@pytest.mark.parametrize("name", MODULES)
def test_the_figure_is_drawn_and_said_in_numbers(name):
    import matplotlib.pyplot as plt

    module, _ = MODULES[name]
    before = dict(plt.rcParams)
    figure = module.figure()
    assert figure.axes and all(ax.lines for ax in figure.axes)
    plt.close(figure)
    assert dict(plt.rcParams) == before, "the student's own figures keep their look"
    text = module.table()
    assert all(f" {letter}" in text for letter in module.truth())
    assert max(map(len, text.splitlines())) <= 96, "JupyterLab breaks longer lines in two"
    # no name of a run may stand where the student reads
    assert not any(word in text for word in ("minimax", "batch", "critic", "clip"))


def test_gradients_name_their_costs_on_every_seed():
    runs = recorded_runs.runs(recorded_gradients.STUDY, recorded_gradients.BURIED)
    a, b, c = (recorded_runs.measured(runs, f"{cost}/norm")[1] for cost in recorded_gradients.CURVES.values())
    assert len(a) >= 5
    # where D(G(z)) is about ½, two slopes are alike, and the third is twice as large
    assert (a[:, 0] > 2 * c[:, 0]).all() and (np.abs(np.log(b[:, 0] / c[:, 0])) < np.log(1.6)).all()
    # where it is about 0, A and C are alike and B is thousands of times as large
    assert (np.abs(a[:, -1] / c[:, -1] - 1) < 0.01).all() and (b[:, -1] > 1_000 * c[:, -1]).all()
    assert (c <= 1.05 * a).all()
    # D(G(z)) can be read off the curves
    believed = recorded_runs.measured(runs, "fake_probability")[1][:, -1]
    assert (np.abs(np.log(c[:, -1] / b[:, -1] / believed)) < np.log(2)).all()


def test_losses_name_their_games_on_every_seed():
    x, y, z = (
        recorded_runs.logged(recorded_runs.runs(recorded_gradients.STUDY, variant), "generator/loss")[1]
        for variant in recorded_gradients.RUNS.values()
    )
    assert x.max() < 0 and y.max() < 0 and z.min() > 1
    assert y.min(1).max() < 5 * x.min(), "the maximum-likelihood loss plunges in every run"
    assert np.abs(y[:, -1]).max() < 1e-3 < 0.1 < np.abs(x[:, -1]).min()


def test_runs_stopped_early_are_told_apart_on_every_seed():
    p, q, r, s = runs = [
        recorded_runs.runs(stopped_early.STUDY, variant) for variant in stopped_early.RUNS.values()
    ]
    of_d = [
        recorded_runs.logged(run, "discriminator/loss", stopped_early.STOPPED)[1][:, 1:].mean(1)
        for run in (s, q, r, p)
    ]
    for lower, higher in zip(of_d, of_d[1:], strict=False):
        assert lower.max() + 0.05 < higher.min()
    first = [recorded_runs.logged(run, "generator/loss")[1][:, 0] for run in (p, r, q, s)]
    for lower, higher in zip(first, first[1:], strict=False):
        assert 1.15 * lower.max() < higher.min()
    far = [recorded_runs.measured(run, "frechet")[1][:, 1] for run in runs]
    assert recorded_runs.measured(p, "frechet")[0][1] == stopped_early.STOPPED
    assert 1.2 * far[1].max() < min(far[k].min() for k in (0, 2, 3)) and far[3].max() < far[2].min()


def test_watched_losses_are_told_apart_on_every_seed():
    p, q, r, s = (watched_losses.values(letter)[1] for letter in watched_losses.RUNS)
    assert (s.min(1) < -0.1).all() and min(p.min(), q.min(), r.min()) > 0
    assert q.min() > 2 * np.log(2) and s[:, 0].min() > 5  # above the ceiling of JS
    assert r.max() < np.log(2) and (r[:, 0] > 0.4).all() and np.ptp(r[:, 5:]) < 0.15
    assert p.max() < 0.2 and (p[:, 0] < 0.1 * p.max(1)).all()


def test_a_matching_is_read_generously_and_checked_letter_by_letter(trial):
    right, explained = {"A": "one-two", "B": "three"}, {"A": {"three": "twice"}, "B": {"one-two": "far"}}
    recorded_runs.match({"B": " Three.", "A": "One two"}, trial, right, explained)
    for answer, sentence in (
        (None, "Nothing to check yet"),
        ({"A": "one-two", "B": ...}, "No word yet for B"),
        ({"A": 3, "B": "three"}, 'A must be one of "one-two", "three"'),
        ({"A": "three", "B": "three"}, "It is twice as large."),
    ):
        with pytest.raises(Exception, match=sentence):
            recorded_runs.match(answer, trial, right, explained)


def test_a_variant_that_is_not_in_the_record_is_a_sentence():
    with pytest.raises(CourseError, match="has no runs of 'nothing'"):
        recorded_runs.runs("clinic", "nothing")


@pytest.mark.parametrize(
    ("values", "words"), [([3], "3 (3 to 3)"), ([-0.0, 0, 0], "0 (0 to 0)"), ([-12000.4] * 2, "-12,000 (")]
)
def test_numbers_are_short(values, words):
    assert recorded_runs.summary(values).startswith(words)
