"""Studies of chapter 9 on the paper's own MNIST: which convention it measured in, its Table 1, and why ours differs."""

from typing import Any

from course_lib.studies.catalogue.glo import MOST_FITTED, at_the_end, table
from course_lib.studies.plan import Measure, Study

RESIZES = ("bilinear", "bicubic", "nearest", "pad")
SPLITS = {"every 32nd held out": ",held-out=32", "published test images": ""}
# a longer search for codes: four starts an image, four times the steps
LONGER = {"steps": 1_200, "restarts": 4}


def principal(images: int) -> Any:
    """PCA's row of the table in every scoring, for the data of a plan; the run's own generator is not looked at.

    pca/SPLIT/mse in dB, of `images` evenly spaced images of either split, clamped, and with /unclamped as they are;
    of half as many above 32 pixels, as the other rows of these tables.
    all/SPLIT/SCORING the same of all images, for sets of up to 1,024 pixels; with /of the mean error added, the pSNR
    of the mean squared error in place of the mean of each image's. Where the split is the published one, by_offset
    has 32 numbers: the clamped mean over training images k, k + 32, k + 64, ... for k = 0 to 31.
    """

    def build(plan: Any) -> Measure:
        from course_lib import data
        from course_lib.data.images import ImageSet
        from course_lib.evaluation import pca
        from course_lib.inversion import table

        d = plan.settings["data"]
        sets = {s: data.open(d.data, resolution=d.resolution, split=s) for s in table.SPLITS}
        train = sets["train"]
        count = 4 if plan.tier == "smoke" else images if train.resolution <= 32 else images // 2
        apart = -(-len(train) // MOST_FITTED) if train.resolution > 32 else 1

        def found(run: Any) -> dict[str, Any]:
            fitted = pca.fit(ImageSet(train.name, train.images[::apart]), run.method.latent)
            numbers: dict[str, Any] = {"images": count, "fitted": len(range(0, len(train), apart))}
            for split, dataset in sets.items():
                x = dataset.tensor(table.evenly_spaced(dataset, count))
                for scoring, end in (("clamped", ""), ("unclamped", "/unclamped")):
                    values = table.scored(x, fitted.reconstruct(x), scoring)
                    numbers[f"pca/{split}/mse{end}"] = values.mean().item()
                if train.resolution * train.channels <= 32:
                    numbers |= of_all(fitted, dataset, split)
            return numbers

        return at_the_end(plan, found)

    return build


def of_all(fitted: Any, dataset: Any, split: str) -> dict[str, Any]:
    """What `principal` says of all images of one split."""
    import torch

    from course_lib.inversion import table

    numbers: dict[str, Any] = {}
    parts = [dataset.tensor(slice(s, s + 4096)) for s in range(0, len(dataset), 4096)]
    for scoring in ("clamped", "unclamped"):
        values = torch.cat([table.scored(x, fitted.reconstruct(x), scoring) for x in parts])
        numbers[f"all/{split}/{scoring}"] = values.mean().item()
        error = (10 ** (-values / 10)).mean().item()
        numbers[f"all/{split}/{scoring}/of the mean error"] = -10 * torch.tensor(error).log10().item()
        if scoring == "clamped" and split == "train" and "held-out" not in dataset.name:
            numbers["by_offset"] = [round(values[k::32].mean().item(), 4) for k in range(32)]
    return numbers


def with_effort(images: int, few: int = 64) -> Any:
    """`glo.table` of a method, and what other searches for codes would find, for `few` test images by squared error.

    effort/usual, effort/longer (four starts an image, four times the steps) and, where codes live in a ball,
    effort/free (outside it too): mean pSNR in dB of the same images.
    """

    def build(plan: Any) -> Measure:
        from course_lib import data
        from course_lib.inversion import table as table1

        whole, d, smoke = table(images)(plan), plan.settings["data"], plan.tier == "smoke"
        test = data.open(d.data, resolution=d.resolution, split="test")
        x = test.tensor(table1.evenly_spaced(test, 4 if smoke else few))
        usual = {"steps": 3, "pool": 16} if smoke else {}
        searches = {"usual": usual, "longer": usual or LONGER}

        def found(run: Any) -> dict[str, Any]:
            tried = searches | (
                {"free": usual | {"free": True}} if run.method.space.name in ("ball", "sphere") else {}
            )
            return whole(run) | {
                f"effort/{name}": table1.found_again(run.method, x, "l2", table1.Search(**how)).mean().item()
                for name, how in tried.items()
            }

        return at_the_end(plan, found)

    return build


def with_precision(build: Any) -> Any:
    """What `build` measures, and at the end the precision that networks were trained in: "bf16" or "fp32"."""

    def build_both(plan: Any) -> Measure:
        from course_lib.training import device

        measure = build(plan)
        precision = device.resolve_precision(plan.settings["loop"].precision, device.best(), images=True)

        def both(run: Any) -> dict[str, Any]:
            row = measure(run)
            return row | {"precision": precision} if row else row

        return both

    return build_both


def on_mnist(method: str, steps: int, **changes: Any) -> dict[str, Any]:
    return {"recipe": f"{method}-mnist", "steps": steps, **changes}


# as of `glo-table-fashion`: about the same time for each
STEPS = {"vae": 3_000, "dcgan": 9_000, "glo": 5_500}
# gradient descent at the paper's rates, from codes that begin as noise
PAPER = {"optimiser": "sgd", "generator_lr": 1.0, "code_lr": 10.0, "init": "gaussian"}
ONE_STEP = {"steps": 1, "generator_width": 8, "init": "gaussian"}

STUDIES: dict[str, Study] = {
    "glo-table-pca": Study(
        "In which convention does PCA reach what the paper prints for MNIST, and what does it reach on other data?",
        "glo-mnist",
        {
            f"{resize}, {split}": {"data": f"mnist:resize={resize}{words}"}
            for split, words in SPLITS.items()
            for resize in RESIZES
        }
        | {
            "Fashion-MNIST": {"recipe": "glo-fashion"},
            "faces": {"recipe": "glo-faces"},
            "faces, 64 px": {"recipe": "glo-faces-64"},
        },
        principal(256),
        every=1,
        common=ONE_STEP,
    ),
    "glo-table-mnist": Study(
        "Table 1 of Bojanowski et al. (2018) on MNIST, in the paper's convention: VAE, DCGAN and GLO",
        "glo-mnist",
        {name: on_mnist(name.lower(), STEPS[name.lower()]) for name in ("VAE", "DCGAN", "GLO")},
        with_precision(with_effort(256)),
        every=500,
        common={"log_every": 500},
    ),
    "glo-table-mnist-why": Study(
        "Why is the VAE ahead on MNIST here and not in the paper: its noise, the budget, or GLO's descent?",
        "glo-mnist",
        {f"VAE, noise {noise}": on_mnist("vae", 3_000, noise=noise) for noise in (0.25, 0.5, 1.0, 2.0)}
        | {
            "GLO, the paper's descent": on_mnist("glo", 5_500, **PAPER),
            "VAE, three times as long": on_mnist("vae", 9_000),
            "GLO, three times as long": on_mnist("glo", 16_500),
            "DCGAN, three times as long": on_mnist("dcgan", 27_000),
        },
        with_precision(table(256)),
        every=500,
        common={"log_every": 500},
    ),
}
