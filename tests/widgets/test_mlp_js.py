import numpy as np
import torch
from torch import nn

SCRIPTS = ["rng.js", "mlp.js"]

# Five rows: a block of four and one left over, as in the loops; the sizes have remainders too.
CODE = """
const net = new Mlp([3, 6, 5, 2], makeRandom(3));
const x = normals(makeRandom(4), 15), g = normals(makeRandom(5), 10);
const y = net.forward(x, 5);
const dx = net.backward(g);
const list = (a) => Array.from(a);
const state = () => net.layers.map((l) => [list(l.weight.value), list(l.bias.value)]);
const before = state();
const gradients = net.layers.map((l) => [list(l.weight.gradient), list(l.bias.gradient)]);
net.update(0.01);
net.forward(x, 5);
net.backward(g);
net.update(0.01);
return { x: list(x), g: list(g), y: list(y), dx: list(dx), before, gradients, after: state() };
"""


def test_forward_backward_and_adam_are_torchs(javascript):
    got = javascript(SCRIPTS, CODE)
    sizes = [3, 6, 5, 2]
    layers = []
    for (weight, bias), n_in, n_out in zip(got["before"], sizes, sizes[1:], strict=False):
        linear = nn.Linear(n_in, n_out).double()
        linear.weight.data = torch.tensor(weight, dtype=torch.float64).reshape(n_in, n_out).T.contiguous()
        linear.bias.data = torch.tensor(bias, dtype=torch.float64)
        layers += [linear, nn.LeakyReLU(0.2)]
    network = nn.Sequential(*layers[:-1])
    x = torch.tensor(got["x"], dtype=torch.float64).reshape(5, 3).requires_grad_()
    g = torch.tensor(got["g"], dtype=torch.float64).reshape(5, 2)
    optimizer = torch.optim.Adam(network.parameters(), 0.01, (0.5, 0.999))

    y = network(x)
    y.backward(g)
    np.testing.assert_allclose(np.reshape(got["y"], (5, 2)), y.detach(), rtol=1e-12)
    np.testing.assert_allclose(np.reshape(got["dx"], (5, 3)), x.grad, rtol=1e-10)
    for (weight, bias), linear in zip(got["gradients"], network[::2], strict=True):
        np.testing.assert_allclose(
            np.reshape(weight, linear.weight.T.shape), linear.weight.grad.T, rtol=1e-10
        )
        np.testing.assert_allclose(bias, linear.bias.grad, rtol=1e-10)

    optimizer.step()
    optimizer.zero_grad()
    network(x).backward(g)
    optimizer.step()
    for (weight, bias), linear in zip(got["after"], network[::2], strict=True):
        np.testing.assert_allclose(
            np.reshape(weight, linear.weight.T.shape), linear.weight.detach().T, rtol=1e-7
        )
        np.testing.assert_allclose(bias, linear.bias.detach(), rtol=1e-7)


def test_randomness_is_seeded_uniform_and_normal(javascript):
    code = """const draw = (seed) => { const r = makeRandom(seed);
      return [Array.from({ length: 4000 }, r.uniform), Array.from(normals(r, 4000))]; };
      return [draw(1), draw(1), draw(2)];"""
    first, again, other = javascript(SCRIPTS, code)
    assert first == again
    assert first != other
    uniform, normal = map(np.array, first)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.02
    # means and moments of 4,000 draws: five standard errors
    assert abs(normal.mean()) < 5 / 4000**0.5
    assert abs(normal.std() - 1) < 5 / 8000**0.5
    assert abs((normal**4).mean() - 3) < 5 * (96 / 4000) ** 0.5
