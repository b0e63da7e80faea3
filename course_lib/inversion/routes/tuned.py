r"""Pivotal tuning (Roich et al., 2021): a code that is nearly right, and then the generator's weights for that image.

The pivot is found by search, in W and with noise maps as the paper has it. It and the maps stay as they are while the
weights of the synthesis network are tuned until the image comes out. The authors throw the maps away that they found
with the pivot; here they are kept, for the pivot is only right with them.

**Locality.** What is tuned for one code should not change the others. Codes at a distance $\alpha$ from the pivot, on
the way to drawn ones, $w_r = w_p + \alpha \frac{w_z - w_p}{\|w_z - w_p\|_2}$, keep the images that they had
(section 3.3).

Each image of a batch has weights of its own, so that it gets what it would get alone.
"""

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.inversion.distances import distance_named
from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.inversion.routes.encoder import encoder_codes
from course_lib.inversion.routes.optimisation import Search, outcome_of, searched
from course_lib.inversion.starts import Start
from course_lib.methods.spaces import Space
from course_lib.networks.own_weights import copies, with_own_weights
from course_lib.settings import Bound, Count, Weight

STREAM = "inversion/locality"


@dataclass(frozen=True)
class Tuned(Search):
    """The search for the pivot, and the tuning. Defaults of the tuning: the paper's, section 4 and its authors' code;
    the weights 1 and 1 of their losses belong to LPIPS, another number than a judge's distance of ours."""

    pool: Count = 4096  # drawn codes of which the nearest is where the pivot's search begins
    from_encoder: bool = False  # begin it at an encoder's codes instead
    tuning_steps: Count = 350  # of Adam, on the weights
    tuning_rate: Bound = 3e-4  # its step size
    tuning_distance: str = "l2+perceptual"  # l2, lap1, perceptual, or several with + between
    stop: Weight = 0.0  # an image's tuning ends when its distance is below; the paper's 0.06 is of LPIPS
    locality: Weight = 0.0  # of the images of codes around the pivot; the paper's is 0.1
    locality_reach: Bound = 30.0  # distance of these codes from the pivot, in a space of 512 numbers
    together: Count = 32  # images that are tuned at once; it changes nothing but speed and memory
    keep_weights: bool = False  # give the tuned weights too: `changed`, by their names


def tuned(subject: Subject, images: Tensor, settings: Tuned, seed: int) -> Outcome:
    """The route's own step."""
    start: Start | Tensor = Start("nearest", settings.pool)
    if settings.from_encoder:
        start = encoder_codes(subject, images)
    space, found = searched(subject, images, settings, start, seed)
    made, losses, weights = [], [], []
    for rows, targets in zip(
        found.codes.to(images).split(settings.together), images.split(settings.together), strict=True
    ):
        own, loss = tune(space, subject.space, rows, targets, settings, seed)
        with torch.no_grad():
            made.append(with_own_weights(space.decode, own, rows))
        losses.append(loss)
        weights.append(own)
    changed = {}
    if settings.keep_weights:
        changed = {name: torch.cat([own[name] for own in weights]) for name in weights[0]}
    return dataclasses.replace(
        outcome_of(space, found), losses=torch.cat(losses), reconstructions=torch.cat(made), changed=changed
    )


def tune(
    space: Space, codes: Space, pivots: Tensor, images: Tensor, settings: Tuned, seed: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Weights by name, each (B, *shape), that make `images` (B, C, H, W) of `pivots`, and the distance of each, (B,).

    space: of the pivots, perhaps with noise maps. codes: the space without them, of which locality draws.
    """
    shape, judge = (images.shape[1], images.shape[2]), settings.judge or None
    named = distance_named(settings.tuning_distance, shape, judge, settings.perceptual_weight)
    distance, decode = named.against(images), space.decode
    own = copies(decode, len(pivots), tuned_names(space))
    adam = torch.optim.Adam(list(own.values()), settings.tuning_rate, fused=True)
    active = torch.ones(len(pivots), dtype=torch.bool, device=pivots.device)
    for step in range(settings.tuning_steps + 1):
        losses = distance(with_own_weights(decode, own, pivots))
        active = active & (losses.detach() > settings.stop)
        if step == settings.tuning_steps:
            return {name: weight.detach() for name, weight in own.items()}, losses.detach()
        total = losses
        if settings.locality:
            around = neighbours(space, codes, pivots, settings.locality_reach, seed, step)
            with torch.no_grad():
                before = decode(around)
            total = total + settings.locality * named(with_own_weights(decode, own, around), before)
        gradients = torch.autograd.grad(total.sum(), list(own.values()))
        kept = [weight.detach().clone() for weight in own.values()] if settings.stop else []
        for weight, gradient in zip(own.values(), gradients, strict=True):
            weight.grad = gradient.contiguous()  # a fused Adam takes it to lie in memory as the weight does
        adam.step()
        with torch.no_grad():  # the weights of images that are done stay as they were
            for weight, there in zip(own.values(), kept, strict=False):
                weight.copy_(torch.where(active.view(-1, *[1] * (weight.ndim - 1)), weight, there))
    raise AssertionError("the last pass returns")


def tuned_names(space: Space) -> list[str]:
    """Names, in the space's `decode`, of the weights that are tuned: those of the synthesis network, or all."""
    names = [name for name, _ in space.decode.named_parameters()]
    return [name for name in names if "synthesis." in name] or names


@torch.no_grad()
def neighbours(space: Space, codes: Space, pivots: Tensor, reach: float, seed: int, step: int) -> Tensor:
    """Codes like `pivots`, each at the distance `reach` from its pivot towards one drawn code, the same for all images.

    The distance is that of each layer's code. Noise maps stay those of the pivot. Raises UsageError for spaces whose
    codes are no vectors.
    """
    chance = seeds.generator(seed, step=step, purpose=STREAM, device=pivots.device)
    drawn = codes.draw(1, chance).to(pivots)
    if drawn.ndim > 3:
        raise UsageError(f"locality is for codes that are vectors, and those of {codes.name} are not.")
    size = drawn[0].numel()
    mine = pivots.flatten(1)[:, :size].unflatten(1, codes.shape)
    way = drawn - mine
    moved = mine + reach * way / way.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return torch.cat([moved.flatten(1), pivots.flatten(1)[:, size:]], 1).view_as(pivots)


ROUTES = {"tuned": Route("a pivot's code, and the generator's weights tuned to the image", Tuned, tuned)}
