"""What the study of the bound's weight measures on a generator's own pictures."""

import math

import pytest
import torch

from course_lib import data, recipes
from course_lib.studies.catalogue import code_weights
from course_lib.theory.latent_codes import LatentCodes


class Drawing:
    """Draws a real digit of the class that the first code names, brighter with the first of the other two codes."""

    weights, codes, latent, device = (1.0, 1.0), LatentCodes.named("categorical:10, uniform:2"), 12, "cpu"

    def __init__(self):
        images = data.open("digits", resolution=16)
        pictures, labels = images.tensor(torch.arange(len(images))), torch.from_numpy(images.labels.copy())
        self.shapes = torch.stack([pictures[(labels == k).nonzero()[0, 0]] for k in range(10)])

    def latents(self, n, generator):
        return self.codes.draw(n, generator)

    def sample(self, latents):
        mass = (self.shapes[latents[:, :10].argmax(1)] + 1) / 2
        return mass * (0.75 + latents[:, 10] / 4)[:, None, None, None] * 2 - 1

    def represent(self, images):
        return torch.zeros(len(images), 12)

    def lower_bounds(self, n, draw):
        return torch.tensor([math.log(10), -0.5])


class Run:
    step = 4
    method = Drawing()

    def averaged(self):
        return torch.no_grad()


def test_own_pictures_are_matched_and_what_a_code_changes_is_found():
    measure = code_weights.codes_and_pictures(recipes.resolve("infogan-digits", "smoke"))
    row = measure(Run())
    assert row["accuracy/own"] > 0.8 > 0.3 > row["accuracy"]
    bright, other = row["ink"]
    assert bright > 0.5 > 0.1 > other
    assert max(row["slant"] + row["width"]) < 0.2
    assert math.isfinite(row["frechet"]) and row["frechet"] > 0


@pytest.mark.parametrize("weight", ["0.01", "100"])
def test_a_short_run_of_each_end_measures_finite_numbers(weight):
    changes = {"weights": weight, "steps": 2, "batch": 8}
    plan = recipes.resolve("infogan-digits", "smoke", tensorboard=False, **changes)
    rows, measure = [], code_weights.codes_and_pictures(plan)
    recipes.train(plan, device="cpu", every=2, observe=lambda _, run: rows.append(measure(run)), quiet=True)
    assert all(math.isfinite(value) for value in rows[-1].values() if isinstance(value, float))
