"""What a method does otherwise when the batch of a run is divided among processes: so little that it stands here.

Gradients are averaged, layers that look at a batch see all of it, and draws are shared, without a method's knowing
(`training.distributed`, `networks.synchronised`, `ranks`). What is left is what a step computes from a batch and does
not use as a mean whose gradient an optimiser takes.
"""

import functools
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.methods.codes import RowOptimizer
from course_lib.methods.conditional import ConditionalGAN
from course_lib.methods.cyclegan import CycleGAN
from course_lib.methods.glo import GLO
from course_lib.methods.latent_encoder import LatentEncoding
from course_lib.methods.projection import Projection
from course_lib.methods.remedies import RemedyGAN
from course_lib.methods.stylegan import StyleGAN
from course_lib.methods.unrolled import UnrolledGAN
from course_lib.methods.vae import VAE
from course_lib.networks.latent_encoder import LatentPool
from course_lib.networks.layers import mixing_layer
from course_lib.networks.synchronised import in_order
from course_lib.objectives import elbo
from course_lib.objectives.reconstruction import RECONSTRUCTION
from course_lib.ranks import Ranks, copies, gathered, mean, ranks
from course_lib.seeds import Draw


def adapt(method: Any, here: Ranks) -> None:
    """Make a method of one process one of `here.world`. Raises UsageError for what only one process can train."""
    if here.world == 1:
        return
    if isinstance(method, RemedyGAN) and method.settings.feature_matching:
        raise UsageError(
            "feature matching compares the mean features of whole batches, which several processes divide: train it in "
            "one process, or leave --feature-matching out."
        )
    if isinstance(method, UnrolledGAN):
        _replace(method, "loss", _unrolled_loss, method.loss)
    if isinstance(method, VAE) and method.settings.noise == 0:
        _replace(method, "distortion", _distortion, method.settings.loss)
    if isinstance(method, CycleGAN):
        for pool in method.pools.values():
            _replace(pool, "exchange", _exchange_of_all, pool.exchange)
    if isinstance(method, ConditionalGAN):
        _replace(method, "mixed", _mixed_of_all, method.mixed)
    for network in method.networks.values():
        if isinstance(network, LatentPool):
            _replace(network, "swap", _swap_of_all, network.swap)
    if isinstance(method, Projection) and method.settings.lowest:
        _replace(method, "shown", _shown_of_all, method.shown)
    if isinstance(method, LatentEncoding) and method.settings.pairs:
        if method.settings.pairs % here.world:
            raise UsageError(
                f"{method.settings.pairs} generated pairs a step are those of all {here.world} processes together, and "
                f"do not divide among them: give --pairs a multiple of {here.world}."
            )
        method.settings = replace(method.settings, pairs=method.settings.pairs // here.world)
    for optimizer in method.optimizers.values():
        if isinstance(optimizer, RowOptimizer):
            _replace(optimizer, "step", _step_of_rows, optimizer.step)
    if isinstance(method, GLO):
        method.codes()  # drawn, or computed from the images, before rank 0 sends what it has to the others


def _replace(of: Any, name: str, function: Any, first: Any) -> None:
    """Give one object a function of its own in place of a method: `function`, whose first argument is decided."""
    setattr(of, name, functools.partial(function, first))


def check_parts(method: Any) -> None:
    """Raises UsageError for a method whose step on a batch is not made of its parts' steps (`training.accumulate`)."""
    reason = ""
    for role, network in method.networks.items():
        learns = any(p.requires_grad for p in network.parameters())  # others normalise by what they know
        if learns and (word := mixing_layer(network)):
            reason = f"the {role} has {word}"
    if isinstance(method, RemedyGAN) and method.settings.feature_matching:
        reason = "feature matching compares means of the batch"
    if isinstance(method, UnrolledGAN) and method.settings.unroll:
        reason = "the generator looks through updates of its opponent"
    if isinstance(method, VAE) and method.settings.noise == 0:
        reason = "the likeliest noise is that of the batch"
    if isinstance(method, CycleGAN) and method.settings.pool:
        reason = "the pool of older translations takes in the batch at once (--pool 0 leaves it out)"
    if isinstance(method, ConditionalGAN) and (method.settings.shuffled or method.settings.mismatched):
        reason = "wrong conditions are those of other images of the batch"
    if isinstance(method, Projection) and method.settings.lowest:
        reason = "each eighth of the batch is shown with a resolution of its own"
    if isinstance(method, LatentEncoding) and (method.settings.pairs or "pool" in method.networks):
        reason = "generated pairs, and the pool of older codes, are counted for the batch"
    if isinstance(method, StyleGAN):
        reason = "the running means of w and of the path length are taken of the batch"
    if reason:
        raise UsageError(
            f"this batch cannot be computed in parts, one after the other: {reason}. Take a smaller --batch, or share "
            f"it among more processes."
        )


def _unrolled_loss(loss: Any, weights: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """The gradient by the weights that D would have is a mean over all ranks, as D's own optimiser sees it."""
    return loss(copies(weights), real, fake)


def _distortion(kind: str, reconstructions: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """−log p(x|z) of each image at the noise that is likeliest for the images of all ranks (`elbo.best_noise`)."""
    with torch.no_grad():
        noise = elbo.noise_at(mean(RECONSTRUCTION[kind](reconstructions, images)), kind)
    return elbo.negative_log_likelihood(reconstructions, images, noise, kind), noise


def _step_of_rows(step: Any, index: Tensor, gradients: Tensor) -> None:
    """Every rank moves the codes of all ranks' images, so that the table is one: gradients of a mean over all."""
    everywhere = in_order(gathered(gradients)) / ranks().world
    step(in_order(gathered(index)), everywhere)


def _exchange_of_all(exchange: Any, images: Tensor, draw: Draw, purpose: str) -> Tensor:
    """Every rank keeps one and the same pool, of all ranks' images (`image_pool.ImagePool.exchange`)."""
    whole = in_order(gathered(images.detach()))
    return ranks().rows(exchange(whole, replace(draw, rank=0, world=1), purpose))


def _mixed_of_all(mixed: Any, y: Tensor, draw: Draw, purpose: str) -> Tensor:
    """Conditions change places with those of all ranks' images (`conditional.ConditionalGAN.mixed`)."""
    return ranks().rows(mixed(in_order(gathered(y)), replace(draw, rank=0, world=1), purpose))


def _swap_of_all(swap: Any, codes: Tensor, calls: int, generator: torch.Generator) -> Tensor:
    """The same of a pool of codes (`networks.latent_encoder.LatentPool.swap`)."""
    own = torch.Generator(generator.device).manual_seed(generator.initial_seed())
    return ranks().rows(swap(in_order(gathered(codes)), calls, own))


def _shown_of_all(shown: Any, images: Tensor, draw: Draw) -> Tensor:
    """Each eighth of the batch of all ranks with its resolution (`projection.Projection.shown`)."""
    return ranks().rows(shown(in_order(gathered(images)), replace(draw, rank=0, world=1)))
