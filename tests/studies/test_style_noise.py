"""The study of the noise: the deviations of a generator whose noise and styles are known."""

import pytest
import torch

from course_lib import records, seeds
from course_lib.studies.catalogue.style_noise import STUDIES, deviations


class Sum:
    """Every pixel is the first style's first number plus `strength` times its own noise."""

    def __init__(self, strength):
        self.synthesis, self.strength = self, strength

    def broadcast(self, w):
        return w[:, None]

    def fresh_noise(self, n, generator):
        return [torch.randn(n, 1, 8, 8, generator=generator)]

    def __call__(self, styles, noise=None, generator=None):
        (map_,) = noise or self.fresh_noise(len(styles), generator)
        return styles[:, 0, :1, None, None] + self.strength * map_


@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_deviations_by_noise_and_by_styles_are_told_apart(strength):
    w = 2 * torch.randn(2_000, 4, generator=seeds.generator(0, purpose="w"))
    by_noise, by_styles = deviations(Sum(strength), w, seeds.generator(0, purpose="noise"))
    assert by_noise == pytest.approx(strength, rel=0.02)
    assert by_styles == pytest.approx(2.0, rel=0.05), "the noise is the same for all"


def test_the_record_says_that_the_noise_is_used_where_it_is_learnt():
    record = records.read("style-noise")
    assert set(record.variants) == set(STUDIES["style-noise"].variants)
    assert max(record.final("left out", "noise")) == 0.0
    shares = [record.final(variant, "share") for variant in ("learnt", "left out")]
    assert len(shares[0]) >= 3 and min(shares[0]) > 0.2 and max(shares[1]) == 0.0
    assert min(record.final("learnt", "strength")) > 0.05
