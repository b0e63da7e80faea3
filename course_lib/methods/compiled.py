"""Which methods compiled networks serve."""

from typing import Any

from course_lib.errors import UsageError
from course_lib.methods.latent_encoder import LatentEncoding
from course_lib.methods.unrolled import UnrolledGAN


def check_compiled(method: Any) -> None:
    """Raises UsageError for a method that differentiates twice through a call of its networks.

    Penalties go around the compiled call (`network.forward`), but for that of an encoder's discriminator of codes,
    which is too small to gain from it; a generator that looks through updates of its opponent differentiates them
    through all that its loss is made of.
    """
    if isinstance(method, LatentEncoding) and method.settings.discriminator_weight and method.settings.r1:
        raise UsageError(
            "the discriminator of codes is penalised by its gradient, and compiled networks can be differentiated "
            "once: leave --compile out, or give --r1 0 or --discriminator-weight 0."
        )
    if isinstance(method, UnrolledGAN) and method.settings.unroll:
        raise UsageError(
            "an unrolled generator differentiates through its opponent's updates, and compiled networks can be "
            "differentiated once: leave --compile out, or give --unroll 0."
        )
