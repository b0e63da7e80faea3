"""Past images for a discriminator, so that it does not forget them (Shrivastava et al., 2017, section 2.3)."""

import torch
from torch import Tensor

from course_lib.seeds import Draw


class ImagePool:
    """Up to `size` images. `exchange` gives a batch of which about half are older ones, and takes the others' places.

    While it fills it gives back what it is given, as the authors of CycleGAN have it. A size of 0 always does.
    """

    def __init__(self, size: int):
        self.size, self.count = size, 0
        self.images: Tensor | None = None  # (size, C, H, W), of which the first `count` are there

    def exchange(self, images: Tensor, draw: Draw, purpose: str) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W). A row is its image or, at even odds, one of the pool's, which it replaces.

        No image of the pool is given twice in a batch; rows beyond the size of the pool are themselves.
        """
        images = images.detach()
        if self.size == 0:
            return images
        if self.images is None:
            self.images = images.new_zeros((self.size, *images.shape[1:]))
        given = images.clone()
        new = min(self.size - self.count, len(images))
        self.images[self.count : self.count + new] = images[:new]
        rest = images[new : new + self.count]
        if len(rest):
            generator = draw.generator(purpose)
            slots = torch.randperm(self.count, generator=generator, device=images.device)[: len(rest)]
            swap = torch.rand(len(rest), generator=generator, device=images.device) < 0.5
            swap = swap.view(-1, 1, 1, 1)
            old = self.images[slots]
            given[new : new + len(rest)] = torch.where(swap, old, rest)
            self.images[slots] = torch.where(swap, rest, old)
        self.count += new
        return given

    def state_dict(self) -> dict[str, Tensor | int]:
        return {"count": self.count} | ({} if self.images is None else {"images": self.images})

    def load_state_dict(self, state: dict) -> None:
        images = state.get("images")
        self.count, self.images = state["count"], None if images is None else images.clone()
