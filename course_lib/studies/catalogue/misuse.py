"""Studies of chapter 15b: what a GAN makes of correlations in its data, and how far a detector reaches."""

from typing import Any

from course_lib.studies.plan import Measure, Study

SAMPLES = 3_000
SCALES = (1.0, 0.7, 0.4)  # of z: a code is drawn, and shortened


def together(plan: Any) -> Measure:
    """What goes together in samples and in the data, as the judge reads both (`evaluation.correlations`).

    At every step: slope, the amplification over the pairs of `CORRELATIONS`. At the end, of averaged samples whose
    codes were scaled by each of `SCALES`, S/: slope, r/ONE, OTHER for each pair, share/FACTOR for each binary one,
    beards, the share of beards among those with long hair, and spread, the mean standard deviation of continuous
    readings; with them the same of the data as it is read (read/) and as it is (true/).
    """
    import numpy as np
    import torch

    from course_lib import data, seeds
    from course_lib.data.faces import CORRELATIONS
    from course_lib.evaluation import features
    from course_lib.evaluation.correlations import amplification, correlations, hard
    from course_lib.objectives.attributes import binary_columns
    from course_lib.studies.asking import asked

    d = plan.settings["data"]
    count = SAMPLES if plan.tier != "smoke" else 100
    real = data.open(d.data, resolution=d.resolution)
    # what samples are compared with: the correlated faces, whichever faces the run was shown
    reference = data.open("faces-correlated", resolution=d.resolution)
    judge, names, pairs = features.extractor(features.suited(real)), real.factor_names, list(CORRELATIONS)
    true = torch.from_numpy(np.asarray(real.factors[:count]).copy())
    binary = binary_columns(torch.from_numpy(np.asarray(real.factors[:200]).copy()))
    read = hard(judge.logits(real.tensor(slice(0, count))), binary)
    scale = correlations(hard(judge.logits(reference.tensor(slice(0, count))), binary), names, pairs)

    def drawn(run: Any, n: int, factor: float) -> Any:
        codes = run.method.latents(n, seeds.generator(d.seed, purpose="correlations")) * factor
        images = torch.cat([asked(run.method.device, run.method.sample, part) for part in codes.split(500)])
        return hard(judge.logits(images), binary)

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:
            return {}
        with run.averaged():
            if run.step < d.steps:
                found = drawn(run, count // 2, 1.0)
                return {"slope": amplification(correlations(found, names, pairs), scale)}
            rows = {f"{factor:g}": drawn(run, count, factor) for factor in SCALES}
        row = {"slope": amplification(correlations(rows["1"], names, pairs), scale)}
        for key, table in {**rows, "read": read, "true": true}.items():
            row |= {f"{key}/{name}": value for name, value in summary(table, names, binary, scale).items()}
        return row

    return measure


def summary(table: Any, names: Any, binary: Any, scale: Any) -> dict[str, float]:
    """What `together` says of one table of factors (N, K)."""
    from course_lib.data.faces import CORRELATIONS
    from course_lib.evaluation.correlations import amplification, correlations, share_given

    pairs = list(CORRELATIONS)
    found = correlations(table, names, pairs)
    shares = {
        f"share/{name}": table[:, k].double().mean().item() for k, name in enumerate(names) if bool(binary[k])
    }
    return {
        "slope": amplification(found, scale),
        "spread": table[:, ~binary].double().std(0).mean().item(),
        "beards": share_given(table, names, "beard", "hair_length", 0.33),
        **shares,
        **{f"r/{one}, {other}": value for (one, other), value in zip(pairs, found.tolist(), strict=True)},
    }


MAKERS = ("dcgan-faces", "stylegan-faces", "glo-faces", "cgan-faces", "clggan-faces")
TESTED = 500  # images of each kind


def reach(plan: Any) -> Measure:
    """What a detector says of images that it was not taught with: share/real, of held-out real images that it holds
    for generated, and share/NAME, of fresh images of each entry of `MAKERS`. blurred/…: the same when all images are
    halved in size and enlarged again.
    """
    from course_lib import data, recipes, seeds
    from course_lib.data.resolution import blurred
    from course_lib.studies.catalogue.glo import at_the_end

    d = plan.settings["data"]
    count = TESTED if plan.tier != "smoke" else 20
    sets = {"real": data.open(d.data, resolution=d.resolution, split="test").tensor(slice(0, count))}
    for name in MAKERS:
        maker = recipes.load(name)
        chance = seeds.generator(d.seed, purpose=f"tested/{name}")
        sets[name] = maker.sample(maker.latents(count, chance)).detach().cpu()

    def found(run: Any) -> dict[str, float]:
        row = {}
        for name, images in sets.items():
            row[f"share/{name}"] = run.method.verdicts(images).double().mean().item()
            small = blurred(images, d.resolution // 2)
            row[f"blurred/{name}"] = run.method.verdicts(small).double().mean().item()
        return row

    return at_the_end(plan, found)


STUDIES: dict[str, Study] = {
    "correlated-faces": Study(
        "Does a GAN keep, weaken or amplify what goes together in its data?",
        "dcgan-faces",
        {"correlated": {"data": "faces-correlated"}, "independent": {}},
        together,
        every=500,
        common={"steps": 1_000, "ema": 0.99, "log_every": 500},
    ),
    "detector-reach": Study(
        "How far does a detector reach that knows one generator?",
        "detector-dcgan-faces",
        {
            "dcgan-faces": {},
            "stylegan-faces": {"recipe": "detector-stylegan-faces"},
            "glo-faces": {"recipe": "detector-glo-faces"},
        },
        reach,
        every=200,
        common={"log_every": 50},
    ),
}
