"""What is counted of a recipe's step, and what is reckoned from it."""

import importlib
import json

import pytest
import torch
from torch import nn

from course_lib import recipes
from course_lib.data import Batches
from course_lib.training.ema import Average
from course_lib.training.loop import prepare


@pytest.fixture
def bench(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def test_operations_and_bytes_are_those_of_the_shapes(bench):
    a, b = torch.zeros(8, 4), torch.zeros(4, 16)
    with bench("counting").Traffic() as traffic:
        c = a @ b
        c.add_(1)
        c.view(-1)
    assert traffic.operations == 2 * 8 * 4 * 16 and traffic.calls == 2
    assert traffic.bytes == 4 * (8 * 4 + 4 * 16 + 8 * 16) + 4 * (2 * 8 * 16)


def test_what_processes_would_send_is_counted(bench):
    class Method:
        networks = nn.ModuleDict({"g": nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))})

    network = Method.networks["g"]
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    with bench("counting").Messages(Method) as messages:
        with torch.no_grad():
            network(torch.zeros(4, 2))
        network(torch.randn(4, 2)).sum().backward()
        optimizer.step()
    optimizer.step()
    assert (messages.count, messages.bytes, messages.statistics) == (1, 4 * (6 + 3 + 3 + 3), 3)


def test_the_nearer_limit_bounds(bench):
    row = {"seconds_per_step": 0.5, "precision": "bf16", "gflop_per_step": 100.0, "gigabytes_per_step": 1.0}
    said = bench("recipes").bounds(row, {"fp32": 100.0, "bf16": 400.0}, 10.0)
    assert (said["share_of_peak"], said["share_of_bandwidth"], said["bound_by"]) == (0.5, 0.2, "products")
    assert (
        bench("recipes").bounds(row | {"gigabytes_per_step": 4.0}, {"fp32": 400.0}, 10.0)["bound_by"]
        == "memory"
    )
    assert bench("recipes").bounds(row, {"fp32": 1e4}, 1e3)["bound_by"] == "neither"


def test_scaling_follows_from_its_assumptions(bench):
    scaling = bench("scaling")
    cluster = scaling.Cluster(inside=100e9, between=10e9, latency_inside=1e-5, latency_between=1e-4)
    row = {"seconds_per_step": 0.01, "gradient_bytes_per_step": 1e8, "gradient_messages_per_step": 2,
           "statistics_messages_per_step": 8, "gflop_per_step": 1.0, "gigabytes_per_step": 0.0,
           "calls_per_step": 0}  # fmt: skip
    assert scaling.sent_seconds(row, 1, cluster) == 0 and scaling.efficiency(row, 1, True, cluster) == 1
    # a ring of eight: 2 · 7/8 of 100 MB at 100 GB/s, and ten messages of three doublings
    assert scaling.sent_seconds(row, 8, cluster) == pytest.approx(1.75e-3 + 10 * 3e-5)
    assert scaling.sent_seconds(row, 16, cluster) == pytest.approx(1.875e-2 + 10 * (3e-5 + 1e-4))
    shares = [scaling.efficiency(row, n, True, cluster) for n in scaling.GPUS]
    assert shares == sorted(shares, reverse=True)
    assert scaling.step_seconds(row, False, cluster) == pytest.approx(1e9 / (0.3 * 989e12))


def test_a_table_leaves_out_what_failed(bench):
    row = {"recipe": "a", "compiled": False, "resolution": 64, "batch": 8, "seconds_per_step": 0.1,
           "gradient_bytes_per_step": 1e6, "gradient_messages_per_step": 2, "statistics_messages_per_step": 0,
           "gflop_per_step": 1.0, "gigabytes_per_step": 1.0, "calls_per_step": 1}  # fmt: skip
    text = bench("scaling").table({"device": "cpu", "cases": [row, {"compiled": False, "error": "no"}]})
    assert text.count("\n") == 3 and "| a | 64 | 8 |" in text


def test_the_lab_guide_shows_what_is_reckoned(bench, project):
    """`python -m benchmarks.scaling` prints it; the numbers under it are counted by `python -m benchmarks.recipes`."""
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    assert [row["recipe"] for row in counted["cases"]] == [name for name, _ in bench("recipes").CASES]
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    assert bench("scaling").table(counted) in text and bench("costs").table(counted["recipes"]) in text
    targets = bench("targets")
    assert targets.reckoning(counted["targets"]) in text and targets.profiles(counted["targets"]) in text


