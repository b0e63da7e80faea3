"""Growing latents: the function is kept, the optimiser too, new columns wait behind the old ones, and runs resume."""

import pytest
import torch

from course_lib import recipes, seeds
from course_lib.data import DataSpec
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.growing_mlp import GrowingMLP, GrowingMLPSettings
from course_lib.networks.growing_mlp import GrowingMLPPair, grow_latent
from course_lib.networks.mlp import Discriminator, Generator
from course_lib.objectives.adversarial import GAMES
from course_lib.training.checkpoint import RunDirectory

SMALL = {"width": 8, "depth": 2, "batch": 16, "tensorboard": False}


def generator(latent=1):
    torch.manual_seed(0)
    return Generator(latent, 2, 16, 3).double()


def method(**changes):
    plan = recipes.resolve("swissroll-grown", "book", **{**SMALL, "steps": 10, **changes})
    made = recipes.build(plan, DataSpec((2,)))
    made.steps = 10
    return made


def points(step=0, n=16):
    draw = seeds.Draw(0, step=step)
    return Batch(draw.normal(n, 2, purpose="data"), None, draw)


def test_growth_keeps_the_function_in_double_precision():
    network, z = generator(), torch.randn(50, 5, dtype=torch.float64)
    before, weights = network(z[:, :1]), {n: p.clone() for n, p in network.named_parameters()}
    for latent in (2, 5):
        assert grow_latent(network, latent) is network and network.latent == latent
        torch.testing.assert_close(network(z[:, :latent]), before, atol=1e-14, rtol=0)
    grown = dict(network.named_parameters())
    first = "layers.0.weight"
    assert torch.equal(grown[first][:, :1], weights[first]), "old columns stand first"
    assert grown[first][:, 1:].count_nonzero() == 0
    assert all(torch.equal(grown[name], weights[name]) for name in weights if name != first)
    with pytest.raises(ValueError):
        grow_latent(network, 4)


def test_the_expected_gradient_of_a_new_column_is_zero():
    """Of a loss of single samples: new latents have mean zero and the rest does not depend on them yet. With each
    latent its mirror image in the batch it is zero exactly, while the old column has a gradient."""
    network = grow_latent(generator(), 2)
    judge = Discriminator(2, 16, 2).double()
    z = torch.rand(64, 2, dtype=torch.float64) * 2 - 1
    z = torch.cat([z, z * torch.tensor([1.0, -1.0])])
    GAMES["non-saturating"].generator_loss(judge(network(z))).backward()
    gradient = network.layers[0].weight.grad
    assert gradient[:, 1].abs().max() < 1e-15 < 1e-4 < gradient[:, 0].abs().max()
    network.zero_grad()
    GAMES["non-saturating"].generator_loss(judge(network(z[:64]))).backward()
    assert network.layers[0].weight.grad[:, 1].abs().max() > 1e-4, "a batch without mirror images has one"


def test_the_loss_is_an_even_function_of_a_new_column():
    """Over latents that are symmetric about 0: here each with its mirror image."""
    network, judge = grow_latent(generator(), 2), Discriminator(2, 16, 2).double()
    z = torch.rand(64, 2, dtype=torch.float64) * 2 - 1
    z = torch.cat([z, z * torch.tensor([1.0, -1.0])])
    column = torch.randn(16, dtype=torch.float64)
    losses = []
    for sign in (0.3, -0.3, 0.0):
        with torch.no_grad():
            network.layers[0].weight[:, 1] = sign * column
            losses.append(GAMES["non-saturating"].generator_loss(judge(network(z))).item())
    assert losses[0] == pytest.approx(losses[1], abs=1e-14) and abs(losses[0] - losses[2]) > 1e-4


def test_the_first_step_of_a_new_column_is_as_large_as_any():
    """RMSprop's running mean begins at 0: the step is the rate over sqrt(0.1), whatever the gradient."""
    grown = method(updates=1)
    grown.step(points())
    grown.enter(1)
    grown.step(points(5))
    column = grown.networks["generator"].layers[0].weight[:, 1].abs()
    torch.testing.assert_close(column, torch.full_like(column, 1e-3 / 0.1**0.5), rtol=1e-3, atol=0)


