"""Learning: what PCA says of GLO, the pyramid, and a step."""

import torch
from torch import Tensor

from course_lib.checks.chapters.ch09 import linear_codes
from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import glo_step as reference
from course_lib.checks.reference import pyramid


@exercise(
    "glo-linear",
    title="Linear GLO, in the ball and white",
    section="The objective",
    kind="prove",
    trains="what the objective settles and what it leaves open: scale, axes and order of the codes",
    difficulty=3,
    minutes=45,
    points=3,
    written=5,
    hints=(
        "Begin with principal components. Which changes of the codes can the matrix A undo? Each of them gives the "
        "same pictures.",
        "Divide every coordinate of the codes by its standard deviation, and then all codes by the length of the "
        "longest. Multiply the columns of A by what was taken away.",
    ),
    mistakes={
        "shapes": "The shapes must be A (d, k), b (d,) and codes (N, k), here {A}, {b} and {z}.",
        "not-centred": "No flat through the origin is as near to the images as the best one: b must be their mean, and "
        "the components those of the images less the mean.",
        "smallest": "These are the components with the *smallest* eigenvalues. `eigh` lists them in ascending order.",
        "flat": "The flat {{Az + b}} is not the best: even with the best code for each image it leaves {left:.4f} per "
        "image, where {best:.4f} is possible.",
        "not-undone": "The flat is the best one, but the codes were scaled or turned without A being changed to match: "
        "the pictures are others now.",
        "clipped": "Each code outside was pulled onto the surface by itself, and its picture is another now. All "
        "codes must shrink by one factor, which A can undo.",
        "codes": "The flat is the best one, but these are not the best codes on it: they leave {left:.4f} per image, "
        "where {best:.4f} is possible.",
        "outside": "The pictures are right, but some codes lie outside the unit ball; the longest has length "
        "{length:.3f}.",
        "not-white": "Pictures and lengths are right, but the codes are not white: their coordinates differ in "
        "variance or are correlated.",
    },
    lesson="Any covariance of the codes is as good as any other here. So the objective does not decide what "
    "the principal vectors of the codes are.",
)
def linear_glo(answer, trial):
    for d, k, count in ((7, 3, 40), (5, 2, 23), (4, 1, 30)):
        spread = torch.linspace(2.0, 0.6, d).double()
        x = trial.draw.normal(count, d, purpose=f"images {d}").double() * spread
        # turned, and far from the origin, across the large components
        turn = torch.linalg.qr(trial.draw.normal(d, d, purpose=f"turn {d}").double()).Q
        x = (x + 1.5 * torch.ones(d).double()) @ turn
        linear_codes.check_flat(trial, x, k, trial.call(answer, x, k))


@exercise(
    "glo-lap1",
    title="Lap₁ from its formula",
    section="What a loss measures",
    kind="implement",
    trains="a pyramid, and the reading of a formula whose weights mean something else than they seem to",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "First write the pyramid of one image and put it together again: if that does not give the image back, the "
        "bands are wrong. Then compare two pyramids.",
        "A band is the image less the enlarged small one, and the small one is what the next round begins with. In "
        "the end: 4^j times the *sum* over level j, added up, divided by the number of all pixels (B·C·H·W).",
    ),
    mistakes={
        "no-bands": "The blurred images themselves are compared. A band is what the blur has lost: the image less "
        "the enlarged small one.",
        "rest-missing": "The last level is missing: what is left at the end, the small blurred image. Without it "
        "a change of brightness costs nothing.",
        "rest-weight": "The rest is a level like the others, the one after the last band, and has the weight "
        "4^levels.",
        "no-weights": "All sums have the same weight; level j has the weight 2^(2j).",
        "two-to-the-j": "Level j has the weight 2^j here; the formula has 2^(2j) = 4^j.",
        "upside-down": "The weights run the wrong way: the finest level, j = 0, has the weight 1, and the coarser "
        "ones more.",
        "paid-twice": "Each level is averaged over its own pixels, and 4^j comes on top. The weight 4^j on sums "
        "*is* the step to a mean for each level; taken twice, coarse levels count most.",
        "squared": "The differences are squared; the 1 in Lap₁ stands for absolute values.",
        "absolute-first": "Absolute values are taken before the difference, so a bright edge and a dark one count as "
        "equal.",
        "signed": "No absolute values are taken, and differences of either sign cancel.",
        "miscounted": "The number of bands is off by one: `levels` counts the bands, and the rest comes on top.",
        "sum": "This is a sum, over the batch or over the pixels of an image. Divide by the number of all pixels of "
        "the batch, B·C·H·W.",
        "channels": "The sum is divided by B·H·W. By pixels all C·H·W numbers of an image are meant.",
    },
    lesson="It is the sum of each level's own mean: no level counts more than another, as the chapter said.",
)
def lap1(answer, trial):
    cases = (((3, 2, 16, 24), 2), ((2, 3, 8, 8), 1), ((1, 1, 32, 32), 3))
    for shape, levels in cases:
        reconstructions, images = (
            trial.draw.normal(*shape, purpose=f"{name} {levels}") for name in ("made", "images")
        )
        reconstructions = reconstructions + 0.8  # brighter, so that the rest matters
        reconstructions.requires_grad_()
        right = pyramid.lap1(reconstructions, images, levels)
        wrong = {
            name: [pyramid.lap1(reconstructions, images, levels, **fault).detach() for fault in faults]
            for name, faults in pyramid.PYRAMID_FAULTS.items()
        }
        fixed = reconstructions.detach()
        wrong["miscounted"] = [pyramid.lap1(fixed, images, n) for n in (levels - 1, levels + 1) if n]
        value = right.detach()
        wrong["sum"] = [value * n for n in (images.numel(), images[0].numel(), len(images))]
        wrong["channels"] = value * shape[1]
        returned = trial.call(answer, reconstructions, images, levels, pyramid.shrink, pyramid.enlarge)
        trial.equal(returned, value, wrong, on=f"for {levels} band{'s' * (levels > 1)}")
        (gradient,), (true,) = (
            trial.gradients(returned, reconstructions),
            torch.autograd.grad(right, reconstructions),
        )
        trial.equal(images.numel() * gradient, images.numel() * true, name="the gradient, times B·C·H·W")


