"""What the studies of chapter 4 measure."""

import pytest
import torch

from course_lib import data, recipes
from course_lib.studies.catalogue import clinic, collapse

RING = {"steps": 2, "batch": 8, "width": 8, "depth": 1, "tensorboard": False}


class Perfect:
    """A run whose averaged weights draw from the data, and whose last weights have collapsed."""

    class Method:
        def __init__(self):
            self.collapsed, self.device = True, torch.device("cpu")

        def latents(self, n, generator):
            return torch.randn(n, 2, generator=generator)

        def sample(self, latents):
            ring = data.open("toy/ring8").density
            if self.collapsed:
                return ring.means[:1].float().expand(len(latents), 2)
            return ring.sample(len(latents), torch.Generator().manual_seed(0))

    def __init__(self):
        self.method, self.step = self.Method(), 0

    def averaged(self):
        run = self

        class Context:
            def __enter__(self):
                run.method.collapsed = False

            def __exit__(self, *error):
                run.method.collapsed = True

        return Context()


def test_coverage_is_that_of_the_averaged_and_of_the_last_weights():
    measure = collapse.mode_coverage(recipes.resolve("remedies-ring", "smoke", **RING))
    row = measure(Perfect())
    assert (row["modes"], row["last_modes"]) == (8, 1)
    assert row["quality"] == pytest.approx(0.989, abs=0.01) and row["last_quality"] == 1
    assert row["kl"] < 0.01 and row["last_kl"] == pytest.approx(torch.tensor(8.0).log().item())


def test_measuring_does_not_change_the_game():
    plan = recipes.resolve("remedies-ring", "smoke", **RING)
    measure = collapse.mode_coverage(plan)
    plain = recipes.train(plan, device="cpu", quiet=True)
    watched = recipes.train(plan, device="cpu", every=1, observe=lambda step, run: measure(run), quiet=True)
    pairs = zip(*(run.method.networks.state_dict().values() for run in (plain, watched)), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_clinic_keeps_small_pictures():
    import base64
    import io

    from PIL import Image

    plan = recipes.resolve("clinic-digits", "smoke", tensorboard=False)
    run = recipes.train(plan, device="cpu", quiet=True)
    row = clinic.samples_as_png(plan)(run)
    picture = Image.open(io.BytesIO(base64.b64decode(row["png"])))
    assert picture.size == (10 * 17 + 1, 3 * 17 + 1) and len(row["png"]) < 8_000
    assert len(picture.convert("L").getcolors()) <= 16 and row["spread"] >= 0


def test_spread_is_zero_where_all_samples_are_alike():
    plan = recipes.resolve("clinic-digits", "smoke", tensorboard=False)
    run = recipes.train(plan, device="cpu", quiet=True)
    with torch.no_grad():
        next(run.method.networks["generator"].parameters()).zero_()
    assert clinic.samples_as_png(plan)(run)["spread"] == pytest.approx(0, abs=1e-5)


def test_a_generator_that_ignores_its_latents_listens_no_more():
    """The measure of the frozen discriminator: 0 where all samples are alike, and D's own verdict."""
    plan = recipes.resolve("frozen-digits", "smoke", tensorboard=False)
    run = recipes.train(plan, device="cpu", quiet=True)
    measure = collapse.listening(plan)
    listens = measure(run)
    assert listens["jacobian"] > 0 and listens["spread"] > 0 and 0 < listens["verdict"] < 1
    with torch.no_grad():
        next(run.method.networks["generator"].parameters()).zero_()
    row = measure(run)
    assert row["jacobian"] == pytest.approx(0, abs=1e-6) and row["spread"] == pytest.approx(0, abs=1e-6)
