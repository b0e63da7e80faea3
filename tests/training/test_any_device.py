"""Every method on the meta device, with the code of any other: a tensor that is left on the CPU shows there.

Nothing is computed, but shapes, types and devices are checked as on a GPU. Compiled networks: `test_compiled.py`.
"""

from contextlib import nullcontext

import pytest
import torch
from torch import nn
from training import kinds

from course_lib import data, recipes, seeds
from course_lib.data import Batches, spec_of
from course_lib.data.images import ImageSet
from course_lib.errors import UsageError
from course_lib.methods.protocol import Method
from course_lib.training.ema import Average
from course_lib.training.log import Journal
from course_lib.training.loop import LoopSettings, prepare
from course_lib.training.run import begin

# one of each method, and of the networks that are special to one
NAMES = (
    "gan-ring", "dcgan-digits", "wgan-gp-ring", "wgan-gp-fashion", "unrolled-ring", "r3gan-fashion", "remedies-ring",
    "frozen-digits", "clinic-digits", "fgan-ring", "swissroll-grown", "clggan-faces", "glo-fashion", "vae-fashion",
    "betavae-sprites", "infogan-digits", "ibgan-sprites", "classifier-digits", "judge-faces", "stylegan-faces",
    "r3gan-small", "r3gan-residual",
)  # fmt: skip
# tried as they are when they come from the CPU, as a run's networks do
MOVED = (
    "cyclegan-glasses", "pan-edges", "bigan-digits", "bigan-faces", "sagan-faces", "student-ring", "projection-faces",
    "detector-dcgan-faces", "joint-projection-faces", "encoder-faces", "hyperstyle-faces", "cgan-faces",
    "cgan-digits", "biggan-digits", "icgan-digits", "icgan-faces", "diffusion-ring",
    "diffusion-faces",
)  # fmt: skip
# what is not tried here, by the settings of a method, and why
NOT_TRIED = {
    "CodeSearchSettings": "a search learns nothing",
    "RouteRunSettings": "the same",
    "DragRunSettings": "the same",
}
STEPS = 4
pytestmark = pytest.mark.filterwarnings("ignore:for .* copying from a non-meta parameter")


class OnMeta(torch.Generator):
    """A generator of the CPU that says it is on the meta device, where none can be made."""

    device = property(lambda self: torch.device("meta"))  # type: ignore[assignment]


@pytest.fixture
def meta(monkeypatch):
    made = seeds.generator

    def generator(seed, *, device="cpu", **coordinates):
        if torch.device(device).type != "meta":
            return made(seed, device=device, **coordinates)
        return OnMeta().manual_seed(0)

    monkeypatch.setattr(seeds, "generator", generator)
    autocast, enabled = torch.autocast, torch.is_autocast_enabled
    monkeypatch.setattr(
        torch, "autocast", lambda kind, **how: nullcontext() if kind == "meta" else autocast(kind, **how)
    )
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *kind: kind != ("meta",) and enabled(*kind))
    for rule in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD):  # fused rules know no meta device
        init = rule.__init__

        def without(self, *args, init=init, fused=None, **named):
            init(self, *args, **named)

        monkeypatch.setattr(rule, "__init__", without)
    return torch.device("meta")


def data_of(plan):
    """Random data of the plan's shape, so that none must be there."""
    d = plan.settings["data"]
    if d.data.startswith("toy/"):
        return data.open(d.data)
    channels = 3 if d.data in ("faces", "svhn") else 1
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(
        0, 256, (32, channels, d.resolution, d.resolution), generator=draw, dtype=torch.uint8
    )
    labels = torch.arange(32).numpy() % 10
    factors = torch.rand(32, 3, generator=draw).numpy()
    return ImageSet(
        "random", images.numpy(), labels, factors=factors, classes=tuple("0123456789"),
        factor_names=("one", "two", "three"),
    )  # fmt: skip


def built(name):
    """A method whose networks are made on the meta device, and its batches."""
    plan = recipes.resolve(name, "smoke", precision="fp32")
    dataset = data_of(plan)
    images = len(dataset.shape) == 3
    with torch.device("meta"):
        method = recipes.build(plan, spec_of(dataset, None, False))
    method.prepare(dataset, 0)
    batches = Batches(dataset, 8 * method.minibatches, seed=0, device=torch.device("meta"))
    prepare(method, batches.device, LoopSettings(precision="fp32"), STEPS, images)
    return method, batches


def moved(name):
    """The same of a method that is built on the CPU, and whose data has two domains where it translates."""
    plan = recipes.resolve(name, "smoke", **kinds.small(name) | {"steps": STEPS})
    dataset, target = kinds.random_data(plan)
    paired = plan.settings["data"].paired
    method = recipes.build(plan, spec_of(dataset, target, paired))
    method.prepare(dataset, 0)
    batches = Batches(
        dataset, 8 * method.minibatches, seed=0, target=target, paired=paired, device=torch.device("meta")
    )
    torch.__future__.set_swap_module_params_on_conversion(True)  # optimisers follow, as they do to a GPU
    try:
        settings = LoopSettings(precision="fp32")
        prepare(method, batches.device, settings, STEPS, len(dataset.shape) == 3)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)
    return method, batches