@exercise(
    "glo-step",
    title="One step, and who moves",
    section="The algorithm",
    kind="implement",
    trains="the bookkeeping of a table of codes: one gradient for two, and no row touched that is not in the batch",
    difficulty=3,
    minutes=30,
    points=4,
    hints=(
        "Take a copy of the batch's rows that asks for a gradient. One `backward()` fills the copy's gradient and the "
        "generator's. Then write rows back into the table.",
        "After `optimizer.step()`, under `torch.no_grad()`: add the gradients of equal numbers up (`index_add` on "
        "zeros of the table's shape), then `codes[index] = …`, projected.",
    ),
    mistakes={
        "generator-still": "The generator has not moved: is there a `backward()` and a `step()`?",
        "codes-still": "The codes of the batch have not moved. `codes[index]` with a tensor as index is a copy: write "
        "the new rows back into the table, which has to change in place.",
        "wrong-rows": "The first rows of the table were taken, or written. `index` says which images these are: row i "
        "belongs to image i.",
        "whole-table": "The whole table was projected. Rows outside the batch are not touched, whatever they hold.",
        "others-moved": "Codes of images that are not in the batch have moved. Only the rows `index` may.",
        "not-projected": "The codes leave the ball: the projection belongs after the update (before it, it does "
        "nothing).",
        "sphere": "The moved codes were put onto the sphere. Those that are inside the ball stay where the step "
        "took them.",
        "one-norm": "The moved codes were divided by one number for all; each row has its own length.",
        "clamped": "Each coordinate was cut at ±1; codes longer than one are divided by their length.",
        "generator-first": "The codes' gradient was taken after the generator had moved. One gradient of one loss "
        "moves both.",
        "codes-first": "The generator's gradient was taken after the codes had moved. One gradient of one loss moves "
        "both.",
        "stale-gradients": "Gradients of an earlier step were still in `.grad` of the generator and went along: call "
        "`zero_grad()` before `backward()`.",
        "sum": "The loss is a sum over images or over pixels. The rates belong to a mean over both.",
        "other-loss": "The loss is not the mean squared error.",
        "uphill": "The codes climb: take `rate` times the gradient off.",
        "twice": "An image that stands twice in the batch gets one update, by the sum of its two gradients. A plain "
        "`codes[index] = …` keeps only the last of the two.",
    },
    lesson="The rest of the table was neither read nor written: a step costs the same for a thousand images and for "
    "three million.",
)
def glo_step(answer, trial):
    for repeated in (False, True):
        index, images, rate = reference.telling_batch(trial, repeated)

        def after(index=index, images=images, rate=rate, **faults):
            (generator, optimizer), codes = reference.player(trial), reference.table(trial)
            reference.step(generator, optimizer, codes, index, images, rate, **faults)
            return _everything(generator, codes)

        (generator, optimizer), codes = reference.player(trial), reference.table(trial)
        call = trial.guarded(answer, returns=False, may_change=(0, 1, 2))
        call(generator, optimizer, codes, index, images, rate)
        changed, right, before = _everything(generator, codes), after(), after(rate=0.0, space="none")
        start = _everything(reference.player(trial)[0], reference.table(trial))
        size = codes.numel()
        trial.expect(not torch.equal(changed[size:], start[size:]), "generator-still")
        trial.expect(not torch.equal(changed[:size], before[:size]), "codes-still")
        wrong = {name: [after(**fault) for fault in faults] for name, faults in reference.STEP_FAULTS.items()}
        trial.known(changed, right, wrong)
        others = torch.ones(len(codes), dtype=torch.bool).index_fill(0, index, False)
        both = (whole[:size].view_as(codes)[others] for whole in (changed, start))
        trial.expect(torch.equal(*both), "others-moved")
        about = {"otherwise": "twice"} if repeated else {}
        trial.equal(changed[size:], right[size:], name="the generator after the step")
        trial.equal(
            changed[:size].view_as(codes), right[:size].view_as(codes), name="the table of codes", **about
        )


def _everything(generator: torch.nn.Module, codes: Tensor) -> Tensor:
    """Codes and the generator's weights in one row."""
    weights = [weight.detach().flatten() for weight in generator.parameters()]
    return torch.cat([codes.detach().flatten().clone(), *weights])
