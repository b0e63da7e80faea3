"""What is counted of a recipe's step, and what is reckoned from it."""

import importlib
import json
import re
import runpy
import sys

import pytest
import torch
from torch import nn

from course_lib import files, ranks, recipes
from course_lib.data import Batches
from course_lib.training.distributed import averaged_gradients
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
        optimizers = {}

    network = Method.networks["g"]
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    bench("counting").shared(Method)

    def step():
        with torch.no_grad():
            network(torch.zeros(4, 2))
        network(torch.randn(4, 2)).sum().backward()
        optimizer.step()
        ranks.mean(torch.zeros(5))

    found = bench("counting").sent(step)
    assert found == {
        "summed_bytes_per_step": 4 * (6 + 3 + 3 + 3 + 4) + 4 * 5,  # of each parameter a flag, too
        "gathered_bytes_per_step": 3 * 4 * 2 * 3,  # mean and variance: forwards twice, backwards once
        "messages_per_step": 1 + 3 + 1,
    }
    assert ranks.ranks().world == 1, "there is no group afterwards"


SENDING = {
    "dcgan-digits": {"generator_width": 4, "discriminator_width": 4},
    "clggan-faces": {"data": "digits", "resolution": 8, "maps": 2, "first": 2},
    "glo-fashion": {"data": "digits", "resolution": 16, "levels": 2, "latent": 4},
    "stylegan-faces": {
        "data": "digits", "resolution": 8, "latent": 4, "width": 4, "depth": 2, "base": 32, "most": 8,
        "r1_every": 1, "path_length_every": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SENDING)
def test_what_would_be_sent_is_what_the_library_sends(bench, name):
    """The hook that averages gradients, and the sums of layers and methods, as two processes have them."""
    counting, sizes = bench("counting"), {}
    plan = recipes.resolve(name, "lab", batch=8, precision="fp32", **SENDING[name])
    dataset, _ = bench("costs").random_data(plan)
    method = recipes.build(plan, dataset.shape)
    method.prepare(dataset, 0)
    with Batches(dataset, 8 * method.minibatches, seed=0, parts=method.minibatches) as batches:
        prepare(method, batches.device, plan.settings["loop"], 10, True)
        batch = batches.at(0)
        method.step(batch)
        counting.shared(method)
        found = counting.sent(lambda: method.step(batch))
        for world in (2, 6):
            with counting.Messages(world) as those, averaged_gradients(method.optimizers.values(), world):
                method.step(batch)
            sizes[world] = those.others
    for world, messages in sizes.items():
        assert len(messages) == found["messages_per_step"]
        assert sum(messages) == found["summed_bytes_per_step"] + world * found["gathered_bytes_per_step"]
    if name == "glo-fashion":  # statistics of its layers, and of each image a gradient and a number
        layers = sum(m.num_features for m in method.networks.modules() if isinstance(m, nn.BatchNorm2d))
        assert found["gathered_bytes_per_step"] == 2 * 4 * 2 * layers + 8 * (4 * 4 + 8)
    if name == "clggan-faces":  # the last features of all images, in each pass of D
        features = method.networks["discriminator"].blocks["4"][0].weight.shape[1] - 1
        assert found["gathered_bytes_per_step"] >= 3 * 4 * (8 * features * 4 * 4)


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
    row = {"seconds_per_step": 0.01, "summed_bytes_per_step": 1e8, "gathered_bytes_per_step": 0,
           "messages_per_step": 10, "gflop_per_step": 1.0, "gigabytes_per_step": 0.0, "calls_per_step": 0,
           "precision": "bf16"}  # fmt: skip
    assert scaling.sent_seconds(row, 1, cluster) == 0 and scaling.efficiency(row, 1, True, cluster) == 1
    # a ring of eight: 2 · 7/8 of 100 MB at 100 GB/s, and ten messages of three doublings
    assert scaling.sent_seconds(row, 8, cluster) == pytest.approx(1.75e-3 + 10 * 3e-5)
    assert scaling.sent_seconds(row, 16, cluster) == pytest.approx(1.875e-2 + 10 * (3e-5 + 1e-4))
    # a message with a place for each process grows with their number
    gathered = row | {"gathered_bytes_per_step": 1e6}
    assert scaling.sent_seconds(gathered, 8, cluster) == pytest.approx(1.75e-3 * 1.08 + 10 * 3e-5)
    for case in (row, gathered):
        shares = [scaling.efficiency(case, n, True, cluster) for n in scaling.GPUS]
        assert shares == sorted(shares, reverse=True)
    assert scaling.step_seconds(row, False, cluster) == pytest.approx(1e9 / (0.3 * 989e12))
    single = row | {"precision": "fp32"}
    assert scaling.step_seconds(single, False, cluster) == pytest.approx(2e9 / (0.3 * 989e12))


def test_a_table_leaves_out_what_failed(bench):
    row = {"recipe": "a", "compiled": False, "resolution": 64, "batch": 8, "seconds_per_step": 0.1,
           "summed_bytes_per_step": 1e6, "gathered_bytes_per_step": 2e5, "messages_per_step": 2,
           "gflop_per_step": 1.0, "gigabytes_per_step": 1.0, "calls_per_step": 1, "precision": "bf16"}  # fmt: skip
    text = bench("scaling").table({"device": "cpu", "cases": [row, {"compiled": False, "error": "no"}]})
    assert text.count("\n") == 3 and "| a | 64 | 8 | 0.6 | 1 | 0.2 | 2 |" in text


def test_the_lab_guide_shows_what_is_reckoned(bench, project):
    """`python -m benchmarks.scaling` prints it; the numbers under it are counted by `python -m benchmarks.recipes`."""
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    assert [row["recipe"] for row in counted["cases"]] == [name for name, _ in bench("recipes").CASES]
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    assert bench("scaling").table(counted) in text and bench("costs").table(counted["recipes"]) in text
    # "a larger batch sends more", and its share of 64 GPUs is less
    small, large = (row for row in counted["cases"] if row["recipe"] == "clggan-faces")
    assert large["gathered_bytes_per_step"] > small["gathered_bytes_per_step"]
    cluster = bench("scaling").Cluster()
    shares = [bench("scaling").efficiency(row, 64, False, cluster) for row in (small, large)]
    assert shares[0] > shares[1]
    targets = bench("targets")
    assert targets.reckoning(counted["targets"]) in text and targets.profiles(counted["targets"]) in text


def typed(monkeypatch, capsys, module, *words):
    """What `python -m benchmarks.MODULE WORDS` prints."""
    monkeypatch.setattr(sys, "argv", [module, *map(str, words)])
    monkeypatch.delitem(sys.modules, f"benchmarks.{module}", raising=False)
    runpy.run_module(f"benchmarks.{module}", run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.parametrize("module", ["scaling", "costs", "targets"])
def test_the_command_that_is_named_prints_what_the_lab_guide_shows(
    bench, project, monkeypatch, capsys, module
):
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    tables = typed(monkeypatch, capsys, module).split("\n\n")
    assert len(tables) == (2 if module == "targets" else 1)
    for table in tables:
        assert table.startswith("|") and table.strip() in text


def test_scaling_is_reckoned_from_a_file_of_course_bench(bench, project, monkeypatch, capsys, tmp_path):
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    row = counted["cases"][0] | {"seconds_per_step": 0.5}
    file, out = tmp_path / "bench.json", tmp_path / "table.md"
    file.write_text(json.dumps({"recipes": {"device": "cuda", "cases": [row]}, "graphs": {}}))
    said = typed(monkeypatch, capsys, "scaling", file, "--out", out)
    assert out.read_text() == said and "| 5e+02 |" in said


def test_a_recipe_is_counted_anew_by_the_command_that_is_named(bench, project, monkeypatch, capsys):
    counted = project / "benchmarks" / "results" / "counted.json"
    written = {}
    monkeypatch.setattr(files, "write_atomic", lambda file, text: written.update({file: json.loads(text)}))
    typed(monkeypatch, capsys, "recipes", "gan-ring")
    (file, found), before = written.popitem(), json.loads(counted.read_text())
    number = [row["recipe"] for row in before["recipes"]].index("gan-ring")
    new, old = (rows["recipes"].pop(number) for rows in (found, before))
    assert file == counted and found == before, "the rest is as it was"
    assert new.keys() == old.keys() and new["gflop_per_step"] == pytest.approx(
        old["gflop_per_step"], rel=0.02
    )


def test_the_commands_that_are_named_are_tried(project):
    """Above or by tests of `benchmarks.gpu`, which calls `every_recipe`; two print one function, in half a minute."""
    known = {"scaling", "costs", "targets", "recipes", "gpu", "every_recipe", "equal_time", "one_channel"}
    pages = [*project.glob("*.md"), *project.glob("b*/*.md"), *project.glob("benchmarks/*.py")]
    named = {name for page in pages for name in re.findall(r"-m benchmarks\.(\w+)", page.read_text("utf-8"))}
    assert named == known
    for name in named:
        assert '__name__ == "__main__"' in (project / "benchmarks" / f"{name}.py").read_text("utf-8")


def test_clggan_costs_what_its_target_is_reckoned_to_take(bench, project):
    """Both tables are of the same step, in the precision that a GPU takes by itself."""
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    (recipe,) = (row for row in counted["recipes"] if row["recipe"] == "clggan-faces")
    thesis = bench("targets").TRAININGS[1]
    key = {"target": thesis.title, "batch": recipe["batch"], "precision": recipe["precision"]}
    (target,) = (row for row in counted["targets"] if key.items() <= row.items())
    scaling = bench("scaling")
    assert recipe["precision"] == "bf16" and recipe["steps"] == thesis.steps(recipe["batch"])
    assert scaling.reckoned(recipe, scaling.Cluster()) == scaling.reckoned(target, scaling.Cluster())


def test_images_are_counted_in_what_a_gpu_takes_and_points_in_single_precision(bench, monkeypatch):
    plans = []
    monkeypatch.setattr(bench("costs"), "at_moment", lambda plan, *_: plans.append(plan) or {"grows": False})
    for name, changes in (("dcgan-digits", {}), ("gan-ring", {}), ("dcgan-digits", {"precision": "fp32"})):
        bench("costs").counted(name, **changes)
    assert [plan.settings["loop"].precision for plan in plans] == ["bf16", "fp32", "fp32"]


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


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_without_numbers_is_counted_as_one_with_numbers(bench, precision):
    """The same operations, bytes and calls as of a real step; and the memory holds what must be there."""
    small = {"batch": 8, "steps": 10, "generator_width": 4, "discriminator_width": 4, "precision": precision}
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
           "checkpoints": 2, "gflop_per_step": 0.0, "gigabytes_per_step": 0.0, "calls_per_step": 1000,
           "precision": "bf16"}  # fmt: skip
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


def test_of_a_compiled_step_the_eager_one_is_counted(bench, monkeypatch):
    """Networks that are compiled are here replaced by nothing: who counts them counts nothing."""
    steps, sizes = bench("recipes"), {"generator_width": 4, "discriminator_width": 4}

    def compiled(network, **_):
        network.forward = lambda x: torch.zeros((), requires_grad=True)

    rows = []
    for compile in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(nn.Module, "compile", compiled)
            rows.append(steps.step_of("dcgan-digits", sizes, "cpu", True, compile=compile))
    counts = [{key: row[key] for key in row if key.endswith("_per_step")} for row in rows]
    for found in counts:
        del found["seconds_per_step"]
    assert counts[0] == counts[1] and counts[0]["gflop_per_step"] > 0


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
