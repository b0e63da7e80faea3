"""Slopes of critics: exact cases, and the order that they must keep."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from course_lib.errors import UsageError
from course_lib.evaluation.lipschitz import (
    gradient_norms,
    greatest_pair_slope,
    slopes,
    upper_bound,
)
from course_lib.evaluation.operator_norms import layer_norm
from course_lib.networks import dcgan, mlp


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Linear(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.layer = nn.Linear(len(weight), 1)
        self.layer.weight.data.copy_(weight[None])

    def forward(self, x):
        return self.layer(x).squeeze(1)


def test_a_linear_critic_has_one_slope():
    weight = torch.tensor([3.0, 4.0])
    critic, x = Linear(weight), drawn(50, 2)
    torch.testing.assert_close(gradient_norms(critic, x), torch.full((50,), 5.0).double())
    assert upper_bound(critic, (2,)) == pytest.approx(5)
    assert 4.5 < greatest_pair_slope(critic, x) <= 5 + 1e-5
    along = torch.outer(torch.arange(4.0), weight)
    assert greatest_pair_slope(critic, along) == pytest.approx(5)


def test_spectral_normalisation_bounds_the_matrix_and_not_the_convolution():
    """Miyato et al. (2018) divide by the norm of the kernel as a matrix; where patches overlap the layer has more."""
    torch.manual_seed(0)
    critic = dcgan.Discriminator(1, 16, 8, norm="spectral")
    for _ in range(30):  # power iterations, one a forward
        critic(drawn(2, 1, 16, 16))
    critic.eval()
    layer = critic.layers[2]
    assert torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() == pytest.approx(1, abs=0.02)
    norm = layer_norm(layer, (8, 8, 8))
    # kernel 4, stride 2: every entry lies in at most 4 patches, so the norm is at most sqrt(4) times that
    assert 1.05 < norm <= 2.05


@pytest.mark.parametrize("kind", ["mlp", "none", "spectral"])
def test_every_slope_keeps_below_the_bound(kind):
    torch.manual_seed(0)
    if kind == "mlp":
        critic, shape = mlp.Discriminator(2, 16, 2), (2,)
    else:
        critic, shape = dcgan.Discriminator(1, 8, 4, norm=kind), (1, 8, 8)
    found = slopes(critic, drawn(40, *shape), drawn(40, *shape, seed=1) + 1)
    assert found.data.shape == found.samples.shape == found.between.shape == (40,)
    highest = max(t.max().item() for t in (found.data, found.samples, found.between))
    assert 0 < highest <= found.bound * (1 + 1e-6)
    assert 0 < found.pair <= found.bound * (1 + 1e-6)
    assert critic.training, "left as it was"


def test_normalisation_has_no_bound():
    critic = dcgan.Discriminator(1, 16, 4, norm="batch")
    with pytest.raises(UsageError, match="BatchNorm2d has none"):
        upper_bound(critic, (1, 16, 16))
    x = drawn(4, 1, 16, 16)
    assert slopes(critic, x, x + 1).bound is None
    layered = nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4), nn.Linear(4, 1), nn.Flatten(0))
    with pytest.raises(UsageError, match="LayerNorm has none"):
        upper_bound(layered, (2,))
    # a slope of the order of 1/sqrt(eps) where the four numbers are nearly equal
    assert gradient_norms(nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 1)), torch.zeros(1, 4)).item() > 30


def multiplied(factor):
    class Times(nn.Sequential):
        def forward(self, x):
            return factor * super().forward(x)

    return Times(nn.Linear(2, 1), nn.Flatten(0))


class Residual(nn.Module):
    """x + 2x through a skip that no list of modules shows."""

    def __init__(self):
        super().__init__()
        self.inner, self.score = nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False)
        with torch.no_grad():
            self.inner.weight.copy_(2 * torch.eye(2))
            self.score.weight.copy_(torch.tensor([[0.6, 0.8]]))

    def forward(self, x):
        return self.score(x + self.inner(x)).squeeze(1)


class Twice(nn.Module):
    """A layer whose output is thrown away, so that the order of calls is no chain."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 1), nn.Linear(2, 1)

    def forward(self, x):
        self.first(x)
        return self.second(x).squeeze(1)


