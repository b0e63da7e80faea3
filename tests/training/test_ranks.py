"""A run of N processes is the run of one with the same batch: every kind of method, layer and draw, in float64."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import distributed, nn
from training import kinds

from course_lib import ranks
from course_lib.errors import UsageError
from course_lib.methods.across_ranks import adapt
from course_lib.methods.remedies import RemedySettings
from course_lib.networks import mlp
from course_lib.networks.layers import MinibatchDeviation
from course_lib.networks.synchronised import BatchNorm1d, BatchNorm2d, synchronise
from course_lib.ranks import GlobalDraws, Ranks
from course_lib.seeds import Draw

RANKS = Path(__file__).parent / "as_ranks.py"
DIGITS = {
    "data": "digits",
    "resolution": 8,
    "batch": 8,
    "generator_width": 4,
    "discriminator_width": 4,
    "latent": 4,
}
RING = {"batch": 8, "width": 8, "depth": 1}
FEW = {"data": "digits", "resolution": 16, "batch": 8, "steps": 3}
# name -> recipe, what is changed, by how many processes
CASES = {
    "batch statistics": ("dcgan-digits", {**DIGITS, "steps": 50}, [1, 2, 4]),
    "gradient penalty": ("wgan-gp-ring", {**RING, "steps": 50}, [1, 2, 4]),
    # from 4 to 8 pixels, with the deviation of the whole batch, of which a rank has 2 or 4 images
    "growing": ("clggan-faces", {**FEW, "resolution": 8, "steps": 50, "maps": 2, "first": 2}, [1, 2, 4]),
    "codes of images": ("glo-fashion", {**FEW, "levels": 2, "steps": 50, "latent": 4}, [1, 2, 4]),
    "unrolled": ("unrolled-ring", {**RING, "steps": 5, "unroll": 2}, [1, 2]),
    "pairs": ("r3gan-ring", {**RING, "steps": 5}, [1, 2]),
    "minibatch discrimination, noise, virtual statistics": (
        "remedies-ring",
        {**RING, "steps": 5, "minibatch": "discrimination", "instance_noise": 0.5, "generator_norm": "virtual",
         "reference": 8}, [1, 2],
    ),
    "several updates on one batch": ("swissroll-grown", {"batch": 8, "steps": 6}, [1, 2]),
    "the likeliest noise": ("vae-fashion", {**FEW, "latent": 4}, [1, 2]),
    "codes of laws": ("infogan-digits", FEW, [1, 2]),
    "noise on images": ("ibgan-sprites", FEW, [1, 2]),
    "moved images": ("classifier-digits", FEW, [1, 2]),
    # both penalties are lazy: 13 and 4 of the steps have them
    "styles, path lengths": (
        "stylegan-faces",
        {**FEW, "resolution": 8, "steps": 50, "latent": 4, "width": 4, "depth": 2, "base": 32, "most": 8}, [1, 2, 4],
    ),
    # one run: ten steps by one process, ten by two, ten by four
    "resumed": (
        "dcgan-digits", {**DIGITS, "checkpoint_every": 50}, [1, 2, 4],
        {str(world): {"steps": 10 * n} for n, world in enumerate((1, 2, 4), 1)},
    ),
    "not resumed": ("dcgan-digits", {**DIGITS, "steps": 30}, [1]),
}  # fmt: skip

# on random data
SWITCHED = {
    "a pool of translations": ("cyclegan-glasses", {"pool": 8}),
    "a pool of codes, and generated pairs": (
        "encoder-faces-e4e", {"pool": 16, "pairs": 4, "code_weight": 1.0, "r1_every": 2}
    ),
    "resolutions by parts of the batch": ("projection-faces", {"batch": 16, "lowest": 8}),
    "a law of codes": ("detector-glo-faces", {}),
}  # fmt: skip


def as_ranks(folder: Path, cases: dict) -> None:
    said = {name: {"recipe": r, "changes": c, "worlds": w, "with": more[0] if more else {}}
            for name, (r, c, w, *more) in cases.items()}  # fmt: skip
    run_as_ranks(folder, said)


def run_as_ranks(folder: Path, said: dict, patience: float = 600) -> None:
    done = subprocess.run(
        [sys.executable, str(RANKS), str(folder), json.dumps(said)],
        capture_output=True,
        text=True,
        timeout=patience,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    as_ranks(folder, CASES)
    return folder


def farthest(folder: Path, name: str, world: int, rank: int) -> float:
    """The largest difference of a number that this rank ends with, averages and metrics included, from one process."""
    averages = any(
        key.startswith("average.") for key in load_file(folder / f"{name}.{world}.{rank}.safetensors")
    )
    assert averages or "moved" in name
    return apart(folder, f"{name}.1.0", f"{name}.{world}.{rank}")


def apart(folder: Path, *names: str) -> float:
    """The largest difference of a number in the states and metrics of two runs."""
    one, ours = (load_file(folder / f"{name}.safetensors") for name in names)
    assert one.keys() == ours.keys()
    rows = [json.loads((folder / f"{name}.json").read_text()) for name in names]
    # of these the first two are times; the last is a root of a mean square, of which several processes take the mean
    times = ("seconds", "examples_per_second", "hypernetwork/change")
    metrics = [
        abs(a[k] - b[k]) / max(1, abs(a[k])) for a, b in zip(*rows, strict=True) for k in a if k not in times
    ]
    return max(
        [(one[k].double() - ours[k].double()).abs().max().item() for k in one if one[k].numel()] + metrics
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "world"), [(n, w) for n, (_, _, worlds, *more) in CASES.items() for w in worlds[1:] if not more]
)
def test_a_run_of_several_processes_is_the_run_of_one(trained, name, world):
    for rank in range(world):
        assert farthest(trained, name, world, rank) < 1e-10, f"rank {rank}"


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_processes(trained):
    one, ours = (load_file(trained / f"{which}.safetensors") for which in ("not resumed.1.0", "resumed.4.3"))
    assert max((one[key].double() - ours[key].double()).abs().max() for key in one) < 1e-10


@pytest.mark.slow
def test_a_step_that_looks_at_the_whole_batch_does_so_in_several_processes(tmp_path):
    said = {
        name: {"recipe": recipe, "changes": kinds.small(recipe) | changes, "random": True, "worlds": [1, 2]}
        for name, (recipe, changes) in SWITCHED.items()
    }
    run_as_ranks(tmp_path, said)
    for name in said:
        assert max(apart(tmp_path, f"{name}.1.0", f"{name}.2.{rank}") for rank in (0, 1)) < 1e-9, name


@pytest.mark.slow
def test_every_kind_of_the_catalogue_is_one_run_however_it_is_carried_out(tmp_path):
    """By two processes, in two parts one after the other, and stopped in between: the same run, or a refusal.

    Adam enlarges the rounding of a gradient that is 0, so that a few steps agree to 1e-9.
    """
    said = {}
    for name in kinds.kinds():
        case = {"recipe": name, "changes": kinds.small(name), "random": True, "worlds": [1]}
        said[name] = case | {"worlds": [1, 2]}
        said[f"{name} in parts"] = case | {"changes": case["changes"] | {"accumulate": 2}}
        said[f"{name} stopped"] = case | {
            "changes": case["changes"] | {"checkpoint_every": 2},
            "stopped": 2,
        }
    run_as_ranks(tmp_path, said, patience=3600)
    wrong = {}
    for name in kinds.kinds():
        others = {f"{name}.2.0": 1e-9, f"{name}.2.1": 1e-9, f"{name} in parts.1.0": 1e-9}
        learns = any("/optimizers/" in key for key in load_file(tmp_path / f"{name}.1.0.safetensors"))
        if not learns:  # searches are no training
            others = {}
        for other, least in (others | {f"{name} stopped.1.0": 0.0}).items():
            if (tmp_path / f"{other}.refused").exists():
                continue
            if (found := apart(tmp_path, f"{name}.1.0", other)) > least:
                wrong[other] = found
    assert not wrong
    refused = {file.name.removesuffix(".refused"): file.read_text() for file in tmp_path.glob("*.refused")}
    assert all(" in parts" in name for name in refused), "all train on two processes, and go on"
    assert all("cannot be computed in parts" in text for text in refused.values())


# the parts, without processes


def test_synchronised_statistics_of_one_process_are_torch_s():
    torch.manual_seed(0)
    for ours, theirs, shape in (
        (BatchNorm2d, nn.BatchNorm2d, (6, 3, 4, 4)),
        (BatchNorm1d, nn.BatchNorm1d, (6, 3)),
    ):
        for momentum in (0.1, None):
            mine, torchs = ours(3, momentum=momentum).double(), theirs(3, momentum=momentum).double()
            with torch.no_grad():
                mine.weight.uniform_(0.5, 2), mine.bias.normal_()
            torchs.load_state_dict(mine.state_dict())
            for _ in range(3):
                x = torch.randn(shape, dtype=torch.float64)
                torch.testing.assert_close(mine(x), torchs(x), rtol=1e-12, atol=1e-12)
            for key, value in torchs.state_dict().items():
                torch.testing.assert_close(mine.state_dict()[key], value, rtol=1e-12, atol=1e-12)
            mine.eval(), torchs.eval()
            torch.testing.assert_close(mine(x), torchs(x))
            assert mine.state_dict().keys() == torchs.state_dict().keys()


def test_synchronised_statistics_have_second_derivatives():
    norm = BatchNorm2d(2, track_running_stats=False).double()
    x = torch.randn(3, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(norm, (x,)) and torch.autograd.gradgradcheck(norm, (x,))


@pytest.fixture
def alone_in_a_group(tmp_path):
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_sums_over_ranks_can_be_differentiated_twice(alone_in_a_group):
    """Through the collective itself, which a group of one calls too."""
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    twice = lambda x: ranks._Sum.apply(x.square()).prod()  # noqa: E731
    assert torch.autograd.gradcheck(twice, (x,)) and torch.autograd.gradgradcheck(twice, (x,))


def test_rows_of_ranks_make_up_the_whole_and_hold_whole_groups():
    whole = torch.arange(24)
    for parts in (1, 3):
        of_ranks = [Ranks(r, 2).rows(whole, parts) for r in range(2)]
        merged = torch.cat(
            [torch.stack(pair, 1).flatten() for pair in zip(*(o.chunk(parts) for o in of_ranks), strict=True)]
        )
        assert torch.equal(merged, whole)
    x = torch.randn(16, 5)
    layer = MinibatchDeviation(4)
    for r in range(2):  # two groups of four in each half, of the four of the batch
        torch.testing.assert_close(layer(Ranks(r, 2).rows(x)), Ranks(r, 2).rows(layer(x)))


@pytest.mark.parametrize(
    "law",
    [
        lambda n, g: torch.randn(n, 3, generator=g),
        lambda n, g: torch.randn((n, 3), generator=g, device=g.device),
        lambda n, g: torch.rand(size=(n, 2), generator=g),
        lambda n, g: torch.rand(n, generator=g),
        lambda n, g: torch.randint(5, (n,), generator=g),
        lambda n, g: torch.randint(2, 9, (n, 2), generator=g),
        lambda n, g: torch.normal(1.0, 2.0, (n, 2), generator=g),
        lambda n, g: torch.empty(n, 2).normal_(generator=g),
        lambda n, g: torch.empty(n, 2).uniform_(-1, 1, generator=g),
        lambda n, g: torch.multinomial(torch.arange(1.0, 6.0), n, replacement=True, generator=g),
        lambda n, g: torch.multinomial(torch.ones(5), num_samples=n, replacement=True, generator=g),
        lambda n, g: torch.multinomial(torch.ones(5), n, True, generator=g),
        lambda n, g: torch.multinomial(input=torch.ones(5), num_samples=n, replacement=True, generator=g),
    ],
)
def test_what_ranks_draw_is_one_draw_of_the_whole(law):
    whole = law(8, Draw(3, 0, 5).generator("latents"))
    with GlobalDraws():
        parts = [law(2, Draw(3, r, 5, world=4).part(0).part(1).generator("x")) for r in range(4)]
        ours = [law(2, Draw(3, r, 5, world=4).generator("latents")) for r in range(4)]
    assert torch.equal(torch.stack(ours, 1).flatten(0, 1), whole)
    assert not torch.equal(torch.stack(parts, 1).flatten(0, 1), whole)


def test_rows_may_stand_along_another_dimension_and_other_draws_are_a_rank_s_own(capsys):
    whole = Draw(3).uniform(3, 8, 1, purpose="augmentation", rows=1)
    with GlobalDraws():
        ours = [Draw(3, r, world=2).uniform(3, 4, 1, purpose="augmentation", rows=1) for r in range(2)]
        orders = [torch.randperm(40, generator=Draw(3, r, world=2).generator("order")) for r in range(2)]
    assert not torch.equal(*orders) and "draws torch.randperm for its own share" in capsys.readouterr().err
    assert torch.equal(torch.stack(ours, 2).flatten(1, 2), whole)
    assert Draw(3, 0).same("coin").initial_seed() == Draw(3, 1).same("coin").initial_seed()


def test_feature_matching_is_for_one_process():
    settings = RemedySettings(feature_matching=True)
    method = settings.build(
        {"generator": mlp.Generator(2, 2, 4, 1), "discriminator": mlp.Discriminator(2, 4, 1)}
    )
    adapt(method, Ranks())
    with pytest.raises(UsageError, match="train it in one process"):
        adapt(method, Ranks(0, 2))


def test_alone_no_layer_is_changed():
    network = nn.Sequential(nn.BatchNorm2d(2), MinibatchDeviation())
    assert type(synchronise(network, Ranks())[0]) is nn.BatchNorm2d
    assert [type(m).__name__ for m in synchronise(network, Ranks(0, 2))] == ["BatchNorm2d", "Deviation"]
    assert isinstance(network[0], nn.BatchNorm2d) and type(network[0]) is not nn.BatchNorm2d


def test_compiled_networks_run_where_draws_are_shared():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    x = torch.randn(5, 3)
    expected = network(x)
    network.compile(backend="eager", fullgraph=True)
    with GlobalDraws():
        assert torch.equal(network(x), expected)
