"""Two domains: what a cycle does not see, a pool of past images, and a distance with a margin."""

from types import SimpleNamespace

import torch
from torch import Tensor

from course_lib.checks.chapters.ch08.maps import as_map
from course_lib.checks.engine.exercise import exercise
from course_lib.methods.pan import PAN


@exercise(
    "translation-cycle",
    title="What the cycle does not see",
    section="What the cycle does not see",
    kind="implement",
    trains="which pairs of maps have a cycle loss of 0, and that the right one is only one of them",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "A discriminator finds nothing wrong if every y is made, so G must be a permutation. Which F makes the cycle "
        "loss 0 then?",
        "Move the true partners one place on: G(x) = truth(x + 1). F is the inverse of G: `back[forth] = arange(n)`.",
    ),
    mistakes={
        "form": "Return two tensors of {count} whole numbers from 0 to {last}: the y of each x, and the x of each y.",
        "not-onto": "G never makes the image {image} of the second domain: the discriminator sees that. It must make "
        "each of them once.",
        "cycle": "F(G(x)) is not x at x = {image}: the cycle loss is not 0.",
        "right": "At x = {image} G finds the true partner. No x should.",
        "truth": "This is the true matching itself, which has cycle loss 0, too. Find a wrong one.",
    },
    lesson="Of n! matchings with cycle loss 0 one is right. What prefers it stands in the networks, not in the loss.",
)
def blind_spot(answer, trial):
    for count in (5, 2):
        truth = trial.draw.normal(count, purpose=f"truth {count}").argsort()
        returned = trial.several(trial.call(answer, truth.clone()), 2, "G, F")
        forth, back = (as_map(part, count, trial) for part in returned)
        trial.expect(not torch.equal(forth, truth), "truth")
        missing = sorted(set(range(count)) - set(forth.tolist()))
        trial.expect(not missing, "not-onto", image=missing[0] if missing else 0)
        away = torch.nonzero(back[forth] != torch.arange(count)).flatten().tolist()
        trial.expect(not away, "cycle", image=away[0] if away else 0)
        right = torch.nonzero(forth == truth).flatten().tolist()
        trial.expect(not right, "right", image=right[0] if right else 0)


@exercise(
    "translation-pool",
    title="A pool of past images",
    section="A pool of past images",
    kind="implement",
    trains="an exchange in which nothing is lost: what is given out makes room for what comes in",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Two cases for each row. Coin is true: the old image goes to the discriminator, the new one takes its place. "
        "Coin is false: the pool does not change.",
        "Read all old images first, `old = pool[slots]`; afterwards write. `torch.where(coin[:, None], …, …)` serves "
        "both the result and what is stored.",
    ),
    mistakes={
        "not-stored": "Old images are given out, but the new ones do not take their places: the pool stays as it was.",
        "always-stored": "New images are stored also where the coin was false: then they are seen now *and* may come "
        "again, and the old ones are lost unseen.",
        "always-old": "Every row is an old image. Where the coin is false, the row is the new one.",
        "coin-reversed": "The coin is read the other way: true means that an old image is given out.",
        "overwritten": "The new images were stored first and then read again from the pool: no old image is ever seen.",
        "new": "The batch comes back as it was: no old image is ever shown.",
        "other-slots": "The images are stored in other places than those that were read: in the first ones, or in "
        "order. Row i belongs to slot `slots[i]`.",
    },
    lesson="Each generated image is shown at once or once later, so none is lost and none is shown twice.",
)
def exchange(answer, trial):
    pool, images = trial.draw.normal(9, 3, purpose="pool"), trial.draw.normal(4, 3, purpose="images")
    slots = 4 + trial.draw.normal(5, purpose="slots").argsort()[:4]  # none of the first four places
    slots = torch.where(slots.sort().values.eq(slots).all(), slots.flip(0), slots)  # never in order
    coin = torch.tensor([True, False, True, False])
    old, flip = pool[slots], coin[:, None]
    given, kept = torch.where(flip, old, images), torch.where(flip, images, old)

    def stored(rows: Tensor, at: Tensor = slots) -> Tensor:
        return pool.index_copy(0, at, rows)

    returned = trial.call(answer, pool.clone(), images.clone(), slots.clone(), coin.clone())
    shown, new_pool = trial.several(returned, 2, "the images for D, the new pool")
    wrong = {
        "always-old": old,
        "coin-reversed": kept,
        "new": images,
    }
    # a row that shows the new image where the old one belongs, from a pool that holds the new ones already
    overwritten = trial.tensor(shown, "the images for D")
    if overwritten.shape == images.shape and torch.equal(overwritten, images):
        after = trial.tensor(new_pool, "the new pool")
        trial.expect(not (after.shape == pool.shape and torch.equal(after, stored(kept))), "overwritten")
        trial.expect(not (after.shape == pool.shape and torch.equal(after, stored(images))), "overwritten")
    trial.equal(shown, given, wrong, name="the images for D")
    first = torch.arange(4)
    wrong = {
        "not-stored": pool,
        "always-stored": stored(images),
        "coin-reversed": stored(given),
        "other-slots": [stored(kept, first), stored(torch.where(flip, images, pool[:4]), first)],
    }
    trial.equal(new_pool, stored(kept), wrong, name="the new pool")