def test_every_recipe_that_trains_has_a_cost(bench, project):
    """One that is new is counted by `python -m benchmarks.recipes NAME`; `python -m benchmarks.costs` is the table."""
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    names = [name for name in recipes.RECIPES if bench("costs").trains(name)]
    assert [row["recipe"] for row in counted["recipes"]] == names
    for row in counted["recipes"]:
        d = recipes.resolve(row["recipe"], "lab").settings["data"]
        assert (row["batch"], row["resolution"], row["steps"]) == (d.batch, d.resolution, d.steps), row[
            "recipe"
        ]


def test_a_step_without_numbers_is_counted_as_one_with_numbers(bench):
    """The same operations, bytes and calls as of a real step; and the memory holds what must be there."""
    small = {"batch": 8, "steps": 10, "generator_width": 4, "discriminator_width": 4, "precision": "fp32"}
    plan = recipes.resolve("dcgan-digits", "lab", **small)
    found = bench("costs").at_moment(plan, 5)
    dataset, _ = bench("costs").random_data(plan)
    method = recipes.build(plan, dataset.shape)
    with Batches(dataset, 8, seed=0) as batches:
        prepare(method, batches.device, plan.settings["loop"], 10, True)
        average = Average(method, 0.9)
        before, batch = batches.at(4), batches.at(5)
        method.step(before)
        with bench("counting").Traffic() as traffic:
            method.step(batch)
            average.update(method, 6)
    for key, value in traffic.found().items():
        assert found[key] == pytest.approx(value, rel=0.02), key
    weights = sum(4 * p.numel() for p in method.networks.parameters())
    assert found["checkpoint_bytes"] > 3 * weights and found["memory_bytes"] > 4 * weights


def test_what_bounds_a_step_is_the_longest_of_three(bench):
    row = {"recipe": "a", "resolution": 8, "batch": 4, "steps": 6000, "memory_bytes": 2e9, "checkpoint_bytes": 3e6,
           "checkpoints": 2, "gflop_per_step": 0.0, "gigabytes_per_step": 0.0, "calls_per_step": 1000}  # fmt: skip
    assert "| 10 | starts | 1 min | 2.0 GB | 6 MB |" in bench("costs").table([row])
    row |= {"gflop_per_step": 0.3 * 989e3 * 3.6}  # 3.6 seconds a step at what is reached of the peak
    assert "| products | 6 h |" in bench("costs").table([row])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00123, "1.2"), (0.0994, "99"), (0.0996, "100"), (0.104, "104"), (1.234, "1234")],
)
def test_milliseconds_have_two_digits_and_no_exponent(bench, seconds, text):
    assert bench("costs").milliseconds(seconds) == text


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("dcgan-digit", "the nearest names are dcgan-digits"),
        ("qqq", "a recipe that trains"),
        ("target", "targets"),
    ],
)
def test_a_name_of_which_nothing_is_counted_leaves_the_file_as_it_is(bench, monkeypatch, name, advice):
    steps, written = bench("recipes"), []
    monkeypatch.setattr(steps, "write_atomic", lambda *what: written.append(what))
    monkeypatch.setattr(bench("costs"), "counted", lambda *_, **__: pytest.fail("something was counted"))
    with pytest.raises(SystemExit, match=f"no step of '{name}' is counted.*{advice}"):
        steps.main([name])
    assert not written


@pytest.mark.slow
def test_every_case_is_counted_on_little_work(bench, tmp_path):
    steps = bench("recipes")
    result = steps.measure("cpu", True)
    assert [row["recipe"] for row in result["cases"]] == [name for name, _ in steps.CASES]
    assert not [row["error"] for row in result["cases"] if "error" in row]
    for row in result["cases"]:
        assert row["gflop_per_step"] > 0 and row["gradient_bytes_per_step"] > 0
        assert row["gradient_bytes_per_step"] >= 4 * min(1000, row["parameters"])
    assert steps.table(result).count("\n") == len(result["cases"])
    (tmp_path / "x.json").write_text(json.dumps(result))
    assert bench("scaling").table(result).count("\n") == 2 + len(result["cases"])
