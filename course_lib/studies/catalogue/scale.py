"""Studies of chapter 8c: whether attention makes two sides agree, and what BigGAN's ingredients give."""

from typing import Any

from course_lib.studies.plan import Measure, Study

# factors of faces that show on both sides
TWO_SIDED = (
    "hair_colour", "hair_length", "glasses", "sunglasses", "eye_openness", "brows", "beard", "hat", "skin",
    "clothing", "background",
)  # fmt: skip
FITTED, JUDGED = 4_000, 2_000  # real faces by which halves are read, and faces whose halves are compared
THRESHOLDS = (0.05, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # of truncation
DIGITS = 1_797


def sides(plan: Any) -> Measure:
    """Agreement of left and right for each of `TWO_SIDED`, the Fréchet distance, and where attention looks.

    agreement/NAME: of averaged samples; ceiling/NAME: of as many held-out faces; floor/NAME: of these with the right
    half of another one. agreement, ceiling and floor: means over names. frechet: of the same samples, on the judge's
    features. Of each attention layer: gamma/ROLE, distance/ROLE and other/ROLE, as `looks` has them.
    """
    import torch

    from course_lib import data
    from course_lib.data.faces import NAMES
    from course_lib.evaluation import report
    from course_lib.evaluation.sides import SideReader, halves_of
    from course_lib.studies.judging import distance_to

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    train, held_out = (data.open(d.data, resolution=d.resolution, split=s) for s in ("train", "test"))
    if smoke:  # the judge reads 32 pixels
        return lambda run: looks(run.method, held_out.tensor(torch.arange(8)))
    frechet = distance_to(train)
    columns = [NAMES.index(name) for name in TWO_SIDED]
    known = torch.from_numpy(train.factors[:FITTED][:, columns].copy())
    reader = SideReader(frechet.judge, train.tensor(torch.arange(FITTED)), known)
    real = held_out.tensor(torch.arange(JUDGED))
    bounds = {
        "ceiling": reader.agreement(real),
        "floor": reader.agreement(halves_of(real, real.roll(1, 0))),
    }

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:
            return {}
        with run.averaged():
            drawn = report.draw_samples(run.method, JUDGED, d.seed)
            row = {"frechet": frechet(drawn)}
            row |= looks(run.method, real[:100])
        for kind, values in {"agreement": reader.agreement(drawn), **bounds}.items():
            row[kind] = values.mean().item()
            row |= {f"{kind}/{name}": v for name, v in zip(TWO_SIDED, values.tolist(), strict=True)}
        return row

    return measure


def looks(method: Any, real: Any) -> dict[str, float]:
    """Where the attention of each player looks: in G over 100 codes, in D over real images (N, C, H, W).

    gamma/ROLE: the weight of what it finds. distance/ROLE: the mean distance between a place and those it takes from,
    in pixels of the map; distance/ROLE/even: of a place that takes from all alike. other/ROLE: the share that it takes
    from the other half, left or right, of the map. Empty without attention.
    """
    from course_lib import seeds
    from course_lib.evaluation.attention_maps import attention_maps, distances

    row: dict[str, float] = {}
    latents = method.latents(100, seeds.generator(0, purpose="attention"))
    for role, inputs in (("generator", latents), ("discriminator", real)):
        for layer, weights in attention_maps(method.networks[role], inputs.to(method.device)):
            found = distances(weights.cpu())
            row[f"gamma/{role}"] = layer.gamma.item()
            row[f"distance/{role}"], row[f"distance/{role}/even"] = found.mean, found.even
            row[f"other/{role}"] = found.other
    return row


def truncation(plan: Any) -> Measure:
    """Of conditional digits: distance, obedience, precision and recall, without truncation and at `THRESHOLDS`.

    frechet, accuracy, precision and recall of 1,797 averaged samples of classes as in the data; at a threshold t the
    last three as accuracy/t and so on. overlap: the mean squared cosine between two different filters of one layer of
    G, weights as they are used.
    """
    import torch

    from course_lib import data, seeds
    from course_lib.evaluation.manifold import precision_recall
    from course_lib.studies.asking import asked
    from course_lib.studies.judging import distance_to

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution)
    frechet = distance_to(images)
    judge = frechet.judge
    real = judge.of(images)
    count = DIGITS if plan.tier != "smoke" else 100

    def of(method: Any, latents: Any) -> tuple[Any, dict[str, float]]:
        drawn = torch.cat([asked(method.device, method.sample, part) for part in latents.split(500)])
        seen, told = judge(drawn), method.parts(latents)[1].argmax(1)
        precision, recall = precision_recall(seen, real)
        right = (judge.read(seen).argmax(1) == told).double().mean().item()
        return seen, {"accuracy": right, "precision": precision, "recall": recall}

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:
            return {}
        method = run.method
        with run.averaged():
            draw = seeds.generator(d.seed, purpose="truncation")
            seen, row = of(method, method.latents(count, draw))
            row["frechet"] = frechet.of(seen)
            row["overlap"] = overlap(method)
            for t in THRESHOLDS:
                found = of(method, method.truncated(count, t, draw))[1]
                row |= {f"{name}/{t:g}": value for name, value in found.items()}
        return row

    return measure


def overlap(method: Any) -> float:
    """The mean squared cosine between two different filters of one layer of G, a mean over layers."""
    import torch

    means = []
    with torch.no_grad():
        for weight in method.filters():
            rows = torch.nn.functional.normalize(weight.flatten(1), dim=1)
            products = (rows @ rows.T).square()
            n = len(rows)
            if n > 1:
                means.append((products.sum() - products.diagonal().sum()).item() / (n * (n - 1)))
    return sum(means) / len(means)


BASE = {
    "shared": False, "skip": False, "orthogonal": 0.0, "batch": 32, "generator_width": 8, "discriminator_width": 8,
}  # fmt: skip
INGREDIENTS: dict[str, dict[str, Any]] = {
    "batch": {"batch": 128},
    "width": {"generator_width": 16, "discriminator_width": 16},
    "shared embedding": {"shared": True},
    "skip latents": {"skip": True},
    "orthogonal": {"orthogonal": 1e-4},
}
TOGETHER = {name: value for changes in INGREDIENTS.values() for name, value in changes.items()}

STUDIES: dict[str, Study] = {
    "sagan-faces": Study(
        "Does attention make the two sides of a generated face agree?",
        "sagan-faces",
        {
            "everywhere": {"looks": "everywhere"},
            "near": {"recipe": "sagan-faces-near"},
            "none": {"recipe": "sagan-faces-none"},
        },
        sides,
        every=250,
        common={
            "steps": 500,
            "generator_width": 12,
            "discriminator_width": 12,
            "ema": 0.99,
            "log_every": 250,
        },
    ),
    "biggan-digits": Study(
        "Which of BigGAN's ingredients help small digits, and which makes truncation safe?",
        "biggan-digits",
        {
            "base": BASE,
            **{name: BASE | changes for name, changes in INGREDIENTS.items()},
            "together": BASE | TOGETHER,
            "together, not orthogonal": BASE | TOGETHER | {"orthogonal": 0.0},
        },
        truncation,
        every=300,
        common={"steps": 600, "looks": "none", "ema": 0.99, "log_every": 300},
    ),
}