@exercise(
    "translation-margin",
    title="A distance with a margin",
    section="A distance with a margin",
    kind="implement",
    trains="the two perceptual losses of a perceptual adversarial network, and where the positive part stands",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "First one number for each pair: the weighted sum, over layers, of the mean absolute difference. Both losses "
        "are means of something over pairs.",
        "`(a - b).abs().flatten(1).mean(1)` is one layer's (B,). D's loss is the mean of `(margin - distance).relu()`, "
        "T's that of `distance`.",
    ),
    mistakes={
        "signed": "The differences have signs, and those of opposite sign cancel. The distance takes absolute values.",
        "squared": "The differences are squared; the paper takes absolute values.",
        "mean-first": "The positive part was taken of the batch's mean. A pair that is far would then pay for one that "
        "is near: each pair has a margin of its own.",
        "uncapped": "The positive part is missing: D would enlarge the distance without end.",
        "sign": "D's loss grows with the distance. It is to *enlarge* the distance, up to the margin.",
        "unweighted": "The layers have weights, and they were left out.",
        "summed": "A layer's differences are averaged over its numbers, not summed: layers differ in size.",
        "translator-capped": "T's loss is the distance itself. The margin is D's.",
        "exchanged": "The two losses have changed places: D's first, then T's.",
    },
    lesson="Beyond the margin a pair gives D no gradient: it cannot win by making distances large for their own sake.",
)
def perceptual_losses(answer, trial):
    weights, margin = (5.0, 1.5), 3.0
    shapes = ((6, 4, 3, 3), (6, 2, 5, 5))
    scale = torch.tensor([0.001, 0.1, 0.3, 0.6, 0.9, 1.4])[:, None, None, None]
    made = [scale * trial.draw.normal(*s, purpose=f"made {s}") for s in shapes]
    truth = [scale * trial.draw.normal(*s, purpose=f"truth {s}") for s in shapes]

    def distance(weights=weights) -> Tensor:
        return PAN.distance(SimpleNamespace(settings=SimpleNamespace(layer_weights=weights)), made, truth)

    def terms(function) -> Tensor:
        return torch.stack([w * function(a - b) for w, a, b in zip(weights, made, truth, strict=True)]).sum(0)

    d = distance()
    variants = {
        "signed": terms(lambda x: x.flatten(1).mean(1)),
        "squared": terms(lambda x: x.square().flatten(1).mean(1)),
        "unweighted": distance((1.0, 1.0)),
        "summed": terms(lambda x: x.abs().flatten(1).sum(1)),
    }
    returned = trial.call(answer, [x.clone() for x in made], [x.clone() for x in truth], weights, margin)
    loss_d, loss_t = trial.several(returned, 2, "D's loss, T's loss")
    short = (margin - d).relu().mean()
    wrong = {name: (margin - v).relu().mean() for name, v in variants.items()} | {
        "mean-first": (margin - d.mean()).relu(),
        "uncapped": [(margin - d).mean(), -d.mean()],
        "sign": [(d - margin).relu().mean(), (d - margin).mean(), -short],
        "exchanged": d.mean(),
    }
    trial.equal(loss_d, short, wrong, tolerance=1e-4, name="D's loss")
    wrong = {name: v.mean() for name, v in variants.items()} | {
        "translator-capped": [short, d.clamp(max=margin).mean(), (d - margin).relu().mean(), -short],
    }
    trial.equal(loss_t, d.mean(), wrong, tolerance=1e-4, name="T's loss")
