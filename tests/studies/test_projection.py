"""What the studies of chapter 14 measure: clusters of codes that hold a factor, and changes that are shown."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.data.images import ImageSet
from course_lib.inversion import fresh_samples
from course_lib.studies.catalogue import projection
from course_lib.studies.runner import measured


def test_codes_that_hold_a_factor_are_pure_and_noise_is_not():
    r = np.random.default_rng(0)
    factors = np.column_stack([np.arange(200) % 2, r.uniform(-1, 1, 200)]).astype(np.float32)
    pixels = np.clip(60 + 120 * factors[:, :1] + r.normal(0, 40, (200, 64)), 0, 255).astype(np.uint8)
    images = ImageSet("pictures", pixels.reshape(200, 1, 8, 8), None, (), factors, ("bright", "other"))
    method = SimpleNamespace(encode=lambda x: x.flatten(1).mean(1, keepdim=True).expand(-1, 8), seed=0)
    row = projection.clusters(method, images, lambda x: x.flatten(1), torch.tensor([True, False]), 200)
    assert row["clusters/codes/purity"] > 0.99 and row["clusters/codes/information"] > 0.2
    assert row["clusters/noise/purity"] < 0.75 and row["clusters/noise/information"] < 0.2
    assert row["clusters/codes/explained"] < 0.35, "the codes know nothing of the other factor"
    assert {key.split("/")[1] for key in row} == {"codes", "pixels", "components", "features", "noise"}


def test_a_network_that_copies_shows_every_change_and_one_that_does_not_look_shows_none(monkeypatch):
    def copied(method, images, resolution=0):
        return SimpleNamespace(made=images)

    monkeypatch.setattr(fresh_samples, "projected", copied)
    row = projection.changes(None, 4, 0)
    shown = {key: value for key, value in row.items() if key.startswith("shown/")}
    assert set(shown) == {
        f"shown/{n}" for n in ("glasses", "sunglasses", "beard", "hat", "yaw", *projection.UNSEEN)
    }
    assert all(value == pytest.approx(1) for value in shown.values())
    monkeypatch.setattr(
        fresh_samples, "projected", lambda method, images, resolution=0: SimpleNamespace(made=images * 0)
    )
    assert all(v == 0 for key, v in projection.changes(None, 4, 0).items() if key.startswith("shown/"))


@pytest.mark.parametrize("variant", ["w", "z"])
def test_the_spaces_are_measured_at_the_end_by_resolution(variant):
    line = measured("projection-spaces", variant, 0, "smoke")
    first, *_, last = line["measures"]
    assert set(first) == {"step"} and line["failure"] is None
    for side in projection.SIDES:
        assert (
            0 < last[f"latent/{side}"] < 3 and last[f"psnr/{side}"] > 0 and last[f"deviation/psnr/{side}"] > 0
        )
        assert 0 < last[f"error/{side}"] < 1 and last[f"sharpness/{side}"] > 0
    # a P of four steps says the mean code, nearly
    assert last["psnr/32"] == pytest.approx(last["mean/psnr"], abs=1.5)
    assert last["sharpness/32"] == pytest.approx(last["mean/sharpness"], rel=0.5)
