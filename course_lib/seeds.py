"""Counter-based randomness: every draw is a function of (seed, rank, step, purpose).

A generator that lives through a run has to be saved, restored and kept in step on every rank. One that is made
anew from a counter has nothing to save: step 1,000 draws the same numbers whether the run was interrupted or not.
"""

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_lib import variables
from course_lib.ranks import shared_generator

# raise it when the same four coordinates give another seed
NUMERICS = 1


@variables.shifted
def number(seed: int, *, rank: int = 0, step: int = 0, purpose: str = "") -> int:
    """Hash the four coordinates of a draw into a 63-bit seed. Any change of any one gives an unrelated seed.

    $COURSE_SEED_SHIFT is added to `seed` first.
    """
    digest = hashlib.blake2b(f"{seed}/{rank}/{step}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(
    seed: int, *, rank: int = 0, step: int = 0, purpose: str = "", device: str | torch.device = "cpu"
) -> torch.Generator:
    """A fresh generator on `device` for one purpose (for example "latents") at one step of one rank."""
    return torch.Generator(device).manual_seed(number(seed, rank=rank, step=step, purpose=purpose))


def seed_global(number: int, device: str | torch.device = "cpu") -> None:
    """Seed torch's global generators of the CPU and of `device`.

    `torch.manual_seed` does it for every kind of device that torch knows, and notes the call stack for each kind that
    is not in use: a fifth of the time of a step of small networks.
    """
    torch.default_generator.manual_seed(number)
    if torch.device(device).type == "cuda":
        torch.cuda.manual_seed_all(number)


@dataclass(frozen=True)
class Draw:
    """The randomness of one training step: what `purpose` needs, drawn on `device`, the same at every replay.

    world: above 1, what is drawn within `ranks.global_draws` is one draw for the batch of so many ranks together, of
    which rank `rank` takes its rows.
    """

    seed: int
    rank: int = 0
    step: int = 0
    device: str | torch.device = "cpu"
    prefix: str = ""
    world: int = 1

    def generator(self, purpose: str, rows: int = 0) -> torch.Generator:
        """rows: the dimension of what will be drawn along which the examples of a batch stand."""
        purpose = self.prefix + purpose
        if self.world > 1:
            shared = shared_generator(
                number(self.seed, step=self.step, purpose=purpose), self.device, self.rank, self.world
            )
            shared.rows = rows
            return shared
        return generator(self.seed, rank=self.rank, step=self.step, purpose=purpose, device=self.device)

    def same(self, purpose: str) -> torch.Generator:
        """A generator for a decision about the batch as a whole, the same on every rank."""
        return generator(self.seed, step=self.step, purpose=self.prefix + purpose, device=self.device)

    def normal(self, *shape: int, purpose: str, rows: int = 0) -> Tensor:
        """Standard normal numbers of the given shape."""
        return torch.randn(shape, generator=self.generator(purpose, rows), device=self.device)

    def uniform(self, *shape: int, purpose: str, rows: int = 0) -> Tensor:
        """Numbers uniform on [-1, 1) of the given shape."""
        return torch.rand(shape, generator=self.generator(purpose, rows), device=self.device) * 2 - 1

    def part(self, index: int) -> "Draw":
        """The randomness of the `index`-th part of a step that is split into several minibatches."""
        return replace(self, prefix=f"{self.prefix}part{index}/")