def test_the_optimiser_keeps_what_it_knows():
    grown = method()
    for step in range(5):
        grown.step(points(step))
    first = grown.networks["generator"].layers[0].weight
    known = grown.optimizers["generator"].state[first]["square_avg"].clone()
    others = grown.networks["generator"].layers[2].weight
    grown.enter(1)
    weight = grown.networks["generator"].layers[0].weight
    now = grown.optimizers["generator"].state[weight]["square_avg"]
    assert torch.equal(now[:, :1], known) and now[:, 1:].count_nonzero() == 0 and known.abs().min() > 0
    assert grown.networks["generator"].layers[2].weight is not None
    assert torch.equal(grown.networks["generator"].layers[2].weight, others)
    assert weight in {p for group in grown.optimizers["generator"].param_groups for p in group["params"]}


def test_each_player_moves_on_one_minibatch_and_its_latents():
    """Against plain loops on copies of the networks."""
    ours, theirs = method(updates=3), method(updates=3)
    batch = points()
    ours.step(batch)
    g, d, game = *theirs.networks.values(), GAMES["non-saturating"]
    z = seeds.Draw(0).uniform(16, 1, purpose="latents")
    for _ in range(3):
        loss = game.discriminator_loss(d(batch.x), d(g(z).detach()))
        theirs.update("discriminator", loss)
    for _ in range(3):
        theirs.update("generator", game.generator_loss(d(g(z))))
    for role in ("generator", "discriminator"):
        a, b = ours.networks[role].state_dict(), theirs.networks[role].state_dict()
        for name in a:
            torch.testing.assert_close(a[name], b[name], atol=1e-5, rtol=1e-4)


def test_it_grows_at_its_shares_of_the_run():
    grown = method(latents=(1, 2, 4), grow_at=(0.25, 0.5))
    assert [grown.stage_at(step) for step in range(10)] == [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
    for step in range(10):
        grown.step(points(step))
        draw = torch.Generator().manual_seed(0)
        assert grown.latents(3, draw).shape == (3, grown.networks["generator"].latent)
    assert grown.networks["generator"].layers[0].weight.shape == (8, 4)
    assert grown.networks["generator"].layers[0].weight[:, 1:].abs().min() > 0, "new columns have learnt"


def test_the_first_dimension_is_drawn_from_the_law_of_the_settings():
    z = method().latents(5_000, torch.Generator().manual_seed(0))
    assert -1 <= z.min() < -0.99 and 0.99 < z.max() < 1


def states(run):
    tensors = [run.method.state_dict()["networks"], run.average.state_dict()["generator"]]
    moments = [s for o in run.method.optimizers.values() for s in o.state_dict()["state"].values()]
    return [t for tree in tensors + moments for t in tree.values()]


def test_a_run_that_is_broken_off_around_its_growth_goes_on_bit_for_bit(tmp_path):
    plan = recipes.resolve("swissroll-grown", "book", **SMALL, steps=12, checkpoint_every=1, ema=0.9)
    whole = states(recipes.train(plan, device="cpu", quiet=True))
    for last in (5, 6, 7):  # saved before the step that grows, just before it, just after it

        def stop(step, run, last=last):
            if step == last:
                raise KeyError("broken off")

        folder = tmp_path / str(last)
        with pytest.raises(KeyError):
            recipes.train(plan, folder, device="cpu", quiet=True, every=1, observe=stop)
        assert RunDirectory(folder).latest() == last
        run = recipes.train(plan, folder, device="cpu", quiet=True)
        assert run.method.stage == 1 and run.step == 12
        assert all(torch.equal(a, b) for a, b in zip(states(run), whole, strict=True)), last


def test_a_grown_run_cannot_be_made_longer(tmp_path):
    """It would have grown at another step."""
    made = {"tier": "smoke", **SMALL}
    recipes.train(recipes.resolve("swissroll-grown", steps=4, **made), tmp_path, device="cpu", quiet=True)
    with pytest.raises(Exception, match="length"):
        recipes.train(recipes.resolve("swissroll-grown", steps=8, **made), tmp_path, device="cpu", quiet=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"latents": ()}, {"latents": (2, 1)}, {"latents": (1, 1)}, {"latents": (0, 1)}, {"latents": (1, 2.5)},
        {"grow_at": ()}, {"grow_at": (0.5, 0.7)}, {"grow_at": (0.0,)}, {"grow_at": (1.0,)}, {"game": "chess"},
        {"latents": (1, 2, 3), "grow_at": (0.7, 0.3)},
    ],
)  # fmt: skip
def test_what_cannot_grow_is_refused(changes):
    with pytest.raises(UsageError):
        recipes.resolve("swissroll-grown", **changes)


def test_a_generator_of_another_size_is_refused():
    networks = GrowingMLPPair(latents=(2, 3)).build(DataSpec((2,)))
    with pytest.raises(UsageError, match="make them equal"):
        GrowingMLP(**networks, settings=GrowingMLPSettings())
