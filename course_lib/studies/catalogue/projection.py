"""The studies of chapter 14: what a projection network finds again, what it does not, and what does not mend it."""

from typing import Any

from course_lib.studies.plan import Measure, Study

# pixels that P is shown, of 32: all, a half, a quarter, nearly 45/256, and an eighth
SIDES = (32, 16, 8, 6, 4)
GENERATED, CLUSTERED, CLUSTERS = 256, 2_000, 20
UNSEEN = ("mask", "yaw 1.8")  # changes that no image of the data set shows


def reach(plan: Any) -> Measure:
    """What the zoo's P finds, or what a run with `lowest` makes of it: by resolution, outside its range, in clusters.

    latent/S, psnr/S, error/S: means over fresh images that P was shown with S pixels, of the latent error, the pSNR in
    dB and the factor error; deviation/…: their standard deviations, for intervals. kept/S/NAME: how much of a factor
    remains. real/…: the same of images of the test set. shown/CHANGE: share of a change that reconstructions show.
    clusters/WHAT/…: see `clusters`.
    """
    from course_lib.data import faces
    from course_lib.inversion import fresh_samples
    from course_lib.studies import judging

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    held_out, judge, binary = judging.held_out(plan)
    count, clustered = (16, 64) if smoke else (GENERATED, CLUSTERED)

    def measured(found: Any, read: Any, prefix: str, side: int) -> dict[str, float]:
        said, row = judge.logits(found.made), {}
        error = fresh_samples.factor_error(read, said, binary)
        for name, value in {"latent": found.latent, "psnr": found.psnr, "error": error}.items():
            if value is not None:
                row[f"{prefix}{name}/{side}"] = value.mean().item()
                row[f"{prefix}deviation/{name}/{side}"] = value.std().item()
        kept = fresh_samples.kept_factors(read, said, binary)
        return row | {
            f"{prefix}kept/{side}/{faces.NAMES[k]}": value for k, value in kept.items() if value == value
        }

    def everything(method: Any) -> dict[str, float]:
        row: dict[str, float] = {}
        own, real = None, held_out.tensor(slice(d.seed * count, (d.seed + 1) * count))
        of_real = judge.logits(real)
        for side in SIDES:
            fresh = fresh_samples.fresh(method, count, resolution=side, seed=d.seed)
            own = judge.logits(fresh.images) if own is None else own
            row |= measured(fresh, own, "", side)
            row |= measured(fresh_samples.projected(method, real, resolution=side), of_real, "real/", side)
        return row | changes(method, count, d.seed) | clusters(method, held_out, judge, binary, clustered)

    def measure(run: Any) -> dict[str, float]:
        # the P that it begins with, or the P that it ends with
        moment = d.steps if plan.settings["method"].lowest else 0
        if run.step == moment:
            with run.averaged():
                found.update(everything(run.method))
        return dict(found)

    found: dict[str, float] = {}
    return measure


def changes(method: Any, count: int, seed: int) -> dict[str, float]:
    """shown/CHANGE: mean share of a change of real faces that their reconstructions show; deviation/shown/CHANGE."""
    from course_lib.data import faces
    from course_lib.data.faces.covered import ahead, masked
    from course_lib.data.faces.factors import COLUMN, factors_of
    from course_lib.inversion.fresh_samples import projected, reproduced

    factors = ahead(factors_of(range(seed * count, (seed + 1) * count), "test"))
    for name in ("glasses", "sunglasses", "beard", "hat"):
        factors[:, COLUMN[name]] = 0.0
    before = faces.draw(factors, 32)
    made = projected(method, before).made
    row = {}
    for name in ("glasses", "sunglasses", "beard", "hat", "yaw", *UNSEEN):
        if name == "mask":
            after = masked(before)
        else:
            changed = factors.clone()
            column, _, value = name.partition(" ")
            changed[:, COLUMN[column]] = float(value or 1.0)
            after = faces.draw(changed, 32)
        shown = reproduced(before, after, made, projected(method, after).made)
        row |= {f"shown/{name}": shown.mean().item(), f"deviation/shown/{name}": shown.std().item()}
    return row


