"""What a step computes, moves and would send, counted."""

import json

import pytest
import torch
from torch import nn

from course_lib import files, ranks, recipes
from course_lib.data import Batches
from course_lib.training.distributed import averaged_gradients
from course_lib.training.ema import Average
from course_lib.training.loop import prepare


def test_operations_and_bytes_are_those_of_the_shapes(bench):
    a, b = torch.zeros(8, 4), torch.zeros(4, 16)
    with bench("counting").Traffic() as traffic:
        c = a @ b
        c.add_(1)
        c.view(-1)
    assert traffic.operations == 2 * 8 * 4 * 16 and traffic.calls == 2
    assert traffic.bytes == 4 * (8 * 4 + 4 * 16 + 8 * 16) + 4 * (2 * 8 * 16)


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


def test_a_recipe_is_counted_anew_by_the_command_that_is_named(project, monkeypatch, bench_command):
    counted = project / "benchmarks" / "results" / "counted.json"
    written = {}
    monkeypatch.setattr(files, "write_atomic", lambda file, text: written.update({file: json.loads(text)}))
    bench_command("recipes", "gan-ring")
    (file, found), before = written.popitem(), json.loads(counted.read_text())
    number = [row["recipe"] for row in before["recipes"]].index("gan-ring")
    new, old = (rows["recipes"].pop(number) for rows in (found, before))
    assert file == counted and found == before, "the rest is as it was"
    assert new.keys() == old.keys() and new["gflop_per_step"] == pytest.approx(
        old["gflop_per_step"], rel=0.02
    )


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
