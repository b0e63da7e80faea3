"""A sample exam on paper: questions whose numbers come from the instructor's seed, and the answers apart.

Every answer is computed by the library from the drawn numbers. With another seed the ideas are the same and the numbers
are not, so a class may keep last year's exam.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from course_lib import files, seeds
from course_lib.errors import UsageError
from course_lib.theory import divergences, games, generator_objectives

QUESTIONS_FILE, ANSWERS_FILE = "exam.md", "answers.md"


@dataclass(frozen=True)
class Question:
    """One question: what a student reads, what a marker reads, and the chapter that teaches it."""

    chapter: int
    points: int
    text: str
    answer: str


class Draw:
    """Numbers for one question, each a function of the seed."""

    def __init__(self, seed: int, purpose: str):
        self.generator = seeds.generator(seed, purpose=f"exam/{purpose}")

    def one_of(self, *choices):
        return choices[int(torch.randint(len(choices), (), generator=self.generator))]

    def different(self, count: int, low: int, high: int) -> list[int]:
        """`count` different whole numbers from low to high."""
        return (low + torch.randperm(high - low + 1, generator=self.generator)[:count]).tolist()


def _log(parts: list[int]) -> torch.Tensor:
    return (torch.tensor(parts).double() / sum(parts)).log()


def _numbers(values: torch.Tensor, digits: int = 3) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values.tolist())


def best_discriminator(draw: Draw) -> Question:
    p, q = draw.different(3, 1, 8), [*draw.different(2, 1, 8), 0]
    log_p, log_q = _log(p), _log(q)
    logits = divergences.optimal_discriminator(log_p, log_q)
    value, js = divergences.value(log_p, log_q, logits), divergences.js(log_p, log_q)
    return Question(
        1, 6,
        f"The data take the values A, B, C with probabilities in the ratio {p[0]} : {p[1]} : {p[2]}, the generator's "
        f"samples in the ratio {q[0]} : {q[1]} : 0. Give the best discriminator at A, B and C, the value of the game "
        "for it, and the Jensen-Shannon divergence of the two laws in nats.",
        f"D* = {_numbers(logits.sigmoid())}; V = {value:.3f}; JS = (V + log 4)/2 = {js:.3f}.",
    )  # fmt: skip


def soft_labels(draw: Draw) -> Question:
    alpha, beta, ratio = draw.one_of(0.7, 0.8, 0.9), draw.one_of(0.1, 0.2, 0.3), draw.one_of(2, 3, 4, 5)
    best = (alpha * ratio + beta) / (ratio + 1)
    return Question(
        1, 4,
        f"A discriminator is trained by cross-entropy with the target {alpha} for data and {beta} for samples. At some "
        f"x the data's density is {ratio} times the generator's. Derive the discriminator's best answer at x.",
        f"(αp + βq)/(p + q) = {best:.3f}. Two points for the weights before log u and log(1 − u), two for the minimum.",
    )  # fmt: skip


def weights_of_samples(draw: Draw) -> Question:
    logits = 0.0 - torch.tensor(sorted(draw.different(3, 0, 6))).double()
    shares = {}
    for game in ("minimax", "non-saturating"):
        slopes = generator_objectives.generator_loss_slope(game, logits).abs()
        shares[game] = slopes / slopes.sum()
    return Question(
        2, 4,
        f"Three samples have the logits {', '.join(f'{v:g}' for v in logits.tolist())}. What share of the sum of "
        "their weights in the generator's gradient does each have, for the minimax and for the non-saturating loss? "
        "What follows for a generator whose samples are recognised?",
        f"minimax {_numbers(shares['minimax'])}; non-saturating {_numbers(shares['non-saturating'])}. The minimax loss "
        "gives most weight to the samples that are taken for real.",
    )  # fmt: skip


def players_on_xy(draw: Draw) -> Question:
    (x, y), rate, steps = draw.different(2, 1, 4), draw.one_of(0.1, 0.2, 0.3), draw.one_of(10, 20, 40)
    path = games.bilinear_simultaneous(float(x), float(y), rate, steps)
    return Question(
        4, 4,
        f"Two players on V = xy start at ({x}, {y}) and take {steps} simultaneous gradient steps of size {rate}. How "
        "far from the equilibrium are they then? Prove what you use.",
        f"√({x}² + {y}²) · (1 + η²)^({steps}/2) = {path[-1].norm():.3f}. Two points for the proof.",
    )  # fmt: skip


def moving_earth(draw: Draw) -> Question:
    x, y = draw.different(4, 0, 9), draw.different(4, 3, 15)
    cost = divergences.wasserstein_1d(torch.tensor(x).double(), torch.tensor(y).double())
    slope_one = abs(sum(x) - sum(y)) / len(x)
    return Question(
        5, 5,
        f"Four data points lie at {', '.join(map(str, x))}, four samples at {', '.join(map(str, y))}. Compute W₁ of "
        "the two samples, and what the better of the two linear critics of slope one earns. When are these two equal?",
        f"W₁ = {cost:.3f}; the linear critic earns {slope_one:.3f}. They are equal when, in sorted order, all points "
        "move to the same side.",
    )  # fmt: skip


def penalised_critic(draw: Draw) -> Question:
    distance, weight = draw.one_of(2, 3, 4, 6, 8), draw.one_of(5, 10, 20, 50)
    slope = 1 + distance / (2 * weight)
    return Question(
        5, 4,
        f"Two laws differ by a shift: W₁ = {distance}. A critic with a two-sided gradient penalty of weight {weight} "
        "is trained to its optimum. How steep is it, and what difference of mean scores does it show?",
        f"It maximises s · {distance} − {weight} (s − 1)²: s = {slope:.4f}, difference {slope * distance:.3f}.",
    )  # fmt: skip


def best_gaussian(draw: Draw) -> Question:
    share, apart = draw.one_of(0.1, 0.2, 0.25), draw.one_of(8, 10, 12)
    std = math.sqrt(1 + share * (1 - share) * apart**2)
    return Question(
        6, 4,
        f"The data are a mixture of N(0, 1) with weight {share} and N({apart}, 1) with weight {1 - share:g}. Which "
        "Gaussian has the least KL(p_data ‖ p_g)? Does it look like the data, and what would reverse KL prefer?",
        f"Mean {(1 - share) * apart:.2f}, standard deviation {std:.3f}: it covers both bumps and the gap between them. "
        "Reverse KL prefers the larger bump.",
    )  # fmt: skip


def three_divergences(draw: Draw) -> Question:
    p, q = draw.different(2, 1, 9), draw.different(2, 1, 9)
    while p[0] * q[1] == p[1] * q[0]:  # the same coin
        q = draw.different(2, 1, 9)
    log_p, log_q = _log(p), _log(q)
    return Question(
        6, 5,
        f"Two coins show heads with odds {p[0]} : {p[1]} and {q[0]} : {q[1]}. Compute KL(p ‖ q), the total variation "
        "and JS, and say which of the three keep the triangle inequality.",
        f"KL {divergences.kl(log_p, log_q):.4f}, total variation {divergences.total_variation(log_p, log_q):.4f}, JS "
        f"{divergences.js(log_p, log_q):.4f}. Total variation does; JS does not (its root does), KL does not.",
    )  # fmt: skip


MAKERS: tuple[Callable[[Draw], Question], ...] = (
    best_discriminator, soft_labels, weights_of_samples, players_on_xy, moving_earth, penalised_critic, best_gaussian,
    three_divergences,
)  # fmt: skip


def questions(seed: int) -> list[Question]:
    """The exam of a seed."""
    return [make(Draw(seed, make.__name__)) for make in MAKERS]


def write(seed: int, out: Path) -> tuple[Path, Path]:
    """Write exam.md and answers.md into a folder. Raises UsageError where one of them is there already."""
    exam, answers = out / QUESTIONS_FILE, out / ANSWERS_FILE
    for path in (exam, answers):
        if path.exists():
            raise UsageError(f"{path} is there already: name another folder with --out.")
    asked = questions(seed)
    total = sum(question.points for question in asked)
    head = f"{len(asked)} questions, {total} points, {3 * total} minutes. Paper, pen and a calculator. Show your work."
    lines = [
        f"**{number}.** ({question.points} points) {question.text}"
        for number, question in enumerate(asked, 1)
    ]
    marks = [
        f"**{number}.** (chapter {question.chapter}, {question.points} points) {question.answer}"
        for number, question in enumerate(asked, 1)
    ]
    out.mkdir(parents=True, exist_ok=True)
    files.write_atomic(exam, "\n\n".join(["# Exam", head, *lines]) + "\n")
    files.write_atomic(answers, "\n\n".join([f"# Answers, seed {seed}", *marks]) + "\n")
    return exam, answers
