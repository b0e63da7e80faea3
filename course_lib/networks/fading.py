r"""What is blended while a network grows: two images or features, two deviations, two normalisations.

Pure functions of a number that rises from 0, where they give what the smaller network gave.
"""

from torch import Tensor
from torch.nn import functional as F

from course_lib.networks.layers import at_least_float32, minibatch_deviation


def upsample(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2H, 2W): each pixel four times."""
    return F.interpolate(x, scale_factor=2.0)


def blend(old: Tensor, new: Tensor, alpha: Tensor | float) -> Tensor:
    r"""$(1 - \alpha) \, old + \alpha \, new$: exactly one of them at either end."""
    return (1 - alpha) * old + alpha * new


def faded_deviation(x: Tensor, kept: int, tau: Tensor | float, group: int) -> Tensor:
    r"""Minibatch deviation while channels are new: (B, C, H, W) -> (B,), $(1 - \tau) \, d_{old} + \tau \, d_{new}$.

    $d_{old}$ is the mean standard deviation of the first `kept` channels, $d_{new}$ that of the others (Sandström,
    2019, equation 15, which prints its second term twice). At $\tau$ = 0 the statistic is what it was before the
    growth; at $\tau$ = (C - kept)/C it is that of all channels. The thesis's 1/2 is right where channels double.
    """
    old = minibatch_deviation(x[:, :kept], group)
    return old if kept == x.shape[1] else blend(old, minibatch_deviation(x[:, kept:], group), tau)


def faded_pixel_norm(x: Tensor, kept: int, tau: Tensor | float) -> Tensor:
    r"""Divide each pixel's channels by the root of their mean square (Karras et al., 2018, section 4.2).

    While channels are new, the mean square is $(1 - \tau) \, m_{old} + \tau \, m_{new}$: new channels that are still 0
    would otherwise change what the old ones become.
    """
    squares = at_least_float32(x).square()
    mean = squares[:, :kept].mean(1, keepdim=True)
    if kept < x.shape[1]:
        mean = blend(mean, squares[:, kept:].mean(1, keepdim=True), tau)
    return (x * (mean + 1e-8).rsqrt()).to(x.dtype)
