"""What is faded in: the weights of a convolution, real pictures, and new channels in a statistic of the batch."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.engine.exercise import exercise
from course_lib.methods.growing import enlarged, reduced
from course_lib.networks.growth import with_corner


@exercise(
    "growing-weights",
    title="A convolution that grows",
    section="Growing width",
    kind="implement",
    trains="growth of a convolution in both directions, and the part of it that is easily left out",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Start from the drawn weight times β and the drawn bias times β. Which part of each belongs to the old layer?",
        "A weight has the shape (outputs, inputs, height, width): the old one goes into `[:o, :i]`. The first `o` "
        "numbers of the bias are the old ones.",
    ),
    mistakes={
        "bias": "The bias of the new outputs is not multiplied by β. At β = 0 a new channel would be a constant "
        "instead of 0, and the next layer would see it.",
        "all-scaled": "The old weights are multiplied by β as well: at β = 0 the layer would compute nothing.",
        "drawn-corner": "The corner holds drawn numbers. The trained weights of the old layer belong there.",
        "unscaled": "The number β is not used: new weights count fully at once.",
        "behind": "The old weights stand behind the new ones. The old channels come first.",
        "outputs-only": "New weights from old inputs to new outputs are scaled, those from new inputs to old outputs "
        "are not: at β = 0 the old outputs must not depend on new inputs.",
        "inputs-only": "New weights from new inputs are scaled, those from old inputs to new outputs are not: at β = 0 "
        "the new outputs must be 0.",
        "mixed": "This blends the old layer with a drawn one. Trained weights count fully for every β.",
    },
    lesson="At β = 0 the new outputs are exactly 0, bias included; this is what the proof of the chapter needs.",
)
def used_weights(answer, trial):
    for number, (old, new, beta) in enumerate(
        (((2, 3), (4, 5), 0.25), ((3, 2), (3, 6), 0.0), ((2, 2), (5, 2), 1.0))
    ):
        (i, o), (inputs, outputs) = old, new
        weight = trial.draw.normal(o, i, 3, 3, purpose=f"weight {number}")
        bias = trial.draw.normal(o, purpose=f"bias {number}")
        drawn = trial.draw.normal(outputs, inputs, 3, 3, purpose=f"drawn {number}")
        offset = trial.draw.normal(outputs, purpose=f"offset {number}")
        right = with_corner(weight, beta * drawn), with_corner(bias, beta * offset)
        given = (weight.clone(), bias.clone(), drawn.clone(), offset.clone(), beta)
        returned = trial.several(trial.call(answer, *given), 2, "weight, bias")
        on = f"from {o}×{i} to {outputs}×{inputs} at β = {beta:g}"
        trial.equal(
            returned[0],
            right[0],
            _other_weights(weight, drawn, beta),
            on=on,
            name="the weight",
            tolerance=1e-5,
        )
        known = {
            "bias": with_corner(bias, offset),
            "all-scaled": with_corner(beta * bias, beta * offset),
            "drawn-corner": [offset, beta * offset],
        }
        trial.equal(returned[1], right[1], known, on=on, name="the bias", tolerance=1e-5)


def _other_weights(weight: Tensor, drawn: Tensor, beta: float) -> dict[str, object]:
    """What the mistakes give."""
    o, i = weight.shape[:2]
    behind = beta * drawn.clone()
    behind[drawn.shape[0] - o :, drawn.shape[1] - i :] = weight
    rows, columns = with_corner(weight, drawn), with_corner(weight, drawn)
    rows[o:] *= beta  # new outputs only
    columns[:, i:] *= beta  # new inputs only
    mixed = with_corner((1 - beta) * weight + beta * drawn[:o, :i], beta * drawn)
    return {
        "unscaled": with_corner(weight, drawn),
        "all-scaled": with_corner(beta * weight, beta * drawn),
        "drawn-corner": [drawn, beta * drawn],
        "outputs-only": rows,
        "inputs-only": columns,
        "behind": behind,
        "mixed": mixed,
    }


@exercise(
    "growing-real",
    title="Real pictures during a fade",
    section="Growing layers",
    kind="implement",
    trains="what real pictures must look like while new layers are faded in, so that they are no clue by themselves",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Two versions of each picture are needed, both of `resolution` pixels: one as sharp as the stage, one as sharp "
        "as the stage before.",
        "`F.avg_pool2d(x, n)` takes means over squares of n × n pixels, and `F.interpolate(x, scale_factor=n)` repeats "
        "each pixel. α multiplies the sharper version.",
    ),
    mistakes={
        "swapped": "The weights α and 1 − α are exchanged: at α = 0 pictures must be as coarse as the stage before.",
        "no-fade": "The pictures are only reduced to this stage. During the fade they are blended with coarser ones.",
        "coarse": "At every α these are the pictures of the stage before.",
        "every-second": "The reduction drops pixels instead of averaging squares.",
        "smooth": "The coarse pictures are enlarged smoothly. Repeat each pixel, as the generator's enlargement does.",
        "not-reduced": "The result must have `resolution` pixels a side: reduce the pictures first.",
    },
    lesson="Without this, the discriminator could distinguish data and samples by their sharpness alone.",
)
def real_pictures(answer, trial):
    for number, (size, resolution, alpha) in enumerate(((16, 8, 0.3), (32, 8, 0.75), (8, 8, 0.0))):
        pictures = trial.draw.normal(2, 3, size, size, purpose=f"pictures {number}")
        sharp = reduced(pictures, resolution)
        coarse = enlarged(reduced(pictures, resolution // 2), resolution)
        right = (1 - alpha) * coarse + alpha * sharp
        n = size // resolution
        dropped = pictures[..., ::n, ::n]
        smooth = F.interpolate(
            reduced(pictures, resolution // 2),
            size=(resolution, resolution),
            mode="bilinear",
            align_corners=False,
        )
        known = {
            "swapped": alpha * coarse + (1 - alpha) * sharp,
            "no-fade": sharp,
            "coarse": coarse,
            "every-second": [
                (1 - alpha) * enlarged(dropped[..., ::2, ::2], resolution) + alpha * dropped,
                (1 - alpha) * enlarged(reduced(dropped, resolution // 2), resolution) + alpha * dropped,
                (1 - alpha) * enlarged(dropped[..., ::2, ::2], resolution) + alpha * sharp,
                (1 - alpha) * enlarged(sharp[..., ::2, ::2], resolution) + alpha * sharp,
            ],
            "smooth": (1 - alpha) * smooth + alpha * sharp,
        }
        returned = trial.call(answer, pictures.clone(), resolution, alpha)
        value = trial.tensor(returned, "the pictures")
        trial.expect(value.shape == right.shape, "not-reduced")
        on = f"for {size} pixels shown at {resolution}, α = {alpha:g}"
        trial.equal(returned, right, known, on=on, name="the pictures", tolerance=1e-4)


@exercise(
    "growing-deviation",
    title="A deviation with new channels in it",
    section="Growing width",
    kind="implement",
    trains="a statistic of the batch, and how it is kept continuous while channels are added",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "First without τ: one standard deviation over the batch for each channel and pixel, and the mean of them all. "
        "Then ask which channels belong to which mean.",
        "`x.std(0, correction=0)` has the shape (channels, height, width). Its first `old` channels give one mean, the "
        "others the second; with no others, the first is the answer.",
    ),
    mistakes={
        "printed-twice": "Both terms hold the same deviation, as the thesis prints it. The first belongs to the old "
        "channels, the second to the new ones.",
        "swapped": "Here τ weighs the old channels. At τ = 0 only the old ones count.",
        "all-channels": "This is the mean over all channels, whatever τ is. New channels that are still 0 would "
        "lower it.",
        "unbiased": "This standard deviation divides by B − 1. The chapter's divides by the number of pictures.",
        "variance": "This is the mean of variances. Take the root before the mean.",
        "one-number": "Deviation and mean are exchanged: for each channel and pixel one deviation over the batch, and "
        "only then the mean.",
        "no-new": "Where there are no new channels the result is the deviation of all, not nan and not (1 − τ) times "
        "it.",
    },
    lesson="At τ = new/all this is the ordinary deviation of all channels, so nothing jumps when the fade is over.",
)
def faded_deviation(answer, trial):
    for number, (channels, old, tau) in enumerate(((5, 3, 0.3), (6, 2, 0.0), (4, 4, 0.5), (8, 4, 0.5))):
        x = trial.draw.normal(6, channels, 4, 4, purpose=f"x {number}")
        x = x * torch.arange(1, channels + 1).view(1, -1, 1, 1) + number
        right = _deviation(x, old, tau)
        whole = x.std(0, correction=0)
        known: dict[str, object] = {
            "unbiased": _deviation(x, old, tau, correction=1),
            "variance": _deviation(x, old, tau, power=2),
            "one-number": [x.std(correction=0), x.mean((2, 3)).std(0, correction=0).mean()],
        }
        if old == channels:
            known |= {"no-new": [(1 - tau) * whole.mean(), torch.tensor(float("nan"))]}
        else:
            known |= {
                "printed-twice": [whole[:old].mean(), whole[old:].mean()],
                "swapped": tau * whole[:old].mean() + (1 - tau) * whole[old:].mean(),
                "all-channels": whole.mean(),
            }
        returned = trial.call(answer, x.clone(), old, tau)
        on = f"for {channels} channels, {old} of them old, at τ = {tau:g}"
        value = trial.tensor(returned, "the deviation")
        if old == channels:
            trial.expect(bool(torch.isfinite(value.double()).all()), "no-new")
        trial.equal(returned, right, known, on=on, name="the deviation", tolerance=1e-4)


def _deviation(x: Tensor, old: int, tau: float, correction: int = 0, power: int = 1) -> Tensor:
    each = x.double().std(0, correction=correction) ** power
    if old == x.shape[1]:
        return each.mean()
    return (1 - tau) * each[:old].mean() + tau * each[old:].mean()


@exercise(
    "growing-tau",
    title="Where must τ end?",
    section="Growing width",
    kind="predict",
    trains="the condition under which nothing jumps at the end of a fade",
    difficulty=1,
    minutes=5,
    points=1,
    hints=(
        "After the fade the deviation is the plain mean over all channels. Write it as a weighted mean of d_old and "
        "d_new.",
        "The mean over all is (96 d_old + 64 d_new)/160.",
    ),
    mistakes={
        "half": "1/2 is right only where the channels double. Here 64 are added to 96.",
        "old-share": "This is the share of the old channels. τ multiplies the new ones.",
        "ratio": "This is new over old. The weights of a mean add up to 1.",
        "one": "With τ = 1 the old channels would no longer count.",
        "other": "Not that. The plain mean over all channels is a weighted mean of d_old and d_new: τ is the weight of "
        "d_new in it.",
    },
    lesson="New over all: 64/160. The thesis's 1/2 would leave a jump at the end of this fade.",
)
def final_tau(answer, trial):
    known = {"half": 0.5, "old-share": 0.6, "ratio": 64 / 96, "one": 1}
    trial.predicted(answer, 0.4, known, tolerance=0.01)