class Choosing(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(2, 1)

    def forward(self, x):
        return self.score(x).squeeze(1) if x.sum() > 0 else -self.score(x).squeeze(1)


class Mixing(nn.Module):
    """Looks at all samples of a batch at once."""

    def __init__(self):
        super().__init__()
        self.score = nn.Linear(6, 3)

    def forward(self, x):
        return self.score(x.view(1, -1)).view(-1)


def hooked():
    critic = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    critic[0].register_forward_hook(lambda layer, inputs, output: 5 * output)
    return critic


def replaced():
    critic = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    critic[0].forward = lambda x: 5 * x[:, :1]
    return critic


def squared():
    """A subclass of a known layer that computes something else."""

    class Square(nn.Linear):
        def forward(self, x):
            return super().forward(x).square()

    return nn.Sequential(Square(2, 1), nn.Flatten(0))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (Residual, "Residual.forward has something else: 'add'"),
        (lambda: multiplied(3.0), "Times.forward has something else: 'mul'"),
        (Twice, "Twice.forward has something else: 'second'"),
        (Choosing, "Choosing.forward cannot be traced"),
        (Mixing, "Mixing.forward mixes them: 'view'"),
        (hooked, "Linear in Sequential has a hook"),
        (replaced, "Linear in Sequential has a hook or a `forward` of its own"),
        (squared, "Sequential.forward has something else"),
        (lambda: nn.Sequential(nn.Linear(2, 2)), "one number for each sample, and Sequential does not"),
        (lambda: nn.Sequential(nn.Linear(2, 1), nn.Softplus(threshold=0)), "Softplus has none"),
    ],
    ids=["skip", "factor", "unused", "branch", "batch", "hook", "replaced", "subclass", "vector", "jump"],
)
def test_what_cannot_be_bounded_is_refused(make, named):
    critic = make()
    with pytest.raises(UsageError, match=named):
        upper_bound(critic, (2,))
    assert critic.training, "left as it was"


def test_a_skip_would_break_the_product():
    """Why it is refused: the layers' norms multiply to 2, and the slope is 3."""
    critic = Residual()
    product = layer_norm(critic.inner, (2,)) * layer_norm(critic.score, (2,))
    assert product == pytest.approx(2) and gradient_norms(critic, drawn(5, 2)).max().item() == pytest.approx(
        3
    )


def test_chains_of_every_spelling_are_bounded():
    class Spelled(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 3), nn.Linear(3, 1)
            self.between = nn.Sequential(nn.Dropout(0.5), nn.LeakyReLU(0.2), nn.Identity())

        def forward(self, x):
            x = self.between(self.first(x.view(x.shape[0], -1)))
            return torch.flatten(self.last(x.reshape(x.size(0), 3)))

    critic = Spelled()
    expected = layer_norm(critic.first, (4,)) * layer_norm(critic.last, (3,))
    assert upper_bound(critic, (1, 2, 2)) == pytest.approx(expected, rel=1e-12)
    assert upper_bound(critic.double(), (1, 2, 2)) == pytest.approx(expected, rel=1e-6)
    assert upper_bound(nn.Linear(4, 1), (4,)) > 0


