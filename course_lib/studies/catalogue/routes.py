"""What each route to codes leaves of an image: an encoder, a search, tuned weights, features."""

from typing import Any

from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study


def routes(plan: Any) -> Measure:
    """SET/psnr, perceptual, factors, and deviation/SET/…: means and standard deviations over a batch of images.

    SET: "generated", images of the generator itself; "unseen", faces of the test set. Each seed has images of its own.
    """
    import torch

    from course_lib import data, seeds
    from course_lib.evaluation import features
    from course_lib.objectives.attributes import binary_columns

    d = plan.settings["data"]
    held_out = data.open(d.data, resolution=d.resolution, split="test")
    judge = features.extractor(features.suited(held_out))
    binary = binary_columns(torch.tensor(held_out.factors[:200]))

    def found(run: Any) -> dict[str, Any]:
        z = run.method.latents(d.batch, seeds.generator(d.seed, purpose="routes/truth"))
        sets = {
            "generated": run.method.sample(z),
            "unseen": held_out.tensor(slice(d.seed * d.batch, (d.seed + 1) * d.batch)),
        }
        row: dict[str, Any] = {}
        for name, images in sets.items():
            row |= compared(name, images, run.method.search(images).reconstructions, judge, binary)
        return row

    return at_the_end(plan, found)


def compared(name: str, images: Any, made: Any, judge: Any, binary: Any) -> dict[str, float]:
    """Errors in the image, in a judge's eyes and in the factors that it reads."""
    from course_lib.inversion.fresh_samples import factor_error
    from course_lib.inversion.measures import measured

    values = measured(images, made, judge.name)
    each = {"psnr": values.psnr, "perceptual": values.perceptual}
    each["factors"] = factor_error(judge.logits(images.cpu()), judge.logits(made), binary)
    row = {f"{name}/{key}": value.mean().item() for key, value in each.items()}
    return row | {f"deviation/{name}/{key}": value.std().item() for key, value in each.items()}


STUDIES = {
    "inversion-routes": Study(
        "What does each route to codes leave of an image?",
        "routes-stylegan-faces",
        {
            "encoder": {},
            "search, 80 steps in W+": {"by": "optimisation"},
            "hybrid, 26 steps in W+": {"by": "hybrid", "search_steps": 26},
            "hybrid, 80 steps in W+": {"by": "hybrid"},
            "features, 80 steps": {"by": "feature-space"},
            "pivot alone, 80 steps in W": {"by": "optimisation", "space": "w"},
            "tuned, 80 and 60 steps": {"by": "tuned", "space": "w"},
        },
        routes,
        every=1,
    ),
}
