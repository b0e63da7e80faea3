"""One step of a drag, by whole pixels: what pulls, and where the point is afterwards."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise

SIZE = 9


def patch(x: int, y: int, shape: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
    """Rows and columns of the 3 × 3 pixels about (x, y), moved by (dx, dy)."""
    dx, dy = shape
    return slice(y + dy - 1, y + dy + 2), slice(x + dx - 1, x + dx + 2)


def cut(maps: Tensor, x: int, y: int, step: tuple[int, int] = (0, 0)) -> Tensor:
    rows, columns = patch(x, y, step)
    return maps[:, rows, columns]


@exercise(
    "drag-motion",
    title="What pulls a handle",
    section="Motion supervision",
    kind="implement",
    trains="a loss with a target that must stand still",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "Cut two patches of 3 × 3 pixels out of the features: about the handle, and about the handle plus the step. "
        "Rows are y, columns are x.",
        "The patch at the handle is what the other one is to become: `.detach()` it. The loss is the sum of absolute "
        "differences.",
    ),
    mistakes={
        "not-detached": "The value is right, the gradient is not: the patch at the handle gets one as well. Then the "
        "loss may change the handle to look like its surroundings, which is no motion: detach it.",
        "wrong-detached": "The wrong patch stands still. What is at the handle now is the target; what lies one step "
        "on is to become equal to it.",
        "no-gradient": "No gradient flows into the features: something is detached, or turned into a number, that must "
        "not be.",
        "axes": "The coordinates have changed places: the features are indexed [channel, y, x].",
        "backwards": "The second patch lies one step *behind* the handle: add the step.",
        "squared": "Squared differences were meant for other methods; here they are absolute.",
        "mean": "This is the mean; the sum over the patch and all channels was asked for.",
        "one-pixel": "Only one pixel was compared. A patch says in which direction something moves; one pixel does "
        "not.",
    },
    lesson="The gradient reaches only what lies one step ahead of the handle, and there it writes what the handle has.",
)
def motion_loss(answer, trial):
    base = trial.draw.normal(4, SIZE, SIZE, purpose="features").double()
    x, y, step = 3, 5, (2, -1)

    def value(
        maps: Tensor, at: tuple[int, int] = (x, y), by: tuple[int, int] = step, stop: str = "here"
    ) -> Tensor:
        here, there = cut(maps, *at), cut(maps, *at, by)
        if stop == "here":
            here = here.detach()
        elif stop == "there":
            there = there.detach()
        return (there - here).abs().sum()

    def slope(of: Tensor, maps: Tensor) -> Tensor:
        return torch.autograd.grad(of, maps)[0]

    maps = base.clone().requires_grad_()
    right = value(maps)
    count = 4 * 9
    squares = (cut(base, x, y, step) - cut(base, x, y)).square().sum()
    wrong = {
        "axes": [value(base, (y, x)), value(base, (y, x), step[::-1]), value(base, (x, y), step[::-1])],
        "backwards": value(base, by=(-step[0], -step[1])),
        "squared": [squares, squares / count, squares.sqrt()],
        "mean": [right / count, right / 9, right / 4],
        "one-pixel": (base[:, y + step[1], x + step[0]] - base[:, y, x]).abs().sum(),
    }
    given = base.clone().requires_grad_()
    returned = trial.call(answer, given, (x, y), step)
    trial.equal(returned, right, wrong, name="the loss")
    (found,) = trial.gradients(returned, given)
    others = {
        "not-detached": slope(value(maps, stop=""), maps),
        "wrong-detached": slope(value(maps, stop="there"), maps),
    }
    trial.equal(found, slope(right, maps), others, name="the gradient in the features")


@exercise(
    "drag-track",
    title="Where the handle is now",
    section="Point tracking",
    kind="implement",
    trains="a search that compares with the first image, near the last place",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Compute the distance of every pixel's features to those that are sought, then allow only pixels near the last "
        "place.",
        "`far = (maps - asked[:, None, None]).abs().sum(0)` is (H, W). Set it to infinity where |column − x| or "
        "|row − y| is more than `reach`, and take `argmin`.",
    ),
    mistakes={
        "everywhere": "The whole image was searched. Something far away may look just the same: look only within "
        "`reach` of the last place.",
        "stays": "The point was left where it was.",
        "axes": "The coordinates have changed places: a flat index is row · width + column, and a point is (x, y).",
        "euclidean": "The distance is the sum of absolute differences, not the Euclidean one. Here they disagree.",
        "farthest": "This is the place that is *least* like what is sought.",
        "relative": "This is the offset from the last place (or the place in the cut-out part). Add where it began.",
        "product": "The features were multiplied, not compared. Large features then win, whatever they mean.",
    },
    lesson="What is sought is what the handle looked like in the first image, so that errors do not add up.",
)
def track(answer, trial):
    maps, asked = scene(trial)
    reach, (x, y) = 2, (4, 3)
    far = (maps - asked[:, None, None]).abs().sum(0)
    euclid = (maps - asked[:, None, None]).square().sum(0)
    product = -(maps * asked[:, None, None]).sum(0)
    right = torch.tensor(near(far, x, y, reach))
    whole = torch.tensor(near(far, x, y, 99))
    corner = torch.tensor([x - reach, y - reach])
    wrong = {
        "everywhere": [whole, whole.flip(0)],
        "stays": torch.tensor([x, y]),
        "axes": right.flip(0),
        "euclidean": torch.tensor(near(euclid, x, y, reach)),
        "farthest": [torch.tensor(near(-far, x, y, reach)), torch.tensor(near(-far, x, y, 99))],
        "relative": [right - torch.tensor([x, y]), right - corner],
        "product": torch.tensor(near(product, x, y, reach)),
    }
    returned = trial.call(answer, maps.clone(), asked.clone(), (x, y), reach)
    trial.several(returned, 2, "x, y")
    trial.equal(returned, right, wrong, name="the point")
    # at the edge of the image the window is cut off
    maps2 = maps.flip(2).contiguous()
    far = (maps2 - asked[:, None, None]).abs().sum(0)
    right = torch.tensor(near(far, 0, 8, reach))
    returned = trial.call(answer, maps2.clone(), asked.clone(), (0, 8), reach)
    trial.equal(returned, right, on="at the corner of the image", name="the point")


def scene(trial) -> tuple[Tensor, Tensor]:
    """Features (3, 9, 9) in which two places within 2 pixels of (4, 3) look alike, and a third, far away, exactly.

    All others are far from what is sought; one near (4, 3) is the farthest, and one has the greatest product with it.
    """
    maps = 4 + trial.draw.normal(3, SIZE, SIZE, purpose="maps").double().clamp(-2, 2)
    asked = 0.5 + trial.draw.normal(3, purpose="asked").double().abs().clamp(max=2)
    maps[:, 1, 3], maps[:, 5, 5] = -8, 8
    maps[:, 7, 8] = asked  # far from the last place
    # 0.9 away in the sum of absolute differences and in length; and 1.2 in the sum, but 0.69 in length
    maps[:, 2, 6] = asked + torch.tensor([0.9, 0.0, 0.0]).double()
    maps[:, 4, 3] = asked + torch.tensor([0.4, 0.4, 0.4]).double()
    return maps, asked


def near(far: Tensor, x: int, y: int, reach: int) -> list[int]:
    """[x, y] of the smallest entry of (H, W) at most `reach` columns and rows from (x, y)."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    inside = ((columns - x).abs() <= reach) & ((rows - y).abs() <= reach)
    index = int(torch.where(inside, far, torch.inf).argmin())
    return [index % SIZE, index // SIZE]
