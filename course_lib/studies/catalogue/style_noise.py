"""The study of chapter 12: what a style generator does with its noise where the data have no chance details."""

from typing import Any

from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study

DRAWS = 32  # of the noise for each face, and of the styles
FACES = 16


def noise(plan: Any) -> Measure:
    """strength: the largest of all layers. noise, styles: mean standard deviation of a pixel when the noise of a face
    is drawn anew, and when the styles are; share: the first over the second. frechet: of 2,000 samples with stored
    noise.
    """
    from course_lib import data, seeds
    from course_lib.evaluation import report
    from course_lib.methods import style_spaces
    from course_lib.studies.judging import distance_to

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    frechet = distance_to(data.open(d.data, resolution=d.resolution))

    def found(run: Any) -> dict[str, Any]:
        generator = run.method.networks["generator"].eval()
        # faces are drawn and made where the generator is
        chance = seeds.generator(d.seed, purpose="noise anew", device=run.method.device)
        by_noise, by_styles = deviations(generator, style_spaces.drawn_w(generator, FACES, chance), chance)
        drawn = report.draw_samples(run.method, 50 if smoke else 2_000, d.seed)
        return {
            "strength": max(layer.noise_strength.abs().item() for layer in generator.synthesis.convolutions),
            "noise": by_noise,
            "styles": by_styles,
            "share": by_noise / by_styles,
            "frechet": frechet(drawn),
        }

    return at_the_end(plan, found)


def deviations(generator: Any, w: Any, chance: Any) -> tuple[float, float]:
    """Mean standard deviation of a pixel over draws of the noise, each of the faces w (N, width) by itself, and over
    the faces, with one draw of the noise for all."""
    import torch

    with torch.no_grad():
        styles = generator.broadcast(w)
        alone = [
            generator.synthesis(one.expand(DRAWS, -1, -1), generator=chance).std(0).mean() for one in styles
        ]
        same = [noise.expand(len(w), -1, -1, -1) for noise in generator.synthesis.fresh_noise(1, chance)]
        return torch.stack(alone).mean().item(), generator.synthesis(styles, noise=same).std(0).mean().item()


STUDIES: dict[str, Study] = {
    "style-noise": Study(
        "What becomes of the noise in a short training on drawn faces?",
        "stylegan-faces-narrow",
        {"learnt": {"noise": True}, "left out": {}},
        noise,
        every=500,
    ),
}
