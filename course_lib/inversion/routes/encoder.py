"""Codes by a learned encoder: a network answers at once, or in a few passes."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.methods.encoding import encoded, generator_space
from course_lib.methods.generated_pairs import evaluation
from course_lib.networks.latent_encoder import LatentEncoder
from course_lib.settings import CountFrom0, check


@dataclass(frozen=True)
class Encoder:
    """How a learned encoder is asked."""

    passes: CountFrom0 = 0  # times that it is asked, where it sees what it has reached; 0: as it was taught

    def __post_init__(self) -> None:
        check(self)


def by_encoder(subject: Subject, images: Tensor, settings: Encoder, seed: int) -> Outcome:
    """The route's own step."""
    return Outcome(encoder_codes(subject, images, settings.passes))


@torch.no_grad()
def encoder_codes(subject: Subject, images: Tensor, passes: int = 0) -> Tensor:
    """(B, C, H, W) -> codes (B, *shape) in the subject's space, from its network in the role of encoder.

    A `LatentEncoder` of z or w answers for w and w+ too. Any other network is asked for codes of the space itself; of
    several answers, such as a mean and a variance, the first counts. Raises UsageError where its codes are none of the
    space, and for several passes of an encoder that is taught to answer at once.
    """
    encoder: Any = subject.network("encoder")
    dtype = next(encoder.parameters()).dtype
    with evaluation(encoder):
        if not isinstance(encoder, LatentEncoder):
            answer = encoder(images.to(dtype))
            codes = (answer[0] if isinstance(answer, tuple) else answer).to(images)
            if codes.shape[1:] != subject.space.shape:
                raise _of_another(tuple(codes.shape[1:]), subject)
            return codes
        if passes > 1 and encoder.iterations == 1:
            raise UsageError("this encoder is taught to answer at once: leave passes out.")
        own = generator_space(subject.generator, encoder.space)
        codes = encoded(encoder, own, images.to(dtype), passes).to(images)
    return _moved(codes, encoder.space, subject)


def _moved(codes: Tensor, space: str, subject: Subject) -> Tensor:
    """The same images' codes in the subject's space."""
    generator: Any = subject.generator
    wanted = subject.space.name
    if space == "z" and wanted in ("w", "w+"):
        codes, space = generator.mapping(codes), "w"
    if space == "w" and wanted == "w+":
        codes, space = generator.broadcast(codes).clone(), "w+"
    if space != wanted or codes.shape[1:] != subject.space.shape:
        raise _of_another((space, *codes.shape[1:]), subject)
    return codes


def _of_another(what: tuple[Any, ...], subject: Subject) -> UsageError:
    return UsageError(
        f"this encoder answers with codes of {what}, and those of {subject.space.name} are {subject.space.shape}: ask "
        f"for its own space, or give an encoder of this generator."
    )


ROUTES = {"encoder": Route("a learned encoder's answer", Encoder, by_encoder, needs=("encoder",))}
