"""The table of reconstructions: its conventions, who has which line, and how it is printed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import recipes
from course_lib.data.images import ImageSet
from course_lib.errors import UsageError
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion import table, table_text
from course_lib.inversion.own_samples import recover, scale
from course_lib.methods import protocol
from course_lib.methods.spaces import PROJECTIONS, Space

PIXELS, LATENT = 256, 4
SEARCH = table.Search(steps=150, pool=64)


class Linear(nn.Module):
    """z -> a 16 × 16 image: its best codes are least squares, as PCA's."""

    def __init__(self, basis, mean):
        super().__init__()
        self.basis, self.mean, self.latent = nn.Parameter(basis), nn.Parameter(mean), basis.shape[1]

    def forward(self, z):
        return (z @ self.basis.T + self.mean).reshape(-1, 1, 16, 16)


class Method(protocol.Method):
    """A trained method around it; GAN-like unless told otherwise."""

    def __init__(self, basis, mean, space=None):
        super().__init__(None, generator=Linear(basis, mean))
        self.latent, self.spread, self.where = basis.shape[1], 0.3 if space else 1.0, space or "everywhere"

    @property
    def space(self):
        onto = PROJECTIONS[self.where]
        return Space(self.where, (self.latent,), self.networks["generator"], self.latents, onto)

    def latents(self, n, generator):
        return torch.randn(n, self.latent, generator=generator) * self.spread

    @torch.no_grad()
    def sample(self, z):
        return self.networks["generator"](z)


def picture_set(n, seed):
    """Images that vary along four directions and a little along all."""
    r = np.random.default_rng(seed)
    directions = np.random.default_rng(0).normal(size=(LATENT, PIXELS)) * 20
    x = 128 + r.normal(size=(n, LATENT)) @ directions + r.normal(size=(n, PIXELS)) * 3
    return ImageSet("pictures", x.round().clip(0, 255).astype(np.uint8).reshape(n, 1, 16, 16))


@pytest.fixture(scope="module")
def sets():
    return picture_set(300, 1), picture_set(40, 2)


@pytest.fixture(scope="module")
def linear(sets):
    """The generator whose range is that of PCA."""
    x = sets[0].tensor(slice(None)).flatten(1)
    _, s, v = torch.pca_lowrank(x, LATENT, niter=8)
    return Method(v * s / len(x) ** 0.5, x.mean(0))


def test_a_linear_generator_reconstructs_as_pca_does(sets, linear):
    # unclamped: a search by squared error knows of no clamping
    (row,) = table.rows_of(linear, "GLO", *sets, 16, SEARCH, scoring="unclamped")
    anchor = table.pca_row(*sets, LATENT, 16, scoring="unclamped")
    assert set(anchor.psnr) == {"train/mse", "test/mse"} and set(row.psnr) == set(table.COLUMNS)
    for column in anchor.psnr:
        # to a hundredth of a decibel, image by image
        torch.testing.assert_close(row.psnr[column], anchor.psnr[column], rtol=0, atol=0.01)
    # codes found by another loss are worse by squared error, image by image
    assert (row.psnr["test/lap1"] <= row.psnr["test/mse"] + 1e-2).all()
    assert row.psnr["test/lap1"].mean() < row.psnr["test/mse"].mean() - 0.01


def test_images_are_evenly_spaced(sets):
    assert table.evenly_spaced(sets[1], 3).tolist() == [0, 20, 39]
    assert table.evenly_spaced(sets[1], 100).tolist() == list(range(40))


def test_clamping_is_part_of_the_convention():
    """By hand: a black and a white image, whose reconstructions leave the range at half of the pixels."""
    images = torch.stack([torch.full((1, 2, 2), -1.0), torch.full((1, 2, 2), 1.0)])
    made = images.clone()
    made[:, 0, 0] *= 1.4  # by 0.2 of the range outside it
    made[:, 0, 1] *= 0.8  # by 0.1 of the range inside
    clamped, unclamped = (table.scored(images, made, s) for s in ("clamped", "unclamped"))
    half = torch.tensor([0.5, 0.5], dtype=torch.float64)
    torch.testing.assert_close(clamped, -10 * (half * 0.1**2).log10(), atol=1e-5, rtol=0)
    torch.testing.assert_close(unclamped, -10 * (half * (0.1**2 + 0.2**2)).log10(), atol=1e-5, rtol=0)
    torch.testing.assert_close(table.scored(images, made), clamped), "the paper's is the default"
    with pytest.raises(UsageError, match="clamped or unclamped"):
        table.scored(images, made, "clipped")


