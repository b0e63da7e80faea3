"""The study of path length regularisation: its measures where the answer is known, and its record."""

import math

import pytest
import torch

from course_lib import records, seeds
from course_lib.studies.catalogue.path_regularisation import (
    STUDIES,
    lengths_at,
    reconstruction_errors,
    spreads,
)


class Linear:
    """Pictures A w, of 1 x 4 x 4 pixels, the styles of both layers added up."""

    latent = width = 6
    layers = 2

    def __init__(self):
        draw = seeds.generator(0, purpose="linear")
        self.matrix = torch.randn(6, 16, generator=draw)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def parameters(self):
        return iter([self.weight])

    def mapping(self, z):
        return z

    def truncated(self, w, psi):
        return w

    def broadcast(self, w):
        return w[:, None].expand(-1, self.layers, -1)

    def synthesis(self, styles):
        return (styles.sum(1) @ self.matrix).view(-1, 1, 4, 4)


def test_lengths_of_a_linear_generator_differ_by_the_picture_y_and_not_by_the_code():
    generator = Linear()
    lengths = lengths_at(generator, 300, 40, seeds.generator(1, purpose="lengths"))
    assert lengths.shape == (300, 40) and not lengths.requires_grad
    squared = generator.matrix.square().sum().item() / 16  # the squared norm of J over the number of pixels
    assert lengths.square().mean().item() == pytest.approx(squared, rel=0.03)
    found = spreads(lengths)
    assert found["spread/codes"] < 0.1 * found["spread"]


def test_the_spread_over_codes_is_told_apart_from_that_over_pictures():
    draw = seeds.generator(0, purpose="spread")
    codes = 10 + 2 * torch.randn(4_000, 1, generator=draw)
    lengths = codes + 3 * torch.randn(4_000, 8, generator=draw)
    found = spreads(lengths)
    assert found["length"] == pytest.approx(10, rel=0.02)
    assert found["spread"] == pytest.approx(math.sqrt(13) / 10, rel=0.03)
    assert found["spread/codes"] == pytest.approx(0.2, rel=0.05)


def test_the_mean_image_misses_all_and_the_image_itself_nothing():
    images = torch.rand(50, 3, 8, 8, generator=seeds.generator(0, purpose="images")) * 2 - 1
    mean = images.mean(0, keepdim=True).expand_as(images)
    assert reconstruction_errors(images, mean)["missed"] == pytest.approx(1.0)
    nearly = reconstruction_errors(images, mean + 0.9 * (images - mean))
    assert (
        nearly["missed"] == pytest.approx(0.01, rel=1e-3)
        and nearly["psnr"] > reconstruction_errors(images, mean)["psnr"]
    )


def test_the_record_says_that_the_penalty_lowers_the_spread_that_it_asks_for():
    record, study = records.read("path-length"), STUDIES["path-length"]
    assert record.variants == list(study.variants) and not record.stale
    on, off = (record.final(variant, "spread") for variant in record.variants)
    assert len(on) == len(off) == 3 and all(a < b for a, b in zip(on, off, strict=True))
    assert all(line["measures"][-1]["step"] == study.every for line in record.lines)
    assert all(
        "path_length" not in line["changes"] for line in record.lines if line["variant"] == "with the penalty"
    )