def on_cpu(state):
    """What a checkpoint on disk gives of a state: tensors of the CPU."""
    if isinstance(state, torch.Tensor):
        return torch.zeros(state.shape, dtype=state.dtype)
    if isinstance(state, dict):
        return {key: on_cpu(value) for key, value in state.items()}
    return type(state)(map(on_cpu, state)) if isinstance(state, (list, tuple)) else state


def strays(method, average, metrics) -> list[str]:
    """Names of what is not on the meta device, of all that a step reads. A count of Adam's steps is on the CPU."""
    found = {f"metrics {name}": value for name, value in metrics.items()}
    found |= {f"networks {name}": value for name, value in method.networks.state_dict().items()}
    for role, network in average.networks.items():
        found |= {f"average {role} {name}": value for name, value in network.state_dict().items()}
    for role, optimizer in method.optimizers.items():
        for number, moments in enumerate(optimizer.state.values()):
            found |= {f"optimizer {role} {number} {n}": m for n, m in moments.items() if n != "step"}
    return [n for n, value in found.items() if isinstance(value, torch.Tensor) and not value.is_meta]


def stepped_and_resumed(make, name, monkeypatch):
    """Steps of a method, and of one that takes up its state as a run does: from tensors of the CPU."""
    method, batches = make(name)
    average = Average(method, 0.9)
    for step in range(STEPS):  # of what grows, into its last stage
        metrics = method.step(batches.at(step))
        average.update(method, step + 1)
    assert not strays(method, average, metrics)
    state = on_cpu({"method": method.state_dict(), "average": average.state_dict(), "seconds": 0.0})
    method, batches = make(name)
    run = begin(method, 0.9, Journal(None), state, STEPS)
    assert run.method.stage == state["method"]["stage"]
    metrics = method.step(batches.at(STEPS - 1))
    run.average.update(method, STEPS + 1)
    assert not strays(method, run.average, metrics), "after it was resumed"
    if method.averaged and type(method).sample is not Method.sample:
        copied = torch.Tensor.cpu
        with run.averaged(), monkeypatch.context() as patch:
            # GLO fits the law of its codes by NumPy: what is copied to the CPU here has no numbers, and is 0 there
            patch.setattr(torch.Tensor, "cpu", lambda t: on_cpu(t) if t.is_meta else copied(t))
            latents = method.latents(3, OnMeta().manual_seed(0))
            assert latents.device.type == "meta" and method.sample(latents).device.type == "meta"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_method_stays_on_the_cpu(meta, monkeypatch, name):
    stepped_and_resumed(built, name, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", MOVED)
def test_nothing_of_a_method_that_is_moved_stays_on_the_cpu(meta, monkeypatch, name):
    stepped_and_resumed(moved, name, monkeypatch)


def test_each_method_of_the_catalogue_is_tried_or_said_not_to_be():
    tried = {recipes.RECIPES[name].method.__name__ for name in NAMES + MOVED}
    every = {recipes.RECIPES[name].method.__name__ for name in recipes.RECIPES}
    assert tried | NOT_TRIED.keys() == every and not tried & NOT_TRIED.keys()


@pytest.mark.parametrize(
    ("name", "instead"),
    [("unrolled-ring", "--unroll 0"), ("encoder-faces-e4e", "--r1 0 or --discriminator-weight 0")],
)
def test_what_is_differentiated_twice_is_not_compiled(name, instead):
    plan = recipes.resolve(name, "smoke", compile=True)
    with pytest.raises(UsageError, match=f"leave --compile out, or give {instead}"):
        recipes.train(plan, device="cpu", quiet=True)


def test_graphs_are_of_compiled_networks_on_a_gpu(monkeypatch):
    """What is asked of torch; that it gives the same losses, a GPU must say (`course bench graphs`)."""
    with pytest.raises(UsageError, match="give --compile with --graphs"):
        LoopSettings(graphs=True)
    settings, asked = LoopSettings(compile=True, graphs=True), []
    plan = recipes.resolve("gan-ring", "smoke", compile=True, graphs=True)
    with pytest.raises(UsageError, match="leave --graphs out"):
        recipes.train(plan, device="cpu", quiet=True)
    monkeypatch.setattr(nn.Module, "compile", lambda self, **how: asked.append(how))
    monkeypatch.setattr(nn.Module, "to", lambda self, *where, **how: self)
    method = recipes.build(plan, (2,))
    prepare(method, torch.device("cuda"), settings, 4, False)
    prepare(method, torch.device("cuda"), LoopSettings(compile=True), 4, False)
    assert asked == [{"mode": "reduce-overhead"}] * 2 + [{"mode": None}] * 2
