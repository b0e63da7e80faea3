"""What the studies of chapter 7 measure."""

import math

import pytest
import torch

from course_lib import data, recipes
from course_lib.studies.catalogue import information
from course_lib.theory.latent_codes import LatentCodes


class Still:
    """A run that stands at its end, of a method that reads what it is told to read."""

    def __init__(self, method, step=4):
        self.method, self.step = method, step

    def averaged(self):
        return torch.no_grad()


class Knowing:
    """Reads the class of a digit off a table of all pictures: what a perfect code would be."""

    device = torch.device("cpu")
    weights, codes = (1.0, 1.0), LatentCodes.named("categorical:10, uniform:2")

    def __init__(self, resolution):
        self.known = {}
        for split in ("train", "test"):
            images = data.open("digits", resolution=resolution, split=split)
            for picture, label in zip(images.tensor(torch.arange(len(images))), images.labels, strict=True):
                self.known[picture.numpy().tobytes()] = (int(label) + 3) % 10

    def represent(self, images):
        rows = [self.known[picture.numpy().tobytes()] for picture in images]
        return torch.cat([torch.eye(10)[rows], torch.zeros(len(rows), 2)], 1)

    def lower_bounds(self, n, draw):
        return torch.tensor([math.log(10), -0.5])


def test_a_perfect_code_is_matched_wholly_and_chance_and_k_means_stand_beside_it():
    measure = information.code_matching(recipes.resolve("infogan-digits", "smoke"))
    row = measure(Still(Knowing(16)))
    # two pictures of different classes may be equal
    assert row["accuracy"] == 1 and row["accuracy/test"] > 0.99
    assert 0.1 < row["chance"] < 0.3 < row["kmeans"] < 1
    assert sum(row["counts"]) == 200 and len(row["counts"]) == 100
    assert row["lower/categorical"] == pytest.approx(math.log(10)) and row["lower/continuous"] == -0.5
    assert "kmeans" not in measure(Still(Knowing(16), step=2))


class Factors:
    """Reads the factors of sprites as they are, in the order in which it was told of them."""

    codes, device = LatentCodes.named("uniform:5"), torch.device("cpu")

    def __init__(self, factors):
        self.factors, self.at = factors, 0

    def represent(self, images):
        part = self.factors[self.at : self.at + len(images)]
        self.at += len(images)
        return part


def test_a_perfect_code_of_sprites_scores_one():
    plan = recipes.resolve("infogan-sprites", "smoke")
    measure = information.sprite_codes(plan)
    whole = data.open("sprites", resolution=16, split="test")
    chosen = torch.linspace(0, len(whole) - 1, 200).long()
    row = measure(Still(Factors(torch.from_numpy(whole.factors[chosen.numpy()].copy()))))
    assert row["factor_vae"] > 0.95 and row["active"] == 5 and row["mig"] > 0.5
    assert row["pca/factor_vae"] < 0.9 and row["pca/mig"] < row["mig"]
    assert len(row["mig/gaps"]) == 5 and "upper" not in row


@pytest.mark.parametrize(
    ("recipe", "changes", "measures"),
    [
        ("infogan-digits", {}, information.code_matching),
        ("infogan-digits", {"weights": "0", "sharing": "none"}, information.code_matching),
        ("ibgan-sprites", {}, information.sprite_codes),
        ("betavae-sprites", {}, information.sprite_codes),
    ],
)
def test_measuring_does_not_change_the_game(recipe, changes, measures):
    few = {"data": "sprites:images=200"} if "sprites" in recipe else {}
    plan = recipes.resolve(recipe, "smoke", tensorboard=False, steps=2, batch=8, **changes, **few)
    measure, rows = measures(plan), []
    plain = recipes.train(plan, device="cpu", quiet=True)
    watched = recipes.train(
        plan, device="cpu", every=1, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    pairs = zip(*(run.method.networks.state_dict().values() for run in (plain, watched)), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert all(math.isfinite(value) for value in rows[-1].values() if isinstance(value, float))
    if recipe == "ibgan-sprites":
        assert rows[-1]["upper"] == pytest.approx(sum(rows[-1]["upper/by"]), abs=1e-3)
