"""The table of codes and its optimisers: which rows move, by how much, and where to."""

import time

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from course_lib import data, files, seeds
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.methods.codes import Codes, RowAdam, RowSGD, project, seeded, summed


def table(count=50, dim=4, space="ball", seed=0):
    codes = Codes(dim, space)
    codes.draw(count, torch.Generator().manual_seed(seed))
    return codes


def gradients(*shape, step=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(100 + step))


OPTIMISERS = {
    "sgd": lambda codes: RowSGD(codes, 0.3),
    "momentum": lambda codes: RowSGD(codes, 0.3, 0.9),
    "adam": lambda codes: RowAdam(codes, 0.03),
}
every_optimiser = pytest.mark.parametrize("kind", OPTIMISERS)


def test_projection_onto_the_ball_leaves_what_is_inside():
    z = torch.tensor([[0.3, 0.4], [3.0, 4.0], [0.0, 0.0], [-0.6, 0.8]])
    expected = torch.tensor([[0.3, 0.4], [0.6, 0.8], [0.0, 0.0], [-0.6, 0.8]])
    torch.testing.assert_close(project(z, "ball"), expected)
    expected[0] = torch.tensor([0.6, 0.8])
    torch.testing.assert_close(project(z, "sphere"), expected)


@every_optimiser
@pytest.mark.parametrize("space", ["ball", "sphere"])
def test_every_update_ends_in_the_space(kind, space):
    codes = table(space=space)
    optimiser = OPTIMISERS[kind](codes)
    for step in range(5):
        optimiser.step(torch.arange(0, 50, 2), 20 * gradients(25, 4, step=step))
    lengths = codes.table.norm(dim=1)
    assert lengths.max() <= 1 + 1e-6
    if space == "sphere":
        torch.testing.assert_close(lengths, torch.ones(50))
    else:
        assert lengths.min() < 0.9, "inside of the ball nothing is drawn out"


@every_optimiser
def test_rows_that_are_not_in_the_batch_do_not_move_by_a_bit(kind):
    codes, index = table(), torch.tensor([3, 41, 7])
    before = codes.table.clone()
    optimiser = OPTIMISERS[kind](codes)
    for step in range(3):
        optimiser.step(index, gradients(3, 4, step=step))
    others = torch.ones(50, dtype=torch.bool).index_fill_(0, index, False)
    assert torch.equal(codes.table[others], before[others])
    assert (codes.table[index] != before[index]).all()
    for moment in optimiser.state.get("codes", {}).values():
        assert (moment[others] == 0).all() and (moment[index] != 0).all()


@every_optimiser
def test_rows_move_as_by_torch_when_all_are_visited(kind):
    codes = table()
    parameter = torch.nn.Parameter(codes.table.clone())
    theirs = {
        "sgd": lambda: torch.optim.SGD([parameter], 0.3),
        "momentum": lambda: torch.optim.SGD([parameter], 0.3, 0.9),
        "adam": lambda: torch.optim.Adam([parameter], 0.03),
    }[kind]()
    ours = OPTIMISERS[kind](codes)
    for step in range(4):
        order = torch.randperm(50, generator=torch.Generator().manual_seed(step))
        g = gradients(50, 4, step=step)
        ours.step(order, g[order])
        parameter.grad = g
        theirs.step()
        with torch.no_grad():
            parameter.copy_(project(parameter))
    torch.testing.assert_close(codes.table, parameter.detach(), rtol=1e-5, atol=1e-6)


def test_adam_keeps_a_clock_for_each_row():
    """A row that is first visited at step 9 moves as one that is first visited at step 0."""
    codes, late = table(), table()
    first, g = RowAdam(codes, 0.03), gradients(1, 4, step=5)
    first.step(torch.tensor([7]), g)
    optimiser = RowAdam(late, 0.03)
    for step in range(9):
        optimiser.step(torch.tensor([3, 4]), gradients(2, 4, step=step))
    optimiser.step(torch.tensor([7]), g)
    assert torch.equal(late.table[7], codes.table[7])
    assert optimiser.state["codes"]["updates"][[3, 7, 8]].tolist() == [9, 1, 0]


