"""The studies of chapter 12b: which space reconstructs, and which edits; where a search begins."""

import functools
from typing import Any, NamedTuple

from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study

# own images; faces of the test set; faces turned further than any it saw
SETS = ("generated", "unseen", "turned")
TURNED = 1.8  # of yaw, which ends at 1 in the data
EDITED = ("smile", "sunglasses", "beard", "background")
AMOUNT = 2.0  # of an edit, in standard deviations of codes along its direction
FOUND = 40.0  # dB above which an image counts as found again


def searches(plan: Any) -> Measure:
    """What a search leaves of images, and what its codes are good for, by kind of image.

    SET/mse, psnr, lap1, perceptual, factors: means over the batch's images; deviation/SET/…: standard deviations over
    them. generated/code: mean of |code − true code|², in units of the codes' variance, and SET/found: the share
    above 40 dB. seconds: of a search, for each image. edit/…: see `edited`.
    """
    from course_lib.studies.judging import held_out

    d = plan.settings["data"]
    faces, judge, binary = held_out(plan)

    def found(run: Any) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, (images, truth) in images_of(run.method, faces, d.batch, d.seed).items():
            inversion = run.method.search(images)
            row |= compared(name, images, inversion.reconstructions, judge, binary)
            if truth is not None:
                row |= in_code(run.method, inversion.codes, truth)
                row["seconds"] = inversion.seconds / len(images)
            if name == "unseen" and run.method.settings.space != "z":
                row |= edited(run.method, inversion, judge, binary, plan.pretrained["generator"])
        return row

    return at_the_end(plan, found)


def images_of(method: Any, held_out: Any, count: int, seed: int) -> dict[str, tuple[Any, Any]]:
    """SET -> `count` images, and the z that they were made of where there is one."""
    from course_lib import seeds
    from course_lib.studies.asking import asked

    z = method.latents(count, seeds.generator(seed, purpose="inversion/truth"))
    numbers = range(seed * count, (seed + 1) * count)
    return {
        "generated": (asked(method.device, method.sample, z), z),
        "unseen": (held_out.tensor(slice(numbers.start, numbers.stop)), None),
        "turned": (turned(numbers, held_out.resolution), None),
    }


def turned(numbers: range, resolution: int) -> Any:
    """(len(numbers), 3, resolution, resolution): these faces of the test set with the head turned too far, to its own
    side."""
    import torch

    from course_lib.data import faces
    from course_lib.data.faces.factors import COLUMN, factors_of

    factors = factors_of(numbers, "test")
    factors[:, COLUMN["yaw"]] = TURNED * torch.where(factors[:, COLUMN["yaw"]] < 0, -1.0, 1.0)
    return faces.draw(factors, resolution)


def compared(name: str, images: Any, made: Any, judge: Any, binary: Any) -> dict[str, float]:
    """Errors in the image, in a judge's eyes and in the factors that it reads."""
    from course_lib.inversion.fresh_samples import factor_error
    from course_lib.inversion.measures import NAMES, measured

    values = measured(images, made, judge.name)
    each = {measure: getattr(values, measure) for measure in NAMES}
    each["factors"] = factor_error(judge.logits(images.cpu()), judge.logits(made), binary)
    each["found"] = (each["psnr"] > FOUND).double()
    row = {f"{name}/{key}": value.mean().item() for key, value in each.items()}
    return row | {f"deviation/{name}/{key}": value.std().item() for key, value in each.items()}


def in_code(method: Any, codes: Any, z: Any) -> dict[str, float]:
    """generated/code: mean squared distance from the true code, where 2 is that of two codes drawn independently."""
    import torch

    from course_lib import seeds
    from course_lib.inversion.spaces import space_named
    from course_lib.studies.asking import asked

    generator, name = method.networks["generator"], method.settings.space
    with torch.no_grad():
        truth = z if name == "z" else asked(method.device, generator.mapping, z)
        if name == "w+":
            truth = generator.broadcast(truth)
        drawn = space_named(generator, name).draw(1_000, seeds.generator(0, purpose="inversion/unit"))
    if name == "z" and hasattr(generator, "mapping"):  # the mapping network sees directions alone
        codes, truth = (x / x.square().mean(1, keepdim=True).sqrt() for x in (codes, truth))
    unit = drawn.var(0, correction=0).mean()
    each = ((codes.cpu() - truth).square().flatten(1).mean(1) / unit).double()
    return {"generated/code": each.mean().item(), "deviation/generated/code": each.std().item()}


