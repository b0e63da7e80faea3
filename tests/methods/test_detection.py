"""Detectors: what they are shown, and that one finds a difference that is there and none that is not."""

import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.data.batches import Batch
from course_lib.methods.code_distribution import CodeLaw
from course_lib.methods.detection import Detection, DetectionSettings, rounded


class Fake(nn.Module):
    """Codes (B, 2) -> images of noise, brighter by `shift`."""

    latent = 2

    def __init__(self, shift: float):
        super().__init__()
        self.shift = shift

    def forward(self, z: Tensor) -> Tensor:
        numbers = torch.sin(z.sum(1)[:, None] * torch.arange(1, 3 * 64 + 1) * 37.7)
        return (0.2 * numbers + self.shift).reshape(-1, 3, 8, 8)


def taught(shift: float, steps: int = 60) -> Detection:
    detector = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 1))
    method = Detection(Fake(shift), detector, DetectionSettings(detector_lr=1e-2))
    for step in range(steps):
        draw = seeds.Draw(0, step=step)
        real = Fake(0.0)(draw.normal(16, 2, purpose="real"))
        found = method.step(Batch(real, None, draw))
    assert set(found) == {"loss", "accuracy"}
    return method


def share(method: Detection, shift: float) -> float:
    return method.verdicts(Fake(shift)(torch.randn(400, 2))).double().mean().item()


def test_a_difference_is_found_and_its_opposite_is_not():
    method = taught(0.15)
    real, same, other = (share(method, s) for s in (0.0, 0.15, -0.15))
    assert real < 0.2 and same > 0.8  # what it was taught
    assert other < 0.2  # generated too, and unlike what it was taught: it is passed


def test_rounding_alone_is_nothing_to_find():
    images = torch.rand(4, 3, 8, 8) * 2.4 - 1.2
    once = rounded(images)
    assert torch.equal(rounded(once), once) and once.abs().max() <= 1
    levels = (once + 1) * 127.5
    assert (levels - levels.round()).abs().max() < 1e-3
    method = taught(0.0, steps=3)
    assert torch.equal(method.verdicts(images), method.verdicts(once))


def test_codes_follow_the_law_that_a_generator_came_with():
    law = CodeLaw(2)
    law.means.fill_(5.0)
    method = Detection(Fake(0.0), nn.Sequential(nn.Flatten(), nn.Linear(192, 1)), law=law)
    assert method.latents(200, seeds.generator(0)).mean().item() > 4