def test_the_gradients_of_a_row_that_stands_twice_are_summed():
    g = gradients(5, 4)
    rows, sums = summed(torch.tensor([8, 2, 8, 5, 2]), g)
    assert rows.tolist() == [2, 2, 5, 8, 8]
    expected = torch.stack([g[1] + g[4], g[1] + g[4], g[3], g[0] + g[2], g[0] + g[2]])
    torch.testing.assert_close(sums, expected)


@every_optimiser
def test_a_row_that_stands_twice_gets_one_update(kind):
    """A batch that reaches over the end of an epoch may hold an image twice."""
    once, twice = table(), table()
    ours, theirs = OPTIMISERS[kind](once), OPTIMISERS[kind](twice)
    for step in range(3):
        g = gradients(3, 4, step=step)
        theirs.step(torch.tensor([9, 4, 9]), g)
        ours.step(torch.tensor([9, 4]), torch.stack([g[0] + g[2], g[1]]))
    torch.testing.assert_close(twice.table, once.table)
    if kind == "adam":
        assert theirs.state["codes"]["updates"][[4, 9]].tolist() == [3, 3]


def test_the_order_within_a_batch_does_not_matter():
    codes = [table(), table()]
    index, g = torch.tensor([4, 30, 2]), gradients(3, 4)
    for one, order in zip(codes, ([0, 1, 2], [2, 0, 1]), strict=True):
        RowAdam(one, 0.03).step(index[order], g[order])
    assert torch.equal(codes[0].table, codes[1].table)


# millions of images


class Sizes(TorchDispatchMode):
    """Notes the largest tensor that any operation makes (views and what it writes in place are not made)."""

    largest = 0

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        held = {x.untyped_storage().data_ptr() for x in arguments if isinstance(x, torch.Tensor)}
        result = operation(*arguments, **(keywords or {}))
        for made in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(made, torch.Tensor) and made.untyped_storage().data_ptr() not in held:
                self.largest = max(self.largest, made.numel())
        return result


@every_optimiser
def test_a_step_makes_nothing_of_the_size_of_the_table(kind):
    codes = table(200_000, 8)
    optimiser = OPTIMISERS[kind](codes)
    index = torch.randperm(200_000, generator=torch.Generator().manual_seed(0))[:64]
    optimiser.step(index, gradients(64, 8))  # the moments are made once
    addresses = [codes.table.data_ptr()] + [t.data_ptr() for t in optimiser.state.get("codes", {}).values()]
    with Sizes() as sizes:
        latents = codes(index)
        optimiser.step(index, gradients(64, 8, step=1))
    assert latents.shape == (64, 8) and 64 * 8 <= sizes.largest <= 2 * 64 * 8
    assert [codes.table.data_ptr()] + [
        t.data_ptr() for t in optimiser.state.get("codes", {}).values()
    ] == addresses


def test_a_step_costs_the_same_with_three_million_codes():
    def seconds(count):
        codes = Codes(2)
        codes.table = torch.zeros(count, 2)
        optimiser = RowAdam(codes, 0.03)
        times = []
        # the same rows each time: memory that is touched for the first time costs what the machine takes for it
        index = torch.randint(count, (128,), generator=torch.Generator().manual_seed(0))
        for step in range(12):
            began = time.perf_counter()
            optimiser.step(index, gradients(128, 2, step=step))
            times.append(time.perf_counter() - began)
        return min(times[2:])

    # a dense update of them takes a hundred times as long as one of three thousand
    assert seconds(3_000_000) < 10 * seconds(3_000)


# where codes come from


def test_drawn_codes_have_squared_length_one_on_average_before_projection():
    codes = table(4000, 64)
    lengths = codes.table.norm(dim=1)
    assert lengths.max() <= 1 + 1e-6 and 0.35 < (lengths > 0.9999).float().mean() < 0.65
    # half of them are a little shortened
    assert codes.table.var() == pytest.approx(1 / 64, rel=0.1)
    again, other = table(4000, 64), table(4000, 64, seed=1)
    assert torch.equal(again.table, codes.table) and not torch.equal(other.table, codes.table)


