"""The failure clinic of chapter 4b: nine recorded patients, one of them healthy, with their curves and samples."""

import base64
import io
from typing import Any

from course_lib.studies.plan import Measure, Study


def samples_as_png(plan: Any) -> Measure:
    """Thirty samples with the last weights, from the same latents each time, as a small PNG in base64.

    Three rows of ten, grey in 16 steps: a few kilobytes, so that a record can hold them. With them `spread`, the mean
    over pixels of the standard deviation over samples: 0 where all samples are alike.
    """
    from PIL import Image
    from torchvision.utils import make_grid

    from course_lib.evaluation import report

    def measure(run: Any) -> dict[str, Any]:
        images = report.draw_samples(run.method, 30, plan.settings["data"].seed)
        grid = make_grid((images[:, :1] + 1) / 2, nrow=10, padding=1)[0].clamp(0, 1)
        grey = (grid * 15).round().mul(17).byte().numpy()
        picture = io.BytesIO()
        Image.fromarray(grey).quantize(16).save(picture, "png", optimize=True)
        spread = images.flatten(1).std(0, correction=0).mean().item()
        return {"spread": spread, "png": base64.b64encode(picture.getvalue()).decode()}

    return measure


STUDIES: dict[str, Study] = {
    "clinic": Study(
        "What does each way to fail look like, in curves and in samples?",
        "clinic-digits",
        {
            "healthy": {},
            "saturation": {
                "game": "minimax", "generator_lr": 2e-4, "discriminator_lr": 4e-3, "discriminator_norm": "none",
            },
            "collapse": {
                "generator_lr": 2e-3, "discriminator_lr": 3e-5, "beta1": 0.9,
                "generator_norm": "none", "discriminator_norm": "none",
            },
            "oscillation": {
                "game": "hinge", "generator_lr": 4e-3, "discriminator_lr": 1e-3, "beta1": 0.9,
                "discriminator_norm": "none",
            },
            "too strong D": {"generator_lr": 1e-4, "discriminator_lr": 5e-3, "discriminator_steps": 3},
            "critic without constraint": {"mistake": "unbounded-critic", "discriminator_norm": "none"},
            "bad normalisation": {"mistake": "mixed-batch"},
            "wrong scale of data": {"mistake": "wrong-scale"},
            "missing detach": {"mistake": "missing-detach", "game": "minimax"},
        },
        samples_as_png,
        every=500,
        common={"log_every": 25},
    ),
}  # fmt: skip