@pytest.mark.parametrize(
    ("layer", "steepest"),
    [
        (nn.LeakyReLU(-3.0), 3),
        (nn.LeakyReLU(3.0), 3),
        (nn.ReLU(), 1),
        (nn.Tanh(), 1),
        (nn.Sigmoid(), 0.25),
        (nn.Softplus(2.0), 1),
        (nn.ELU(2.0), 2),
        (nn.LogSigmoid(), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_activations_count_with_their_steepest_slope(layer, steepest):
    line = torch.linspace(-30, 30, 200_001, dtype=torch.float64)
    values = layer(line)
    assert ((values[1:] - values[:-1]).abs() / (line[1] - line[0])).max().item() == pytest.approx(
        steepest, rel=1e-3
    )
    critic = nn.Sequential(nn.Linear(1, 1), layer, nn.Flatten(0))
    assert upper_bound(critic, (1,)) == pytest.approx(steepest * critic[0].weight.abs().item())


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 1), (3, 1)])
def test_a_maximum_over_windows_stretches_by_their_overlap(size, stride):
    critic = nn.Sequential(nn.MaxPool2d(size, stride), nn.Flatten(), nn.LazyLinear(1))
    critic(torch.zeros(1, 1, 7, 7))
    bound = upper_bound(critic, (1, 7, 7)) / layer_norm(critic[2], (1,))
    x = torch.zeros(2, 1, 7, 7)
    x[1, 0, 2, 2] = 1  # one bright pixel, in an even place: the most windows see it
    pooled = critic[0](x)
    assert (pooled[1] - pooled[0]).norm().item() == pytest.approx(bound)
    far = drawn(50, 1, 7, 7), drawn(50, 1, 7, 7, seed=1)
    moved = (critic[0](far[0]) - critic[0](far[1])).flatten(1).norm(dim=1)
    assert (moved <= bound * (far[0] - far[1]).flatten(1).norm(dim=1)).all()


def trained_with_spectral_norms(steps=200):
    """A critic that has just been trained, as those of chapter 5, by one power iteration a step."""
    torch.manual_seed(0)
    critic = mlp.Discriminator(2, 64, 3)
    for layer in critic.layers:
        if isinstance(layer, nn.Linear):
            spectral_norm(layer)
    optimizer = torch.optim.Adam(critic.parameters(), 2e-3, (0.0, 0.9))
    for step in range(steps):
        real, fake = drawn(64, 2, seed=2 * step) + 2, drawn(64, 2, seed=2 * step + 1)
        optimizer.zero_grad()
        (critic(fake).mean() - critic(real).mean()).backward()
        optimizer.step()
    return critic.eval()


def test_a_spectrally_normed_critic_is_not_one_lipschitz():
    """One power iteration a step lags behind the weights, so that every layer's norm is a little above 1."""
    critic = trained_with_spectral_norms()
    norms = [
        torch.linalg.matrix_norm(layer.weight.detach().double(), 2).item() for layer in critic.layers[::2]
    ]
    assert min(norms) > 1 - 1e-6 and max(norms) > 1.001
    assert upper_bound(critic, (2,)) == pytest.approx(math.prod(norms), rel=1e-12)
    critic.train()
    with torch.no_grad():
        for _ in range(300):  # the weights stand still, and the power iteration arrives
            critic(drawn(2, 2))
    assert upper_bound(critic, (2,)) == pytest.approx(1, abs=1e-4)


def test_the_bound_of_a_spectrally_normed_critic_is_above_its_steepest_slope():
    critic = trained_with_spectral_norms()
    found = slopes(critic, drawn(200, 2) + 2, drawn(200, 2, seed=1))
    assert max(found.pair, found.data.max().item(), found.between.max().item()) <= found.bound * (1 + 1e-6)


def test_the_product_is_attained_where_the_layers_stretch_the_same_direction():
    layers = [nn.Linear(2, 2, bias=False) for _ in range(3)] + [nn.Linear(2, 1, bias=False)]
    with torch.no_grad():
        for layer in layers:
            layer.weight.copy_(torch.tensor([[1.5, 0.0], [0.0, 0.2]])[: layer.out_features])
    critic = nn.Sequential(*layers, nn.Flatten(0))
    assert gradient_norms(critic, drawn(3, 2)).max().item() == pytest.approx(1.5**4)
    assert upper_bound(critic, (2,)) == pytest.approx(1.5**4)
