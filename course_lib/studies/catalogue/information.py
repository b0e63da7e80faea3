"""Studies of chapters 7 and 7b: whether categorical codes mean classes, and what a price buys on sprites."""

import copy
from typing import Any

from course_lib import seeds
from course_lib.studies.asking import asked
from course_lib.studies.plan import Measure, Study

AFTERWARDS = 500  # steps of a Q that is trained when the game is over
OWN = 2_000  # samples of its own that a bound is averaged over
IMAGES = 4_000  # images whose codes are scored
VOTES = 2_000  # for training and for evaluation


def code_matching(plan: Any) -> Measure:
    """How well the first code, a categorical one, agrees with the classes, by the averaged weights.

    `accuracy` on up to 4,000 of the training images, whose labels nobody was told, and `accuracy/test` on the test
    images; `lower/categorical` and `lower/continuous`, the bounds on own samples in nats. In the last row also what
    needs no code: `chance`, and `kmeans` on the pixels of the same training images; `counts`, images by value of the
    code and by class, 10 x 10 in one list. A game that weighs no code has its Q trained afterwards, on 500 minibatches
    of its samples, and is measured in the last row alone.
    """
    import torch

    from course_lib import data
    from course_lib.evaluation.matching import chance_accuracy, kmeans_accuracy, matching
    from course_lib.methods.afterwards import recognise_afterwards

    d, steps = plan.settings["data"], plan.settings["data"].steps
    few = IMAGES if plan.tier != "smoke" else 200
    sets = {}
    for split in ("train", "test"):
        images = data.open(d.data, resolution=d.resolution, split=split)
        chosen = torch.linspace(0, len(images) - 1, min(few, len(images))).long()
        sets[split] = (images.tensor(chosen), torch.from_numpy(images.labels[chosen.numpy()].copy()).long())

    def read(method: Any, last: bool) -> dict[str, float]:
        first = method.codes.parts[0].size
        row: dict[str, Any] = {}
        for split, (images, labels) in sets.items():
            codes = represented(method, images)[:, :first]
            found = matching(codes.argmax(1), labels, first)
            row["accuracy" if split == "train" else "accuracy/test"] = found.accuracy
            if last and split == "train":
                row["chance"] = chance_accuracy(labels, first)
                row["kmeans"] = kmeans_accuracy(images, images, labels, first, d.seed)
                row["counts"] = found.counts.flatten().tolist()
        categorical, *others = method.lower_bounds(OWN, drawn_there(method, d.seed)).tolist()
        return row | {"lower/categorical": categorical, "lower/continuous": sum(others)}

    def measure(run: Any) -> dict[str, float]:
        last = run.step == steps
        if any(run.method.weights):
            with run.averaged():
                return read(run.method, last)
        if not last:
            return {}
        with run.averaged():
            method = copy.deepcopy(run.method)
        recognise_afterwards(method, AFTERWARDS if plan.tier != "smoke" else 2, d.batch, seed=d.seed)
        return read(method, last)

    return measure