def clusters(method: Any, images: Any, judge: Any, binary: Any, count: int) -> dict[str, float]:
    """Ward's clusters of `count` real images by P's codes, pixels, principal components, a judge's features and noise.

    clusters/WHAT/purity, /information: means over binary factors of purity and normalised mutual information;
    /explained: mean over continuous ones of the share of variance between clusters; each at 20 clusters.
    """
    import numpy as np
    import torch

    from course_lib import seeds
    from course_lib.data.images import ImageSet
    from course_lib.evaluation import pca
    from course_lib.inversion import clustering

    # other images for every seed
    numbers = slice(method.seed * count, (method.seed + 1) * count)
    x = images.tensor(numbers)
    factors = torch.tensor(images.factors[numbers])
    codes = torch.cat([method.encode(part).cpu() for part in x.split(256)])
    pixels = x.flatten(1)
    few = ImageSet(images.name, np.asarray(images.images[numbers]))
    components = pca.fit(few, min(codes.shape[1], count), most_exact=0).estimator
    scores = torch.from_numpy(components.transform(((pixels + 1) / 2).double().numpy()))
    noise = torch.randn(codes.shape, generator=seeds.generator(method.seed, purpose="studies/clusters"))
    ways = {"codes": codes, "pixels": pixels, "components": scores, "features": judge(x), "noise": noise}
    row = {}
    for way, points in ways.items():
        labels = clustering.ward(points).labels(CLUSTERS)
        columns = [factors[:, k].long() for k in binary.nonzero()[:, 0].tolist()]
        others = [factors[:, k] for k in (~binary).nonzero()[:, 0].tolist()]

        def mean(values: list[float]) -> float:
            return sum(values) / len(values)

        row[f"clusters/{way}/purity"] = mean([clustering.purity(labels, c) for c in columns])
        row[f"clusters/{way}/information"] = mean([clustering.mutual_information(labels, c) for c in columns])
        row[f"clusters/{way}/explained"] = mean([clustering.variance_explained(labels, c) for c in others])
    return row


def tuned(plan: Any) -> Measure:
    """On the way of tuning: real and fresh images. psnr, error, sharpness of real ones' reconstructions; sharpness of
    the images themselves; fresh/latent, fresh/psnr; frechet, of reconstructions to images, in a judge's features."""
    from course_lib.evaluation.frechet import frechet_distance, statistics
    from course_lib.inversion import fresh_samples
    from course_lib.studies import judging

    d = plan.settings["data"]
    held_out, judge, binary = judging.held_out(plan)
    real = held_out.tensor(slice(0, 16 if plan.tier == "smoke" else GENERATED))
    reference, read = statistics(judge(real)), judge.logits(real)

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            found = fresh_samples.projected(run.method, real)
            fresh = fresh_samples.fresh(run.method, min(len(real), GENERATED), seed=d.seed)
        assert fresh.latent is not None
        made = found.made
        error = fresh_samples.factor_error(read, judge.logits(made), binary)
        spreads = {"psnr": found.psnr, "error": error, "fresh/psnr": fresh.psnr}
        return {f"deviation/{name}": values.std().item() for name, values in spreads.items()} | {
            "psnr": found.psnr.mean().item(),
            "error": error.mean().item(),
            "sharpness": fresh_samples.sharpness(made).mean().item(),
            "sharpness/images": fresh_samples.sharpness(real).mean().item(),
            "spread": made.std(0).mean().item() / real.std(0).mean().item(),
            "frechet": frechet_distance(statistics(judge(made)), reference),
            "fresh/latent": fresh.latent.mean().item(),
            "fresh/psnr": fresh.psnr.mean().item(),
        }

    return measure