def test_each_image_has_its_own_decibels_and_their_mean_is_the_papers():
    """Not the decibels of the mean error, which by Jensen are fewer."""
    images = torch.zeros(2, 1, 4, 4)
    made = images + torch.tensor([0.2, 0.002])[:, None, None, None]  # errors of 0.1 and 0.001 of the range
    row = table.Row("x", "", 1, {"test/mse": table.scored(images, made)})
    assert row.estimate("test/mse").value == pytest.approx((20 + 60) / 2, abs=1e-4)


def test_clamping_changes_pca_and_no_generator_that_ends_in_tanh(sets, linear):
    bright = ImageSet("bright", np.clip(sets[0].images.astype(int) + 110, 0, 255).astype(np.uint8))
    rows = {s: table.pca_row(bright, bright, LATENT, 40, scoring=s) for s in ("clamped", "unclamped")}
    gain = rows["clamped"].psnr["test/mse"] - rows["unclamped"].psnr["test/mse"]
    assert (gain >= 0).all() and gain.mean() > 0.3, "the truth lies in the range: clamping only comes nearer"

    class Tanh(Linear):
        def forward(self, z):
            return super().forward(z).tanh()

    linear = Method(linear.networks["generator"].basis.detach(), linear.networks["generator"].mean.detach())
    generator = linear.networks["generator"]
    linear.networks["generator"] = Tanh(generator.basis.detach(), generator.mean.detach())
    x = bright.tensor(torch.arange(12))
    a, b = (table.found_again(linear, x, "l2", SEARCH, scoring=s) for s in ("clamped", "unclamped"))
    assert torch.equal(a, b)


def test_glo_stays_in_its_ball(sets, linear):
    generator = linear.networks["generator"]
    ball = Method(generator.basis.detach(), generator.mean.detach(), "ball")
    assert (ball.space.name, linear.space.name) == ("ball", "everywhere")
    x = sets[1].tensor(table.evenly_spaced(sets[1], 20))
    bound, free = (table.found_again(m, x, "l2", SEARCH) for m in (ball, linear))
    # the same codes may leave the ball when asked to
    open_search = table.Search(steps=150, pool=64, free=True)
    assert table.found_again(ball, x, "l2", open_search).mean() > bound.mean() + 1
    assert (bound <= free + 0.01).all() and bound.mean() < free.mean() - 1  # the best codes are longer than 1
    assert scale(ball) == pytest.approx(0.3, rel=0.05) and scale(linear) == pytest.approx(1, rel=0.05)


def test_what_a_method_knows_of_its_own_stands_beside(sets, linear):
    train, test = sets
    generator = linear.networks["generator"]
    vae = Method(generator.basis.detach(), generator.mean.detach())
    vae.encode = lambda images: images.new_zeros(len(images), LATENT)
    names = [row.name for row in table.rows_of(vae, "VAE", train, test, 6, table.Search(steps=1, pool=4))]
    assert names == ["VAE", "VAE, encoder"]
    own = table.rows_of(vae, "VAE", train, test, 6, table.Search(steps=1, pool=4))[1]
    x = test.tensor(table.evenly_spaced(test, 6))
    expected = psnr_per_image(x, generator.mean.detach().reshape(1, 1, 16, 16).expand_as(x))
    assert set(own.psnr) == {"train/mse", "test/mse"}
    torch.testing.assert_close(own.psnr["test/mse"], expected)

    glo = Method(generator.basis.detach(), generator.mean.detach(), "ball")
    glo.networks["codes"] = nn.Embedding(len(train), LATENT)
    type(glo.networks["codes"]).__len__ = lambda self: self.num_embeddings
    glo.reconstruct = lambda index: train.tensor(index)
    try:
        rows = table.rows_of(glo, "GLO", train, test, 6, table.Search(steps=1, pool=4))
        assert [row.name for row in rows] == ["GLO", "GLO, codes of training"]
        assert set(rows[1].psnr) == {"train/mse"} and torch.isinf(rows[1].psnr["train/mse"]).all()
    finally:
        del type(glo.networks["codes"]).__len__