def sprite_codes(plan: Any) -> Measure:
    """How well codes hold the factors of sprites, by the averaged weights, on 4,000 test images.

    `factor_vae` on held-out votes, `factor_vae/training` on those that its classifier was made from, `active`
    dimensions, `mig`, and `mig/gaps`, one for each factor. In nats: `lower`, the bound on the information by Q (unit
    variance, so that continuous codes may score below 0), and `upper`, the bound by the encoder, with `upper/by` its
    dimensions; each where the method has it. In the last row also what ten principal components of the pixels score:
    `pca/factor_vae` and `pca/mig`.
    """
    import torch

    from course_lib import data
    from course_lib.evaluation.disentanglement import LEAST_STD, factor_vae_score, mutual_information_gap

    d, steps = plan.settings["data"], plan.settings["data"].steps
    count = IMAGES if plan.tier != "smoke" else 200
    votes = VOTES if plan.tier != "smoke" else 100
    whole = data.open(d.data.partition(":")[0], resolution=d.resolution, split="test")
    chosen = torch.linspace(0, len(whole) - 1, count).long()
    images, factors = whole.tensor(chosen), torch.from_numpy(whole.factors[chosen.numpy()].copy())

    def scores(codes: Any, unit: float = 1.0) -> tuple[Any, Any]:
        many = {"training_votes": votes, "evaluation_votes": votes, "seed": d.seed}
        return factor_vae_score(codes, factors, least_std=LEAST_STD * unit, **many), mutual_information_gap(
            codes, factors
        )

    def read(method: Any) -> dict[str, Any]:
        # of the prior: uniform codes on [-1, 1], or N(0, 1)
        uniform = hasattr(method, "codes") and method.codes.parts[0].law == "uniform"
        codes = represented(method, images)
        score, gap = scores(codes, 3**-0.5 if uniform else 1.0)
        row: dict[str, Any] = {
            "factor_vae": score.score,
            "factor_vae/training": score.training,
            "active": score.active,
            "mig": gap.score,
            "mig/gaps": [round(g, 5) for g in gap.gaps.tolist()],
        }
        draw = drawn_there(method, d.seed)
        if hasattr(method, "lower_bounds"):
            row["lower"] = method.lower_bounds(OWN, draw).sum().item()
        by = None
        if hasattr(method, "upper_bounds"):
            by = method.upper_bounds(OWN, draw)
        elif hasattr(method, "rates"):
            by = asked(method.device, method.rates, images[:OWN])
        if by is not None:
            row |= {"upper": by.sum().item(), "upper/by": [round(u, 5) for u in by.tolist()]}
        return row

    def measure(run: Any) -> dict[str, Any]:
        with run.averaged():
            row = read(run.method)
        if run.step == steps:
            components = torch.pca_lowrank(images.flatten(1), 10, niter=4)
            score, gap = scores(components[0] * len(images) ** 0.5)
            row |= {"pca/factor_vae": score.score, "pca/mig": gap.score}
        return row

    return measure


QUICK = {"log_every": 100}

RIVALS: dict[str, dict[str, Any]] = {
    "InfoGAN": {},
    "strong InfoGAN": {"recipe": "infogan-strong-sprites"},
    "IB-GAN": {"recipe": "ibgan-sprites"},
    "β-VAE, β = 4": {"recipe": "betavae-sprites"},
    # at 16 pixels a picture costs fewer nats than at 64, and β = 4 is dearer than it was for its authors
    "β-VAE, β = 1": {"recipe": "betavae-sprites", "beta": 1.0},
}


def represented(method: Any, images: Any) -> Any:
    """What a method reads from images (N, C, H, W): (N, size), on the CPU."""
    import torch

    return torch.cat([asked(method.device, method.represent, part) for part in images.split(500)])


def drawn_there(method: Any, seed: int) -> Any:
    """The generator of the bounds' latents: bounds are computed where their latents are drawn."""
    return seeds.generator(seed, purpose="bounds", device=method.device)


STUDIES: dict[str, Study] = {
    "infogan-fashion": Study(
        "Does the categorical code of an InfoGAN mean the classes of Fashion-MNIST?",
        "infogan-fashion",
        {"InfoGAN": {}, "plain GAN, Q afterwards": {"weights": "0", "sharing": "none"}},
        code_matching,
        every=250,
        # at 16 pixels, for five seeds of both in minutes
        common={**QUICK, "resolution": 16, "steps": 1_000},
    ),
    "infogan-digits": Study(
        "Does the categorical code of an InfoGAN mean the ten digits?",
        "infogan-digits",
        {
            "InfoGAN": {},
            "plain GAN, Q afterwards": {"weights": "0", "sharing": "none"},
            "InfoGAN, four times as long": {"steps": 4_000},
        },
        code_matching,
        every=250,
        common={**QUICK, "steps": 1_000},
    ),
    "disentanglement-sprites": Study(
        "Whose codes hold the factors of sprites, one by one, at the same budget?",
        "infogan-sprites",
        RIVALS,
        sprite_codes,
        every=400,
        common={**QUICK, "steps": 800},
    ),
    "disentanglement-sprites-longer": Study(
        "Whose codes hold the factors of sprites, one by one, at four times that budget?",
        "infogan-sprites",
        RIVALS,
        sprite_codes,
        every=800,
        common={**QUICK, "steps": 3_200},
    ),
    "ibgan-beta": Study(
        "What does IB-GAN's price of a nat do to both bounds, to the dimensions in use, and to the scores?",
        "ibgan-sprites",
        {f"β = {beta:g}": {"beta": beta} for beta in (0.02, 0.07, 0.2, 0.5)},
        sprite_codes,
        every=200,
        common={**QUICK, "steps": 800},
    ),
}
