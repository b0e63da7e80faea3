"""What the studies of chapter 9 measure."""

import pytest
import torch

from course_lib import recipes
from course_lib.studies.catalogue import STUDIES, glo, glo_mnist, glo_small

QUICK = {"data": "digits", "resolution": 16, "latent": 4, "tensorboard": False, "batch": 8, "steps": 2}


@pytest.mark.parametrize("name", [*glo.STUDIES, *glo_mnist.STUDIES, *glo_small.STUDIES])
def test_every_variant_can_be_settled_and_ends_on_a_measurement(name):
    study = STUDIES[name]
    for variant in study.variants:
        for tier in ("book", "lab"):
            plan = recipes.resolve(study.recipe_of(variant), tier, **study.changes_of(variant))
            assert plan.settings["data"].steps % study.every == 0, "the last step is observed"


@pytest.mark.parametrize("recipe", ["vae-fashion", "dcgan-fashion", "glo-fashion"])
def test_a_method_is_measured_once_and_by_its_own_codes_too(recipe):
    plan = recipes.resolve(recipe, "smoke", **QUICK)
    measure, rows = glo.table(512)(plan), {}
    recipes.train(
        plan, device="cpu", every=1, observe=lambda step, run: rows.update({step: measure(run)}), quiet=True
    )
    assert rows[0] == rows[1] == {}
    row = rows[2]
    columns = ("train/mse", "test/mse", "train/lap1", "test/lap1")
    for column in columns:
        assert row[f"psnr/{column}/q25"] <= row[f"psnr/{column}/q50"] <= row[f"psnr/{column}/q75"]
        assert sum(row[f"psnr/{column}/histogram"]) == row["images"] == 4
        assert 0 < row[f"psnr/{column}"] < 60
    own = {name for name in row if name.startswith("own/")}
    assert own == {"vae-fashion": {"own/train", "own/test"}, "glo-fashion": {"own/train"}}.get(recipe, set())