def test_the_interval_is_that_of_the_mean():
    values = torch.randn(400, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3 + 20
    value, (low, high) = table.Row("x", "", 1, {"c": values}).estimate("c")
    assert value == pytest.approx(values.mean().item())
    assert (high - low) / 2 == pytest.approx(1.96 * values.std().item() / 20, rel=0.1)


def test_text_and_json_hold_the_papers_numbers(sets):
    values = {
        column: torch.full((5,), 20.0 + i, dtype=torch.float64) for i, column in enumerate(table.COLUMNS)
    }
    rows = [
        table.Row("PCA", "exact", 32, {c: values[c] for c in table.COLUMNS[:2]}),
        table.Row("GLO", "runs/glo", 32, values),
    ]
    text = table_text.as_text(rows, "mnist", 32)
    glo = next(line for line in text.splitlines() if line.startswith("GLO"))
    assert [f"{20 + i}.0 ± 0.0 [{theirs}]" in glo for i, theirs in enumerate((27.0, 27.2, 26.2, 26.2))] == [
        True
    ] * 4
    assert "5 train and 5 test images" in text and "In brackets" in text
    assert "In brackets" not in table_text.as_text(rows, "fashion-mnist", 32)
    numbers = json.loads(json.dumps(table_text.to_json(rows, "mnist", 32, table.Search())))
    assert numbers["paper"]["PCA"] == {"train/mse": 20.6, "test/mse": 20.3}
    assert numbers["rows"][1]["columns"]["test/lap1"]["per_image"] == [23.0] * 5
    assert numbers["rows"][1]["columns"]["test/lap1"]["quartiles"] == [23.0] * 3


def test_the_text_says_how_it_was_measured():
    rows = [table.Row("PCA", "exact", 32, {c: torch.ones(3).double() for c in table.COLUMNS[:2]})]
    same, other = (table_text.as_text(rows, data, 32) for data in (table.PAPERS_MNIST, "mnist"))
    assert "1.0 ± 0.0 [20.6]" in same and "1.0 ± 0.0 [20.6]" in other, "the paper's numbers stand beside both"
    assert "on the same images" in same and "on the same images" not in other
    assert "clamped to it" in same and table.PAPERS_MNIST in other
    assert "not clamped" in table_text.as_text(rows, "faces", 32, "unclamped")
    numbers = table_text.to_json(rows, table.PAPERS_MNIST, 32, table.Search(), scoring="unclamped")
    assert numbers["paper"]["PCA"] == {"train/mse": 20.6, "test/mse": 20.3}
    assert "not clamped" in numbers["convention"]


def test_the_papers_mnist_is_what_the_recipes_train_on():
    for name in ("glo-mnist", "vae-mnist", "dcgan-mnist"):
        d = recipes.resolve(name, "book").settings["data"]
        assert (d.data, d.resolution) == (table.PAPERS_MNIST, 32)


def test_the_papers_table_is_whole():
    assert len(table_text.PAPER) == 6
    for printed in table_text.PAPER.values():
        assert list(printed) == ["PCA", "VAE", "DCGAN", "GLO"]
        assert [len(v) for v in printed.values()] == [2, 4, 4, 4]
        # codes found by Lap1 are worse by squared error, in every cell of the paper's
        assert all(v[2] < v[0] and v[3] < v[1] for name, v in printed.items() if name != "PCA")


def test_own_samples_come_back(linear):
    found = recover(linear, 12, rounds=2, steps=20, restarts=2, polish=10)
    assert found.share == 1 and found.median > 90 and (found.rounds == 1).all()
    hopeless = recover(linear, 3, rounds=2, steps=1, restarts=1, polish=0, target=500.0)
    assert hopeless.share == 0 and (hopeless.rounds == 2).all()


def test_runs_of_other_data_do_not_share_a_table():
    def plan(data, resolution=32):
        return SimpleNamespace(settings={"data": SimpleNamespace(data=data, resolution=resolution)})

    assert table.check_alike([plan("mnist"), plan("mnist")]) == ("mnist", 32)
    with pytest.raises(UsageError, match="mnist at 32, svhn at 32"):
        table.check_alike([plan("mnist"), plan("svhn")])
