"""The studies of chapter 14: what a projection network finds again, what it does not, and what does not mend it."""

from typing import Any

from course_lib.studies.plan import Measure, Study

SIDES = (32, 16, 8, 6, 4)  # pixels that P is shown, of 32: all, 1/2, 1/4, and nearly 45/256 and 1/8
GENERATED, REAL, CLUSTERED, CLUSTERS = 256, 256, 2_000, 20
UNSEEN = ("mask", "yaw 1.8")  # changes that no image of the data set shows


def reach(plan: Any) -> Measure:
    """At the end of a run: fresh generated images and real ones at five resolutions, changes seen and unseen, clusters.

    latent/S, psnr/S, error/S: means over fresh images that P was shown with S pixels, of the latent error, the pSNR in
    dB and the factor error; deviation/…: their standard deviations, for intervals. kept/S/NAME: how much of a factor
    remains. real/…: the same of images of the test set. shown/CHANGE: share of a change that reconstructions show.
    clusters/WHAT/…: see `clusters`.
    """
    import torch

    from course_lib import data
    from course_lib.data import faces
    from course_lib.evaluation import features
    from course_lib.inversion import fresh_samples
    from course_lib.objectives.attributes import binary_columns

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    held_out = data.open(d.data, resolution=d.resolution, split="test")
    judge = features.extractor(features.suited(held_out))
    binary = binary_columns(torch.tensor(held_out.factors[:200]))
    count = 16 if smoke else GENERATED

    def measured(found: Any, prefix: str, side: int) -> dict[str, float]:
        row = {}
        values = {"latent": found.latent, "psnr": found.psnr}
        values["error"] = fresh_samples.factor_error(judge, found.images, found.made, binary)
        for name, value in values.items():
            if value is not None:
                row[f"{prefix}{name}/{side}"] = value.mean().item()
                row[f"{prefix}deviation/{name}/{side}"] = value.std().item()
        kept = fresh_samples.kept_factors(judge, found.images, found.made, binary)
        return row | {f"{prefix}kept/{side}/{faces.NAMES[k]}": value for k, value in kept.items()}

    def measure(run: Any) -> dict[str, float]:
        if run.step < d.steps:
            return {}
        row: dict[str, float] = {}
        with run.averaged():
            real = held_out.tensor(slice(0, count))
            for side in SIDES:
                fresh = fresh_samples.fresh(run.method, count, resolution=side, seed=d.seed)
                row |= measured(fresh, "", side)
                row |= measured(fresh_samples.projected(run.method, real, resolution=side), "real/", side)
            row |= changes(run.method, 16 if smoke else REAL)
            row |= clusters(run.method, held_out, judge, binary, 64 if smoke else CLUSTERED)
        return row

    return measure


def changes(method: Any, count: int) -> dict[str, float]:
    """shown/CHANGE: mean share of a change of real faces that their reconstructions show; deviation/shown/CHANGE."""
    from course_lib.data import faces
    from course_lib.data.faces.covered import ahead, masked
    from course_lib.data.faces.factors import COLUMN, factors_of
    from course_lib.inversion.fresh_samples import projected, reproduced

    factors = ahead(factors_of(range(count), "test"))
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
    import torch

    from course_lib import seeds
    from course_lib.evaluation import pca
    from course_lib.inversion import clustering

    x = images.tensor(slice(0, count))
    factors = torch.tensor(images.factors[:count])
    codes = torch.cat([method.encode(part) for part in x.split(256)])
    pixels = x.flatten(1)
    components = pca.fit(images, min(codes.shape[1], count), in_memory=1 << 29).estimator
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


STUDIES: dict[str, Study] = {
    "projection-reach": Study(
        "What does P find again of generated images and of real ones, by resolution, and what do its clusters show?",
        "projection-faces",
        {"full resolution": {}, "every resolution": {"lowest": 4}},
        reach,
        every=600,
        common={"steps": 600, "log_every": 50},
    ),
}
