"""The studies of chapter 12b: which space reconstructs, and which edits; where a search begins."""

from typing import Any

from course_lib.studies.catalogue.glo import at_the_end
from course_lib.studies.plan import Measure, Study

SETS = (
    "generated",
    "unseen",
    "turned",
)  # own images; faces of the test set; faces turned further than any it saw
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
    import torch

    from course_lib import data
    from course_lib.evaluation import features
    from course_lib.objectives.attributes import binary_columns

    d = plan.settings["data"]
    held_out = data.open(d.data, resolution=d.resolution, split="test")
    judge = features.extractor(features.suited(held_out))
    binary = binary_columns(torch.tensor(held_out.factors[:200]))

    def found(run: Any) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, (images, truth) in images_of(run.method, held_out, d.batch, d.seed).items():
            inversion = run.method.search(images)
            row |= compared(name, images, inversion, judge, binary)
            if truth is not None:
                row |= in_code(run.method, inversion.codes, truth)
                row["seconds"] = inversion.seconds / len(images)
            if name == "unseen" and run.method.settings.space != "z":
                row |= edited(run.method, inversion, judge, binary, d.seed)
        return row

    return at_the_end(plan, found)


def images_of(method: Any, held_out: Any, count: int, seed: int) -> dict[str, tuple[Any, Any]]:
    """SET -> `count` images, and the z that they were made of where there is one."""
    import torch

    from course_lib import seeds
    from course_lib.data import faces
    from course_lib.data.faces.factors import COLUMN, factors_of

    z = method.latents(count, seeds.generator(seed, purpose="inversion/truth"))
    numbers = range(seed * count, (seed + 1) * count)
    factors = factors_of(numbers, "test")
    factors[:, COLUMN["yaw"]] = TURNED * torch.where(factors[:, COLUMN["yaw"]] < 0, -1.0, 1.0)
    return {
        "generated": (method.sample(z), z),
        "unseen": (held_out.tensor(slice(numbers.start, numbers.stop)), None),
        "turned": (faces.draw(factors, held_out.resolution), None),
    }


def compared(name: str, images: Any, inversion: Any, judge: Any, binary: Any) -> dict[str, float]:
    """Errors in the image, in a judge's eyes and in the factors that it reads."""
    from course_lib.inversion.fresh_samples import factor_error
    from course_lib.inversion.measures import NAMES, measured

    made = inversion.reconstructions
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

    generator, name = method.networks["generator"], method.settings.space
    with torch.no_grad():
        truth = z if name == "z" else generator.mapping(z)
        if name == "w+":
            truth = generator.broadcast(truth)
        drawn = space_named(generator, name).draw(1_000, seeds.generator(0, purpose="inversion/unit"))
    if name == "z" and hasattr(generator, "mapping"):  # the mapping network sees directions alone
        codes, truth = (x / x.square().mean(1, keepdim=True).sqrt() for x in (codes, truth))
    unit = drawn.var(0, correction=0).mean()
    each = ((codes - truth.cpu()).square().flatten(1).mean(1) / unit).double()
    return {"generated/code": each.mean().item(), "deviation/generated/code": each.std().item()}


def edited(method: Any, inversion: Any, judge: Any, binary: Any, seed: int) -> dict[str, float]:
    """Move codes along the direction of each factor: edit/NAME/wanted and edit/NAME/others, as `edit_score` has them.

    Directions are fitted to generated images, whose factors a judge reads, and hold the other edited factors. In W and
    W+ alike all layers move, by `AMOUNT` standard deviations of generated codes along the direction, to more of it.
    Compared are the judge's readings of the reconstruction before the edit and after it.
    """
    import torch

    from course_lib import seeds
    from course_lib.data.faces import NAMES
    from course_lib.evaluation.arithmetic import readings
    from course_lib.evaluation.attributes import edit_score
    from course_lib.inversion.directions import conditional, moved, of_factors

    generator = method.networks["generator"]
    with torch.no_grad():
        z = method.latents(1_000, seeds.generator(0, purpose="inversion/directions"))
        w = generator.mapping(z)
        read = readings(method.sample, judge.logits, z, binary)
    table = torch.where(binary, (read > 0.5).float(), read)
    columns = [NAMES.index(name) for name in EDITED]
    fitted = of_factors(w, table[:, columns], EDITED, binary[columns])
    maps = list(inversion.noise) or None

    def image(codes: Any) -> Any:
        styles = generator.broadcast(codes) if codes.ndim == 2 else codes
        with torch.no_grad():
            return judge.logits(generator.synthesis(styles, maps))

    def seen(outputs: Any) -> Any:
        return torch.where(binary, outputs.sigmoid(), outputs)

    before, row = seen(image(inversion.codes)), {}
    for k, name in enumerate(EDITED):
        others = torch.cat([fitted.vectors[:k], fitted.vectors[k + 1 :]])
        direction = conditional(fitted.vectors[k], others)
        step = AMOUNT * (w @ direction).std().item()
        after = seen(image(moved(inversion.codes, direction, step)))
        tied = [NAMES.index("glasses")] if name == "sunglasses" else []
        score = edit_score(before, after, columns[k], binary=binary, spread=read.std(0), tied=tied)
        row |= {f"edit/{name}/wanted": score.wanted, f"edit/{name}/others": score.others}
    return row


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
    ),
}