def by_space(plan: Any) -> Measure:
    """P at the end of its training on fresh pairs, by the resolution S that it is shown, and beside it the image of the
    mean code, which has not looked.

    latent/S, psnr/S, error/S, sharpness/S: means over fresh images of the latent error, the pSNR in dB, the factor
    error, and the sharpness of reconstructions as a share of the images'; mean/psnr, mean/error, mean/sharpness: of the
    mean code's image; real/psnr, real/error: of test images with all pixels; deviation/...: standard deviations.
    """

    from course_lib.evaluation.reconstruction import psnr_per_image
    from course_lib.inversion import fresh_samples
    from course_lib.studies import judging

    d = plan.settings["data"]
    held_out, judge, binary = judging.held_out(plan)
    count = 16 if plan.tier == "smoke" else GENERATED
    real = held_out.tensor(slice(d.seed * count, (d.seed + 1) * count))

    def summary(values: dict[str, Any]) -> dict[str, float]:
        means = {name: value.mean().item() for name, value in values.items()}
        return means | {f"deviation/{name}": value.std().item() for name, value in values.items()}

    def measure(run: Any) -> dict[str, float]:
        if run.step < d.steps:
            return {}
        with run.averaged():
            method, row = run.method, {}
            for side in SIDES:
                fresh = fresh_samples.fresh(method, count, resolution=side, seed=d.seed)
                read = judge.logits(fresh.images)
                sharp = fresh_samples.sharpness(fresh.images).mean()
                row |= summary(
                    {
                        f"latent/{side}": fresh.latent,
                        f"psnr/{side}": fresh.psnr,
                        f"error/{side}": fresh_samples.factor_error(read, judge.logits(fresh.made), binary),
                        f"sharpness/{side}": fresh_samples.sharpness(fresh.made) / sharp,
                    }
                )
            centre = method.networks["projection"].centre
            blind = method.sample(centre[None]).cpu().clamp(-1, 1).expand_as(fresh.images)
            found, of_real = fresh_samples.projected(method, real), judge.logits(real)
            return row | summary(
                {
                    "mean/psnr": psnr_per_image(fresh.images, blind),
                    "mean/error": fresh_samples.factor_error(read, judge.logits(blind), binary),
                    "mean/sharpness": fresh_samples.sharpness(blind) / sharp,
                    "real/psnr": found.psnr,
                    "real/error": fresh_samples.factor_error(of_real, judge.logits(found.made), binary),
                }
            )

    return measure


STUDIES: dict[str, Study] = {
    "projection-reach": Study(
        "What does P find again of generated images and of real ones, by resolution, and what do its clusters show?",
        "projection-faces-tuned",
        {
            "full resolution": {"steps": 50},  # measured before the first of them
            "every resolution": {"lowest": 4, "steps": 250, "learning_rate": 1e-3},
        },
        reach,
        every=50,
        common={"reconstruction_weight": 0.0, "log_every": 10},
    ),
    "projection-spaces": Study(
        "Does P find more in W than in Z of one style-based generator, and what do its answers look like when it is "
        "shown few pixels?",
        "projection-faces-style",
        {"w": {}, "z": {"space": "z"}},
        by_space,
        every=500,
        common={"steps": 500, "batch": 16, "lowest": 4, "log_every": 20},
    ),
    "projection-tuning": Study(
        "What does a reconstruction loss on real images do to a trained P, by its weight?",
        "projection-faces-tuned",
        {
            "0": {"reconstruction_weight": 0.0},
            "1": {"reconstruction_weight": 1.0},
            "10": {"reconstruction_weight": 10.0},
            "alone": {"reconstruction_weight": 10.0, "latent_weight": 0.0},
            "perceptual": {"reconstruction_weight": 3.0, "reconstruction": "perceptual"},
        },
        tuned,
        every=50,
        common={"steps": 100, "batch": 32, "log_every": 10},
    ),
    "joint-projection": Study(
        "Do P and G converge together, under each of the paper's losses of a discriminator?",
        "joint-projection-faces",
        {
            "none": {"adversarial": "none"},
            "original": {},
            "feature matching": {"adversarial": "feature-matching"},
            "multi-scale": {"adversarial": "multi-scale", "scales": 2},
        },
        tuned,
        every=40,
        common={"steps": 120, "log_every": 10},
    ),
}
