"""What the studies of chapter 9 measure."""

import pytest
import torch

from course_lib import recipes
from course_lib.studies.catalogue import STUDIES, glo, glo_small, glo_table

QUICK = {"data": "digits", "resolution": 16, "latent": 4, "tensorboard": False, "batch": 8, "steps": 2}


@pytest.mark.parametrize("name", [*glo.STUDIES, *glo_table.STUDIES, *glo_small.STUDIES])
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
    row, expected = last_row("glo-fashion", glo_table.principal(10)), pca_reconstruction(*sets, 4)
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
    assert "by_offset" not in last_row("glo-fashion", glo_table.principal(10), data="digits:held-out=32")


@pytest.mark.parametrize(("recipe", "free"), [("glo-fashion", True), ("vae-fashion", False)])
def test_other_searches_stand_beside_the_table(recipe, free):
    both = glo_table.together(glo.table(4), glo_table.efforts(4))
    row = last_row(recipe, glo_table.with_precision(both))
    assert row["precision"] in ("bf16", "fp32") and row["effort/images"] == 4
    assert {n for n in row if n.startswith("effort/")} - {"effort/images"} == {
        "effort/usual",
        "effort/longer",
    } | ({"effort/free"} if free else set())
    assert row["effort/usual"] == pytest.approx(row["psnr/test/mse"]), "the same images and search in smoke"


@pytest.mark.parametrize(("recipe", "tried"), [("dcgan-fashion", True), ("vae-fashion", False)])
def test_only_a_dcgan_is_searched_longest(recipe, tried):
    build = glo_table.of_dcgan(glo_table.efforts(4, longest=True), glo.table(4))
    assert ("effort/longest" in last_row(recipe, build)) is tried


def test_a_longer_search_is_longer():
    from course_lib.inversion.table import Search

    usual, longer, longest = Search(), Search(**glo_table.LONGER), Search(**glo_table.LONGEST)
    assert usual.steps * 4 == longer.steps == longest.steps
    assert usual.restarts * 4 == longer.restarts and longer.restarts * 4 == longest.restarts
