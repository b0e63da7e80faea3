"""Studies of chapter 13: whether a conditional GAN makes what it is told, and how its encoders are best arranged."""

from typing import Any

from course_lib.studies.plan import Measure, Study

SAMPLES = 2_000
IMAGES = 256  # held-out images that are encoded and edited


def obedience(plan: Any) -> Measure:
    """How often samples show what was told, by the judge that suits the data, and how much those of one class differ.

    condition_accuracy and condition_chance as `evaluation.conditions` has them, of 2,000 averaged samples; of classes
    also variety: the variance of pixels within a class over that of the data, a mean over classes.
    """
    from course_lib import data
    from course_lib.evaluation import features
    from course_lib.evaluation.conditions import condition_measures

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution)
    judge = features.extractor(features.suited(images))
    count = SAMPLES if plan.tier != "smoke" else 100

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            found = condition_measures(run.method, images, judge, samples=count, seed=d.seed)
            row = {name: value for name, value in found.items() if isinstance(value, float)}
            if run.method.conditions.classes:
                row["variety"] = variety(run.method, images, d.seed)
        return row

    return measure


def variety(method: Any, images: Any, seed: int, each: int = 100) -> float:
    """Variance of pixels within a class, of `each` samples over that of the images, a mean over classes."""
    import numpy as np
    import torch

    from course_lib import seeds
    from course_lib.studies.asking import asked

    labels = torch.from_numpy(np.asarray(images.labels).astype(np.int64))
    draw = seeds.generator(seed, purpose="variety")
    shares = []
    for label in range(method.conditions.classes):
        made = asked(method.device, method.sample, method.latents(each, draw), torch.full((each,), label))
        real = images.tensor(torch.nonzero(labels == label)[:, 0])
        shares.append((made.var(0).sum() / real.var(0).sum()).item())
    return sum(shares) / len(shares)


def inversion(plan: Any) -> Measure:
    """What encoders make of the generator's own images, and of 256 held-out ones, averaged weights throughout.

    z: mean squared error of z per dimension on fresh images of the generator; z/told: the same where E_z is told the
    true condition and not E_y's; length: mean of ‖E_z‖² per dimension. y/own and y/real: share of conditions that are
    right. psnr: of reconstructions of held-out images, dB, and psnr/own of own ones. Then `edits`.
    """
    from course_lib import data
    from course_lib.evaluation import features
    from course_lib.evaluation.conditions import kinds

    d = plan.settings["data"]
    count = IMAGES if plan.tier != "smoke" else 16
    train, held_out = (data.open(d.data, resolution=d.resolution, split=s) for s in ("train", "test"))
    judge = features.extractor(features.suited(train))
    spread = None if train.factors is None else spreads(train)

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:  # untrained encoders say nothing
            return {}
        with run.averaged():
            row = codes(run.method, held_out, count, d.seed)
            return row | edits(run.method, held_out, judge, kinds(train), spread, count, d.seed)

    return measure


def spreads(images: Any) -> Any:
    """(F,) standard deviation of each factor."""
    import numpy as np
    import torch

    return torch.from_numpy(np.asarray(images.factors).std(0))


def codes(method: Any, held_out: Any, count: int, seed: int) -> dict[str, float]:
    """The part of `inversion` that needs no judge."""
    import torch

    from course_lib import seeds
    from course_lib.evaluation.conditions import agreement
    from course_lib.evaluation.reconstruction import psnr
    from course_lib.studies.asking import asked

    there = method.device
    latents = method.latents(4 * count, seeds.generator(seed, purpose="inversion"))
    z, y = method.parts(latents)
    own = asked(there, method.sample, latents)
    found_z, found_y = method.parts(asked(there, method.encode, own))
    told = asked(there, method.encode_told, own, y)
    images, truth = held_out_part(method, held_out, count)
    encoded = asked(there, method.encode, images)
    remade = asked(there, method.sample, encoded)
    own_remade = asked(there, method.sample, torch.cat([found_z, found_y], 1))
    return {
        "z": (found_z - z).square().mean().item(),
        "z/told": (told - z).square().mean().item(),
        "length": found_z.square().mean().item(),
        "y/own": agreement(method.conditions, y, found_y).double().mean().item(),
        "y/real": agreement(method.conditions, truth, method.parts(encoded)[1]).double().mean().item(),
        "psnr": psnr(images, remade),
        "psnr/own": psnr(own, own_remade),
    }