def edited(method: Any, inversion: Any, judge: Any, binary: Any, run: str) -> dict[str, float]:
    """`edits` of a search's codes, with the noise maps that it found."""
    from course_lib.studies.asking import asked

    generator = method.networks["generator"]
    maps = [noise.to(method.device) for noise in inversion.noise] or None

    def made(codes: Any) -> Any:
        return generator.synthesis(generator.broadcast(codes) if codes.ndim == 2 else codes, maps)

    def image(codes: Any) -> Any:
        return asked(method.device, made, codes)

    return edits(run, inversion.codes, image, judge, binary)


def edits(run: str, codes: Any, image: Any, judge: Any, binary: Any) -> dict[str, float]:
    """Move codes along the direction of each factor: edit/NAME/wanted and edit/NAME/others, as `edit_score` has them.

    codes: of W or W+, of the generator of `run`; image: codes -> pictures, by the generator's own weights or by those
    that a route changed. In W and W+ alike all layers move, by `AMOUNT` standard deviations of generated codes along
    the direction, to more of it. Compared are the judge's readings of the picture before the edit and after it.
    """
    import torch

    from course_lib.data.faces import NAMES
    from course_lib.evaluation.attributes import edit_score
    from course_lib.inversion.directions import moved

    def seen(codes: Any) -> Any:
        with torch.no_grad():
            outputs = judge.logits(image(codes))
        return torch.where(binary, outputs.sigmoid(), outputs)

    found = edit_directions(run, judge.name)
    before, row = seen(codes), {}
    for name, (direction, step) in found.steps.items():
        after = seen(moved(codes, direction, step))
        tied = [NAMES.index("glasses")] if name == "sunglasses" else []
        score = edit_score(before, after, NAMES.index(name), binary=binary, spread=found.spread, tied=tied)
        row |= {f"edit/{name}/wanted": score.wanted, f"edit/{name}/others": score.others}
    return row


class EditDirections(NamedTuple):
    """steps: name of a factor -> its direction (d,) in W, which holds the other edited factors, and how far an edit
    goes along it. spread: (K,), standard deviations of what a judge reads in generated images."""

    steps: dict[str, tuple[Any, float]]
    spread: Any


@functools.cache  # a study asks of each variant, and all of them edit by the same
def edit_directions(run: str, judged_by: str) -> EditDirections:
    """Fitted to 1,000 images of the style-based generator of a run, whose factors a judge reads."""
    import torch

    from course_lib import recipes, seeds
    from course_lib.data.faces import FACTORS, NAMES
    from course_lib.evaluation import features
    from course_lib.evaluation.arithmetic import readings
    from course_lib.inversion.directions import conditional, of_factors
    from course_lib.methods.style_spaces import z_space

    generator: Any = recipes.load(run).networks["generator"]
    judge = features.extractor(judged_by)
    binary = torch.tensor([factor.kind == "binary" for factor in FACTORS])
    with torch.no_grad():
        z = z_space(generator).draw(1_000, seeds.generator(0, purpose="inversion/directions"))
        w = generator.mapping(z)
        read = readings(generator, judge.logits, z, binary)
    table = torch.where(binary, (read > 0.5).float(), read)
    columns = [NAMES.index(name) for name in EDITED]
    fitted = of_factors(w, table[:, columns], EDITED, binary[columns])
    steps = {}
    for k, name in enumerate(EDITED):
        others = torch.cat([fitted.vectors[:k], fitted.vectors[k + 1 :]])
        direction = conditional(fitted.vectors[k], others)
        steps[name] = direction, AMOUNT * (w @ direction).std().item()
    return EditDirections(steps, read.std(0))


STUDIES = {
    "inversion-spaces": Study(
        "Which space of a style generator reconstructs, and which edits?",
        "codes-stylegan-faces",
        {
            "Z": {"space": "z"},
            "W": {},
            "W+": {"space": "w+"},
            "W+ and noise": {"space": "w+", "noise": True},
        },
        searches,
        every=1,
        common={"batch": 24},
    ),
}
