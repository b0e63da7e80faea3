"""What every route from images to codes has in common: what it is given, and what it gives.

A route is an entry of a dictionary `ROUTES` in a module of `course_lib/inversion/routes`; `inversion.invert` finds it
there, and `course project` takes its options from its settings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.methods.spaces import Space


@dataclass(frozen=True, eq=False)
class Subject:
    """Whose codes are sought, and where: a generator, one of its spaces, and networks that a route may need beside it.

    networks: by role, such as "encoder".
    """

    generator: nn.Module
    space: Space
    networks: Mapping[str, nn.Module] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        return next(self.generator.parameters()).device

    def network(self, role: str) -> nn.Module:
        """The network of that role. Raises UsageError, with what to give, when there is none."""
        if role not in self.networks:
            raise UsageError(
                f"this route needs a trained network in the role of {role}: give networks={{'{role}': ...}}, "
                f"or on the command line --with RUN, a run that has one."
            )
        return self.networks[role]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a route found for a batch of B images.

    codes: (B, *space.shape), in the space that was asked for. noise: noise maps (B, 1, r, r), where they were sought.
    losses: (B,), what the route minimised, where it minimised anything. reconstructions: (B, C, H, W), where they are
    not what the subject's own generator makes of codes and noise: of a tuned generator, or by way of a feature space.
    changed: what else makes these reconstructions, by name, each with a row an image (or a single row for all).
    """

    codes: Tensor
    noise: tuple[Tensor, ...] = ()
    losses: Tensor | None = None
    reconstructions: Tensor | None = None
    changed: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A way to codes.

    run: (subject, images (B, C, H, W) in [-1, 1] on the generator's device, settings, seed) -> Outcome. It must give
    each image what it would get alone. The generator is in evaluation mode and its weights take no gradients, and must
    be left as they were. settings: the class of its settings, whose comments are the help of the command's options.
    needs: roles of networks without which it cannot run. spaces: names of the spaces that it can search; empty for all.
    """

    summary: str
    settings: type
    run: Callable[[Subject, Tensor, Any, int], Outcome]
    needs: tuple[str, ...] = ()
    spaces: tuple[str, ...] = ()
