"""What the training loop asks of a method, and nothing more."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch


class Method(Protocol):
    """A game or a fit: its networks, their optimisers, and one update as its paper prints it."""

    networks: nn.ModuleDict  # by role: generator, discriminator, critic, encoder, ...
    optimizers: dict[str, torch.optim.Optimizer]
    averaged: tuple[str, ...]  # roles whose weights are averaged over training for sampling
    minibatches: int  # how many minibatches of data one step consumes
    autocast: Callable[[], AbstractContextManager]  # set by the loop: the precision of network forwards

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of every player. Returned scalars stay on the device."""
        ...

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) draws of what `sample` takes."""
        ...

    def sample(self, latents: Tensor) -> Tensor:
        """(B, latent) -> (B, C, H, W) images in [-1, 1], or (B, dim) points."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as a tree of tensors and plain values."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class NetworksAndOptimizers:
    """State that most methods share: networks by role, and one optimiser for each that is trained."""

    networks: nn.ModuleDict
    optimizers: dict[str, torch.optim.Optimizer]

    def state_dict(self) -> dict[str, Any]:
        return {
            "networks": dict(self.networks.state_dict()),
            "optimizers": {role: optimizer.state_dict() for role, optimizer in self.optimizers.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.networks.load_state_dict(state["networks"])
        for role, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][role])


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let gradients flow through a network without computing those of its own weights: a third of the work saved."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    network.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:  # and not what was frozen before
            parameter.requires_grad_(True)