def test_pca_stands_beside_glo_where_it_takes_long(monkeypatch):
    from course_lib import data
    from course_lib.evaluation.pca import pca_reconstruction

    plan = recipes.resolve("glo-fashion", "smoke", **QUICK)
    measure, rows = glo.table(512, with_pca=True)(plan), []
    recipes.train(
        plan, device="cpu", every=2, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    assert {name for name in rows[-1] if name.startswith("pca/")} == {"pca/train/mse", "pca/test/mse"}
    train, test = (data.open("digits", resolution=16, split=split) for split in ("train", "test"))
    every = glo.anchor(train, test, 4, len(train))
    expected = pca_reconstruction(train, test, 4)
    assert abs(every["pca/train/mse"] - expected.train) < 1e-9 > abs(every["pca/test/mse"] - expected.test)
    monkeypatch.setattr(glo, "MOST_FITTED", len(train) // 2)
    assert 0 < abs(glo.anchor(train, test, 4, len(train))["pca/test/mse"] - expected.test) < 0.3


@pytest.mark.parametrize(("recipe", "has"), [("dcgan-fashion", True), ("glo-fashion", False)])
def test_the_gap_tells_own_samples_of_a_gan(recipe, has):
    plan, rows = recipes.resolve(recipe, "smoke", **QUICK | {"data": "digits:images=50"}), []
    measure = glo.gap(plan)
    recipes.train(
        plan, device="cpu", every=2, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    assert ("own_samples/share" in rows[-1]) is has and 0 < rows[-1]["psnr/test/mse"] < 60


def test_histograms_count_every_image():
    values = torch.tensor([-3.0, 5.2, 5.9, 20.5, 99.0, float("inf")], dtype=torch.float64)
    row = glo.of_values("x", values)
    counts = row["psnr/x/histogram"]
    assert len(counts) == len(glo.BINS) and sum(counts) == 6
    assert counts[0] == 3 and counts[20 - 5] == 1 and counts[-1] == 2


def last_row(recipe, build, **changes):
    plan, rows = recipes.resolve(recipe, "smoke", **(QUICK | changes)), []
    measure = build(plan)
    recipes.train(
        plan, device="cpu", every=2, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    assert rows[0] == {}
    return rows[-1]


def test_pca_is_measured_in_every_scoring():
    from course_lib import data
    from course_lib.evaluation.pca import pca_reconstruction

    sets = [data.open("digits", resolution=16, split=split) for split in ("train", "test")]
    row, expected = last_row("glo-fashion", glo_mnist.principal(10)), pca_reconstruction(*sets, 4)
    for split, value in (("train", expected.train), ("test", expected.test)):
        assert row[f"all/{split}/unclamped"] == pytest.approx(value, abs=1e-6)
        assert row[f"all/{split}/clamped"] > row[f"all/{split}/unclamped"] > 5
        for scoring in ("clamped", "unclamped"):  # Jensen
            assert row[f"all/{split}/{scoring}/of the mean error"] < row[f"all/{split}/{scoring}"]
        assert row[f"pca/{split}/mse"] > row[f"pca/{split}/mse/unclamped"]
    assert len(row["by_offset"]) == 32 and row["images"] == 4 and row["fitted"] == len(sets[0])
    weights = [len(range(k, len(sets[0]), 32)) for k in range(32)]
    mean = sum(w * v for w, v in zip(weights, row["by_offset"], strict=True)) / sum(weights)
    assert mean == pytest.approx(row["all/train/clamped"], abs=1e-3)
    assert "by_offset" not in last_row("glo-fashion", glo_mnist.principal(10), data="digits:held-out=32")


@pytest.mark.parametrize(("recipe", "free"), [("glo-fashion", True), ("vae-fashion", False)])
def test_other_searches_stand_beside_the_table(recipe, free):
    row = last_row(recipe, glo_mnist.with_precision(glo_mnist.with_effort(4)))
    assert row["precision"] in ("bf16", "fp32")
    assert {n for n in row if n.startswith("effort/")} == {"effort/usual", "effort/longer"} | (
        {"effort/free"} if free else set()
    )
    assert row["effort/usual"] == pytest.approx(row["psnr/test/mse"]), "the same images and search in smoke"


def test_the_order_of_codes_is_that_of_their_classes():
    labels = torch.arange(200) % 10
    angle = labels.float()[:, None] * 0.6
    apart = torch.cat([angle.cos(), angle.sin()], 1) + 0.001 * torch.randn(
        200, 2, generator=torch.Generator().manual_seed(0)
    )
    assert glo_small.same_class(apart, labels, neighbours=10) == 1
    noise = torch.randn(200, 2, generator=torch.Generator().manual_seed(1))
    assert glo_small.same_class(noise, labels) == pytest.approx(0.1, abs=0.04), "chance"
    assert glo_small.same_class(torch.cat([apart, noise]), labels.repeat(2), n=200) == 1, "of the first n"


def test_a_copied_code_is_no_novelty_of_its_own():
    table = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    assert glo_small.nearest_code(table, table) == pytest.approx(3), "never a code itself"
    assert glo_small.nearest_code(torch.tensor([[0.0, 1.0]]), table) == pytest.approx(1)


def test_codes_and_laws_are_measured():
    plan, rows = recipes.resolve("glo-fashion", "smoke", **QUICK | {"data": "digits", "resolution": 32}), []
    measure = glo_small.codes_and_laws(30)(plan)
    recipes.train(
        plan, device="cpu", every=1, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    assert [set(row) == {"order"} for row in rows] == [True, True, False]
    last = rows[-1]
    assert {"psnr", "surface", "frechet/codes", "frechet/1", "frechet/5", "novelty/1", "novelty/5"} <= set(
        last
    )
    assert all(value > 0 for name, value in last.items() if name != "surface") and 0 <= last["surface"] <= 1