def held_out_part(method: Any, held_out: Any, count: int) -> tuple[Any, Any]:
    """The first images of a set and their true conditions."""
    import numpy as np
    import torch

    index = torch.arange(min(count, len(held_out)))

    def column(values: Any, kind: type) -> Any:
        return None if values is None else torch.from_numpy(np.asarray(values)[index.numpy()].astype(kind))

    truth = method.conditions.of(column(held_out.labels, np.int64), column(held_out.factors, np.float32))
    return held_out.tensor(index), truth


def edits(
    method: Any, held_out: Any, judge: Any, binary: Any, spread: Any, count: int, seed: int
) -> dict[str, float]:
    """What swaps do to held-out images. Of attributes: wanted, without, unwanted, without_unwanted and moved of each
    as `inversion.attribute_edits` has them, and their means. Of classes: wanted, the share that the judge reads as the
    class that was asked for, the next one; and without, the share that it reads as their own when nobody edits.
    """
    from dataclasses import asdict

    import torch

    from course_lib.inversion.attribute_edits import edit_measures
    from course_lib.studies.asking import asked

    images, truth = held_out_part(method, held_out, count)
    latents = asked(method.device, method.encode, images)
    if method.conditions.classes:
        new = (truth.argmax(1) + 1) % method.conditions.classes
        read = judge.logits(asked(method.device, method.sample, latents, new)).argmax(1)
        plain = judge.logits(asked(method.device, method.sample, latents)).argmax(1)
        right = (plain == truth.argmax(1)).double().mean().item()
        return {"wanted": (read == new).double().mean().item(), "without": right}
    there = method.device
    images, latents, binary, spread = (
        torch.as_tensor(values).to(there) for values in (images, latents, binary, spread)
    )
    found = edit_measures(method, images, latents, judge, binary, spread)
    names = ("wanted", "without", "unwanted", "without_unwanted", "moved")
    row = {f"{key}/{name}": asdict(edit)[key] for name, edit in found.items() for key in names}
    means = {key: sum(asdict(edit)[key] for edit in found.values()) / len(found) for key in names}
    return row | means


ARRANGEMENTS: dict[str, dict[str, Any]] = {name: {"arrangement": name} for name in ("SNG", "IND", "IND-COND")}

STUDIES: dict[str, Study] = {
    "conditional-digits": Study(
        "Does a conditional GAN make the digit that it is told, and what do mismatched pairs add?",
        "cgan-digits",
        {
            "concatenation": {},
            "without mismatched pairs": {"mismatched": 0.0},
            "projection": {"recipe": "cgan-projection-digits"},
            "labels shuffled": {"shuffled": True},
        },
        obedience,
        every=600,
        common={"steps": 600, "ema": 0.99, "log_every": 300},
    ),
    "conditional-faces": Study(
        "Does a conditional GAN give faces the attributes that it is told?",
        "cgan-faces",
        {
            "concatenation": {},
            "projection": {"joined": "projection", "mismatched": 0.0},
            "labels shuffled": {"shuffled": True},
        },
        obedience,
        every=300,
        common={"steps": 300, "generator_width": 16, "ema": 0.98, "log_every": 300},
    ),
    "icgan-digits": Study(
        "Which arrangement of the two encoders inverts the conditional GAN of digits best?",
        "icgan-digits",
        ARRANGEMENTS,
        inversion,
        every=300,
        common={"steps": 300, "log_every": 300},
    ),
    "icgan-faces": Study(
        "Which arrangement of the two encoders inverts the conditional GAN of faces best, and edits it best?",
        "icgan-faces",
        ARRANGEMENTS,
        inversion,
        every=250,
        common={"steps": 250, "log_every": 250},
    ),
}