def test_principal_components_place_like_images_together():
    digits = data.open("digits", resolution=16)
    codes = Codes(10)
    seeded(codes, "pca", digits, 0)
    z = codes.table
    assert z.shape == (len(digits), 10) and z.norm(dim=1).max() <= 1 + 1e-6
    # not projected, the coordinates are uncorrelated with variance 1/d: the projection shortens the long ones
    covariance = torch.cov(z.T) * 10
    assert (covariance.diagonal() > 0.5).all() and (covariance.diagonal() < 1.1).all()
    assert (covariance - covariance.diag().diag()).abs().max() < 0.2
    distances = torch.cdist(z, z).fill_diagonal_(torch.inf)
    labels = torch.from_numpy(np.array(digits.labels))
    assert (labels[distances.argmin(1)] == labels).float().mean() > 0.9


def test_principal_components_are_scikit_learns(monkeypatch):
    from sklearn.decomposition import PCA

    digits = data.open("digits", resolution=16)
    codes = Codes(5, "sphere")
    codes.from_components(digits)
    scores = PCA(5, whiten=True).fit_transform(np.asarray(digits.images).reshape(len(digits), -1) / 255.0)
    expected = torch.from_numpy(scores / np.linalg.norm(scores, axis=1, keepdims=True))
    signs = (codes.table.double() * expected).sum(0).sign()  # a component's sign is free
    # where an image's scores are small, float32's rounding is a ten-thousandth of its place on the sphere
    torch.testing.assert_close(codes.table.double(), expected * signs, atol=2e-3, rtol=0)
    # fitted to every second image, which is what a large set gets, every image has a code still
    monkeypatch.setattr("course_lib.methods.codes.MOST_FITTED", 900)
    rough = Codes(5, "sphere")
    rough.from_components(digits)
    agreement = (rough.table * codes.table * (rough.table * codes.table).sum(0).sign()).sum(1)
    assert (
        len(rough) == len(digits) and agreement.median() > 0.9 and not torch.equal(rough.table, codes.table)
    )


def test_fewer_images_than_dimensions_are_refused():
    few = ImageSet("few", np.zeros((3, 1, 8, 8), np.uint8))
    with pytest.raises(UsageError, match="at most 3 principal components"):
        seeded(Codes(4), "pca", few, 0)
    codes = Codes(4)
    seeded(codes, "gaussian", few, 7)
    assert torch.equal(
        codes.table, project(torch.randn(3, 4, generator=seeds.generator(7, purpose="codes")) / 2)
    )


@every_optimiser
def test_a_table_and_its_moments_survive_a_file(kind, tmp_path):
    codes = table()
    optimiser = OPTIMISERS[kind](codes)
    optimiser.step(torch.tensor([1, 2]), gradients(2, 4))
    files.save_state(tmp_path / "s", {"codes": dict(codes.state_dict()), "rows": optimiser.state_dict()})
    state = files.load_state(tmp_path / "s")
    other = Codes(4)  # has not been told how many there are
    other.load_state_dict(state["codes"])
    resumed = OPTIMISERS[kind](other)
    resumed.load_state_dict(state["rows"])
    for each in (optimiser, resumed):
        each.step(torch.tensor([2, 3]), gradients(2, 4, step=1))
    assert torch.equal(other.table, codes.table)
    assert optimiser.state.keys() == resumed.state.keys()


def test_codes_of_another_size_are_refused():
    with pytest.raises(RuntimeError, match="size mismatch"):
        Codes(5).load_state_dict(table().state_dict())
    with pytest.raises(UsageError, match="not in 'cube'"):
        Codes(5, "cube")
    with pytest.raises(CourseError, match="no codes yet"):
        RowSGD(Codes(4), 1.0).step(torch.tensor([0]), gradients(1, 4))
