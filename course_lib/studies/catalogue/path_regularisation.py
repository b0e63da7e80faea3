"""The study of chapter 12: what path length regularisation buys a style generator in a short training."""

from typing import Any

from course_lib.studies.asking import asked
from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study

CODES, PICTURES = 256, 8  # at which lengths are taken: codes w, and random pictures y for each of them
SAMPLES, PAIRS = 2_000, 500
# images of each kind, steps of Adam, and drawn codes of which the nearest are starts
SOUGHT, STEPS, POOL = 48, 60, 1_024


def regularised(plan: Any) -> Measure:
    """Whether paths are short and steps of one size, what pictures are like, and how easily codes are found again.

    ppl/SPACE/AT: perceptual path length in "z" (along the sphere) and "w" (along the chord), "full" and "end", in the
    judge's features; apart: the mean of the same distance between two pictures drawn independently. length, spread,
    spread/codes: see `spreads`. frechet: of 2,000 samples, clamped. SET/psnr, SET/missed, of images searched for in W:
    mean pSNR, and mean squared error over the variance of the SET's images; SET "generated", own images, or "unseen",
    of the test set.
    """
    from course_lib import data, seeds
    from course_lib.evaluation import perception, report
    from course_lib.evaluation.path_length import path_length
    from course_lib.inversion.invert import invert
    from course_lib.methods import style_spaces
    from course_lib.objectives.reconstruction import perceptual
    from course_lib.studies.judging import distance_to

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    frechet = distance_to(data.open(d.data, resolution=d.resolution))
    stages = perception.of_extractor(frechet.judge).stages
    held_out = data.open(d.data, resolution=d.resolution, split="test")
    pairs, sought, steps = (20, 4, 2) if smoke else (PAIRS, SOUGHT, STEPS)

    def distance(a: Any, b: Any) -> Any:
        return perceptual(a, b, stages, reduction="image")

    def paths(generator: Any) -> dict[str, float]:
        z, w = (
            asked_there(generator, space(generator)) for space in (style_spaces.z_space, style_spaces.w_space)
        )
        row = {}
        for at in ("full", "end"):
            common: Any = {"at": at, "pairs": pairs, "seed": d.seed}
            row[f"ppl/z/{at}"] = path_length(z, distance, path="spherical", **common).value
            row[f"ppl/w/{at}"] = path_length(w, distance, **common).value
        return row

    def again(generator: Any, drawn: Any) -> dict[str, float]:
        unseen = held_out.tensor(slice(d.seed * sought, (d.seed + 1) * sought))
        row = {}
        for name, images in (("generated", drawn[:sought]), ("unseen", unseen)):
            made = invert(generator, images, space="w", steps=steps, pool=POOL, seed=d.seed).reconstructions
            row |= {f"{name}/{key}": value for key, value in reconstruction_errors(images, made).items()}
        return row

    def found(run: Any) -> dict[str, Any]:
        generator = run.method.networks["generator"].eval()
        drawn = report.draw_samples(run.method, 50 if smoke else SAMPLES, d.seed)
        shown, half = drawn.clamp(-1, 1), len(drawn) // 2  # after few steps some reach far beyond
        # codes and pictures are drawn where the generator is
        chance = seeds.generator(d.seed, purpose="path lengths", device=run.method.device)
        return {
            **paths(generator),
            "apart": distance(drawn[:half][:pairs], drawn[half:][:pairs]).mean().item(),
            **spreads(lengths_at(generator, 8 if smoke else CODES, PICTURES, chance)),
            "frechet": frechet(shown),
            **again(generator, drawn),
        }

    return at_the_end(plan, found)


def asked_there(generator: Any, space: Any) -> Any:
    """A space for codes and pictures of the CPU, wherever its generator is."""
    from types import SimpleNamespace

    where = next(generator.parameters()).device
    return SimpleNamespace(draw=space.draw, decode=lambda codes: asked(where, space.decode, codes))


def lengths_at(generator: Any, codes: int, pictures: int, chance: Any) -> Any:
    r"""(codes, pictures): $\|J^\top y\|$ as the penalty takes it, at drawn w, for some random pictures y at each."""
    import torch

    from course_lib.methods.style_spaces import drawn_w
    from course_lib.objectives.path_length import path_lengths

    styles = generator.broadcast(drawn_w(generator, codes, chance)).clone().requires_grad_(True)
    columns = []
    with torch.enable_grad():
        for _ in range(pictures):
            columns.append(path_lengths(generator.synthesis(styles), styles, chance).detach().cpu())
    return torch.stack(columns, 1)


def spreads(lengths: Any) -> dict[str, float]:
    """length: the mean of (codes, pictures). spread: their standard deviation over all, and spread/codes: that over
    codes, less what the few pictures at each code leave of chance; both as shares of the mean.
    """
    mean, within = lengths.mean(), lengths.var(1).mean() / lengths.shape[1]
    between = (lengths.mean(1).var() - within).clamp(min=0).sqrt()
    return {
        "length": mean.item(),
        "spread": (lengths.std() / mean).item(),
        "spread/codes": (between / mean).item(),
    }


def reconstruction_errors(images: Any, made: Any) -> dict[str, float]:
    """psnr: a mean over images, in dB. missed: the mean squared error over the images' variance, pixel by pixel about
    their mean image: 0 is perfect, and 1 what the mean image would do for all of them."""
    from course_lib.evaluation.reconstruction import psnr_per_image

    error, variance = (made - images).square().mean(), images.var(0, correction=0).mean()
    return {"psnr": psnr_per_image(images, made).mean().item(), "missed": (error / variance).item()}


STUDIES: dict[str, Study] = {
    "path-length": Study(
        "What does path length regularisation buy in a short training?",
        "stylegan-faces-narrow",
        {"with the penalty": {}, "without": {"path_length": 0.0}},
        regularised,
        every=300,
        common={"steps": 300},
    ),
}
