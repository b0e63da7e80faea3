"""Codes by encoder and search together: the encoder's answer is where Adam begins (Zhu et al., 2016, section 3.2)."""

from dataclasses import dataclass

from torch import Tensor

from course_lib.inversion.route import Outcome, Route, Subject
from course_lib.inversion.routes.encoder import encoder_codes
from course_lib.inversion.routes.optimisation import Search, outcome_of, searched
from course_lib.settings import Bound, Count, CountFrom0


@dataclass(frozen=True)
class Hybrid(Search):
    """A search from an encoder's codes: near enough for fewer and shorter steps."""

    steps: Count = 100  # of Adam
    rate: Bound = 0.05  # of Adam, in standard deviations of a code's numbers as they are drawn
    # times that the encoder is asked, where it sees what it has reached; 0: as it was taught
    passes: CountFrom0 = 0


def hybrid(subject: Subject, images: Tensor, settings: Hybrid, seed: int) -> Outcome:
    """The route's own step."""
    start = encoder_codes(subject, images, settings.passes)
    return outcome_of(*searched(subject, images, settings, start, seed))


ROUTES = {"hybrid": Route("Adam from a learned encoder's codes", Hybrid, hybrid, needs=("encoder",))}
