"""Notebooks as students hand them in, and a grader of single ones."""

import copy
import json

from course_lib.checks.engine import cells, masters
from course_lib.grading.dispatcher import Dispatcher, Job
from course_lib.grading.limits import MEGABYTE, Limits

CHAPTER = "01-gan-game"
ALL = {
    "game-optimal-discriminator",
    "game-value",
    "game-divergences",
    "game-one-step",
    "game-far-apart",
    "game-soft-labels",
}
# the answers that `hostile` can replace; what it leaves stands as in the master
HEADS = {
    "game-optimal-discriminator": "def optimal_discriminator(log_p, log_q):",
    "game-value": "def value_on_grid(p, q, logits, weights):",
    "game-divergences": "def kl_and_js(p, q):",
    "game-one-step": "def train_step(*players):",
    "game-soft-labels": "def soft_discriminator(p, q, real_target, fake_target):",
}
RIGHT = {
    "optimal_discriminator": """
neither = torch.isneginf(log_p) & torch.isneginf(log_q)
return torch.where(neither, 0.0, log_p - log_q)""",
    "soft_labels": "\nreturn (real_target * p + fake_target * q) / (p + q)",
    "divergences": """
def kl(a, b): return torch.where(a > 0, a * (a / b).log(), 0.0).sum()
m = (p + q) / 2
return kl(p, q), (kl(p, m) + kl(q, m)) / 2""",
}
PATIENT = 20.0  # seconds, on any machine enough for an answer that ends by itself
# small and strict, so that a test is over soon; what a busy machine withholds is not counted
LIMITS = Limits(seconds=1, cell_seconds=3, minutes=2, memory=300 * MEGABYTE, processes=40, printed=10_000)


def notebook(answers=(), *, before=(), solved=True):
    """Chapter 1 handed in: the solutions (or the starter), with `answers` (exercise -> code) in place of some.

    before: code of cells that the student has put right after the imports.
    """
    made = masters.read(CHAPTER)
    if not solved:
        made = masters.starter(made)
    for cell in made["cells"]:
        name = cells.exercise_of(cell)
        if cells.role(cell) == "answer" and name in dict(answers):
            cell["source"] = dict(answers)[name]
        else:
            cell["source"] = cells.solution(cell)
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made["cells"][3:3] = [empty | {"source": source} for source in before]
    return made


def hostile(**bodies):
    """Answers with these bodies: value="while True: pass" -> the exercise game-value."""
    made = {}
    for short, body in bodies.items():
        name = f"game-{short.replace('_', '-')}"
        made[name] = HEADS[name] + "\n" + "\n".join(f"    {line}" for line in body.split("\n"))
    return made


def costs(results, **reasons):
    """Exactly these exercises are lost, each with a reason that holds these words."""
    lost = {f"game-{short.replace('_', '-')}": words for short, words in reasons.items()}
    for name, words in lost.items():
        assert not results[name]["passed"], name
        assert words in results[name]["message"], results[name]
        assert results[name]["message"] and results[name]["diagnosis"] != "broken", results[name]
    assert passed(results) == ALL - lost.keys(), results


def hand_in(path, made):
    """Write a notebook where a student would; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


class Shared(Dispatcher):
    """The judges of another dispatcher, which have imported everything, with settings of its own."""

    def __init__(self, other, **settings):
        super().__init__(**settings)
        self._judges, self.exercises = other._judges, copy.deepcopy(other.exercises)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


class Grader:
    """Grades single notebooks: file -> exercise -> result."""

    def __init__(self, dispatcher):
        self.dispatcher = dispatcher
        self.exercises = [copy.deepcopy(e) for e in dispatcher.exercises[CHAPTER] if e["judged"]]
        for exercise in self.exercises:
            exercise |= {"seconds": 1.0, "seed": "nobody knows"}

    def __call__(self, *files, workers=2, seconds=1.0):
        """seconds: what an answer may take; `PATIENT` where it computes much and its time is not the question."""
        by_file = {}
        exercises = [exercise | {"seconds": seconds} for exercise in self.exercises]
        jobs = [Job(str(file), file, exercises) for file in files]
        self.dispatcher.grade(jobs, workers, lambda job, results: by_file.update({job.name: results}))
        return [by_file[str(file)] for file in files]

    def together(self, folder, notebooks):
        """Name -> notebook, all graded at once, for most of them wait: name -> results."""
        files = [hand_in(folder / f"{name}.ipynb", made) for name, made in notebooks.items()]
        return dict(zip(notebooks, self(*files, workers=5), strict=True))


def passed(results):
    """Names of the exercises that passed."""
    return {name for name, result in results.items() if result["passed"]}
