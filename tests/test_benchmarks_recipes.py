"""The steps of recipes, timed: what bounds them, and that each case is kept as it is measured."""

import json

import pytest


def test_the_nearer_limit_bounds(bench):
    row = {"seconds_per_step": 0.5, "precision": "bf16", "gflop_per_step": 100.0, "gigabytes_per_step": 1.0}
    said = bench("recipes").bounds(row, {"fp32": 100.0, "bf16": 400.0}, 10.0)
    assert (said["share_of_peak"], said["share_of_bandwidth"], said["bound_by"]) == (0.5, 0.2, "products")
    assert (
        bench("recipes").bounds(row | {"gigabytes_per_step": 4.0}, {"fp32": 400.0}, 10.0)["bound_by"]
        == "memory"
    )
    assert bench("recipes").bounds(row, {"fp32": 1e4}, 1e3)["bound_by"] == "neither"


@pytest.mark.parametrize("name", ["recipes", "graphs", "targets"])
def test_what_a_gpu_measured_is_told_case_by_case_and_eager_cases_come_first(bench, monkeypatch, name):
    module, steps, told = bench(name), bench("recipes"), []
    monkeypatch.setattr(bench("pairs"), "matrix_product_peak", lambda *_: {"bf16": 1.0, "fp32": 1.0})
    monkeypatch.setattr(steps, "memory_bandwidth", lambda *_: 1.0)
    monkeypatch.setattr(bench("targets"), "_searched", lambda *_: {"precision": "bf16", "seconds": 1.0})
    done = []

    def step_of(recipe, changes, *_, compile=False, graphs=False):
        done.append((recipe, changes["batch"], "graphs" if graphs else "compiled" if compile else "eager"))
        return {
            "batch": 1, "resolution": 8, "precision": "bf16", "images_per_second": 1.0, "seconds_per_step": 1.0,
            "gflop_per_step": 1.0, "gigabytes_per_step": 1.0, "peak_memory_gigabytes": 1.0,
        }  # fmt: skip

    monkeypatch.setattr(steps, "step_of", step_of)
    rows = "targets" if name == "targets" else "cases"
    result = module.measure("cuda", False, lambda result: told.append(len(result[rows])))
    assert told == list(range(1, len(result[rows]) + 1)) and not any("error" in row for row in result[rows])
    assert module.table(result).count("\n") == len(result[rows])
    ways = [way for *_, way in done]
    assert ways == sorted(ways, key=lambda way: way != "eager"), "all eager ones before the others"
    assert set(ways) == {"eager", "compiled" if name == "recipes" else "graphs"}
    if name == "targets":  # what starts of kernels keep from its time
        assert done[-2:] == [("dcgan-celeba-64", 128, "graphs"), ("clggan-faces", 16, "graphs")]


@pytest.mark.slow
def test_every_case_is_counted_on_little_work(bench, tmp_path):
    steps = bench("recipes")
    result = steps.measure("cpu", True)
    assert [row["recipe"] for row in result["cases"]] == [name for name, _ in steps.CASES]
    assert not [row["error"] for row in result["cases"] if "error" in row]
    for row in result["cases"]:
        assert row["gflop_per_step"] > 0 and row["messages_per_step"] > 0
        assert row["summed_bytes_per_step"] >= 4 * min(1000, row["parameters"])
    assert steps.table(result).count("\n") == len(result["cases"])
    (tmp_path / "x.json").write_text(json.dumps(result))
    assert bench("scaling").table(result).count("\n") == 2 + len(result["cases"])
