"""The exam's answers, computed again from the text that a student reads, by other means than the library's."""

import math
import re

import pytest

from course_lib import cli
from course_lib.errors import UsageError
from course_lib.grading import exam

SEEDS = range(12)


def numbers(text: str) -> list[float]:
    return [float(found.replace("−", "-")) for found in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def by_name(seed: int) -> dict[str, exam.Question]:
    return {make.__name__: asked for make, asked in zip(exam.MAKERS, exam.questions(seed), strict=True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_discriminator_value_and_divergence(seed):
    asked = by_name(seed)["best_discriminator"]
    parts = numbers(asked.text)[:6]
    p, q = ([v / sum(law) for v in law] for law in (parts[:3], parts[3:]))
    best = [a / (a + b) for a, b in zip(p, q, strict=True)]
    v = sum(a * math.log(d) for a, d in zip(p, best, strict=True))
    v += sum(b * math.log(1 - d) for b, d in zip(q, best, strict=True) if b)
    told = numbers(asked.answer)
    assert told[:4] == pytest.approx([*best, v], abs=6e-4)
    assert told[-1] == pytest.approx((v + math.log(4)) / 2, abs=6e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_soft_labels_are_the_best_answer(seed):
    asked = by_name(seed)["soft_labels"]
    alpha, beta, ratio = numbers(asked.text)

    def loss(u):
        real = ratio * (alpha * math.log(u) + (1 - alpha) * math.log(1 - u))
        return -real - beta * math.log(u) - (1 - beta) * math.log(1 - u)

    best = min((i / 1000 for i in range(1, 1000)), key=loss)
    told = re.search(r"= ([\d.]+)\. Two", asked.answer)[1]
    assert float(told) == pytest.approx(best, abs=1.1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_paths_and_costs(seed):
    found = by_name(seed)
    logits = numbers(found["weights_of_samples"].text)
    squashed = [1 / (1 + math.exp(-s)) for s in logits]
    told = numbers(found["weights_of_samples"].answer)
    assert told[:3] == pytest.approx([d / sum(squashed) for d in squashed], abs=6e-4)
    other = [1 - d for d in squashed]
    assert told[3:6] == pytest.approx([d / sum(other) for d in other], abs=6e-4)

    x, y, steps, rate = numbers(found["players_on_xy"].text)
    expected = math.hypot(x, y) * (1 + rate**2) ** (steps / 2)
    assert re.search(r"= ([\d.]+)\. Two", found["players_on_xy"].answer)[1] == f"{expected:.3f}"

    places = numbers(found["moving_earth"].text)[:8]
    data, samples = sorted(places[:4]), sorted(places[4:])
    moves = [b - a for a, b in zip(data, samples, strict=True)]
    said = re.findall(r"[\d.]+\d", found["moving_earth"].answer)
    assert [float(v) for v in said] == pytest.approx(
        [sum(map(abs, moves)) / 4, abs(sum(moves)) / 4], abs=6e-4
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_penalty_gaussian_and_coins(seed):
    found = by_name(seed)
    asked = found["penalised_critic"]
    distance, weight = map(float, re.search(r"W₁ = (\d+)\..*weight (\d+) is", asked.text).groups())
    best = max((1 + i / 10_000 for i in range(20_000)), key=lambda s: s * distance - weight * (s - 1) ** 2)
    slope, difference = map(float, re.search(r"s = ([\d.]+), difference ([\d.]+)\.", asked.answer).groups())
    assert slope == pytest.approx(best, abs=1e-4) and difference == pytest.approx(best * distance, abs=2e-3)

    asked = found["best_gaussian"]
    share, apart = map(float, re.search(r"weight ([\d.]+) and N\((\d+), 1\)", asked.text).groups())
    mean = (1 - share) * apart
    variance = share * (1 + mean**2) + (1 - share) * (1 + (apart - mean) ** 2)
    told = re.search(r"Mean ([\d.]+), standard deviation ([\d.]+):", asked.answer).groups()
    assert [float(v) for v in told] == pytest.approx([mean, math.sqrt(variance)], abs=6e-3)

    a, b, c, d = numbers(found["three_divergences"].text)[:4]
    p, q = a / (a + b), c / (c + d)
    kl = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    assert kl > 0 and numbers(found["three_divergences"].answer)[:2] == pytest.approx(
        [kl, abs(p - q)], abs=6e-5
    )


def test_an_exam_is_its_seeds():
    first, again, other = (exam.questions(seed) for seed in (5, 5, 6))
    assert first == again
    assert sum(one.text != two.text for one, two in zip(first, other, strict=True)) >= 6


def test_answers_stand_apart_and_nothing_is_overwritten(tmp_path):
    assert cli.main(["exercises", "exam", "--seed", "5", "--out", str(tmp_path / "exam")]) == 0
    paper, answers = ((tmp_path / "exam" / name).read_text("utf-8") for name in ("exam.md", "answers.md"))
    assert "seed" not in paper and "5" in answers
    for asked in exam.questions(5):
        assert asked.text in paper and asked.answer in answers and asked.answer not in paper
    with pytest.raises(UsageError, match="is there already"):
        exam.write(5, tmp_path / "exam")
