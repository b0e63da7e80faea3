"""An encoder's code, and weights that a trained hypernetwork changes for the image (Alaluf et al., 2022)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.inversion.routes.encoder import encoder_codes
from course_lib.methods.generated_pairs import evaluation
from course_lib.methods.hyperstyle import prefix
from course_lib.networks.own_weights import with_own_weights
from course_lib.networks.weight_offsets import added, changed
from course_lib.settings import CountFrom0, check


@dataclass(frozen=True)
class Hyper:
    """How the hypernetwork is asked."""

    hyper_passes: CountFrom0 = 0  # times that it is asked; 0: as it was taught
    keep_weights: bool = False  # give the changed weights too: `changed`, by their names

    def __post_init__(self) -> None:
        check(self)


@torch.no_grad()
def by_hypernetwork(subject: Subject, images: Tensor, settings: Hyper, seed: int) -> Outcome:
    """The route's own step."""
    hypernetwork: Any = subject.network("hypernetwork")
    decode, dtype = subject.space.decode, next(hypernetwork.parameters()).dtype
    codes = encoder_codes(subject, images)
    made, offsets, weights = decode(codes), {}, {}
    with evaluation(hypernetwork):
        for _ in range(settings.hyper_passes or hypernetwork.iterations):
            offsets = added(offsets, hypernetwork(images.to(dtype), made.to(dtype)))
            under = {f"{prefix(decode)}{name}": offset.to(images) for name, offset in offsets.items()}
            weights = changed(decode, under)
            made = with_own_weights(decode, weights, codes)
    return Outcome(codes, reconstructions=made, changed=weights if settings.keep_weights else {})


ROUTES = {
    "hyperstyle": Route(
        "an encoder's code, and weights that a hypernetwork changes for the image",
        Hyper,
        by_hypernetwork,
        needs=("encoder", "hypernetwork"),
    )
}
