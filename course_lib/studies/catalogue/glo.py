"""Studies of chapters 9 and 9b: the paper's Table 1 from nothing, and what GANs leave out as their data grows."""

from typing import Any

from course_lib.studies.plan import Measure, Study

# dB: of the histograms, one bin a decibel; what lies outside counts in the first and the last
BINS = range(5, 60)
# images that PCA is fitted to in a study: of 50,000 in colour at 64 pixels it takes minutes
MOST_FITTED = 10_000


def at_the_end(plan: Any, found: Any) -> Measure:
    """`found(run)`, of the averaged weights, at the last step alone: searching for codes costs as much as training."""

    def measure(run: Any) -> dict[str, Any]:
        if run.step < plan.settings["data"].steps:
            return {}
        with run.averaged():
            return found(run)

    return measure


def of_values(column: str, values: Any) -> dict[str, Any]:
    """Mean, quartiles and histogram of pSNR per image, named after the column."""
    import torch

    from course_lib.inversion.table import quartiles

    q25, q50, q75 = quartiles(values)
    at = values.floor().clamp(BINS[0], BINS[-1]).long() - BINS[0]
    counts = torch.bincount(at, minlength=len(BINS)).tolist()
    mean = values.mean().item()
    return {
        f"psnr/{column}": mean,
        **{f"psnr/{column}/{name}": q for name, q in (("q25", q25), ("q50", q50), ("q75", q75))},
        f"psnr/{column}/histogram": counts,
    }


def anchor(train: Any, test: Any, components: int, images: int) -> dict[str, float]:
    """pca/train/mse and pca/test/mse in dB, of PCA fitted to at most `MOST_FITTED` images, evenly spaced.

    Not clamped: `glo-table-pca` has the same in the convention of the table.
    """
    from course_lib.data.images import ImageSet
    from course_lib.inversion import table as table1

    apart = -(-len(train) // MOST_FITTED)
    row = table1.pca_row(
        ImageSet(train.name, train.images[::apart]), test, components, images, scoring="unclamped"
    )
    return {f"pca/{column}": values.mean().item() for column, values in row.psnr.items()}


def table(images: int, with_pca: bool = False) -> Any:
    """All columns of Table 1 for one method, on `images` of either split, and its own codes where it has some.

    psnr/train/mse, psnr/test/mse, psnr/train/lap1, psnr/test/lap1 in dB, each with quartiles and histogram;
    own/train and own/test by the encoder, or by the codes of training. `with_pca` has GLO's runs measure PCA too
    (`anchor`): for data on which that takes too long to do while somebody reads.
    """

    def build(plan: Any) -> Measure:
        from course_lib import data
        from course_lib.inversion import table as table1

        d, smoke = plan.settings["data"], plan.tier == "smoke"
        train, test = (data.open(d.data, resolution=d.resolution, split=split) for split in ("train", "test"))
        count = 4 if smoke else images
        search = table1.Search(steps=3, pool=16) if smoke else table1.Search()

        def found(run: Any) -> dict[str, Any]:
            method = run.method
            anew, *own = table1.rows_of(method, table1.label(method), train, test, count, search)
            numbers: dict[str, Any] = {"images": count}
            for column, values in anew.psnr.items():
                numbers |= of_values(column, values)
            for row in own:
                numbers |= {f"own/{c.partition('/')[0]}": v.mean().item() for c, v in row.psnr.items()}
            if with_pca and anew.name == "GLO":
                numbers |= anchor(train, test, method.latent, count)
            return numbers

        return at_the_end(plan, found)

    return build


def gap(plan: Any) -> Measure:
    """pSNR of 256 training and 256 test images by mean squared error, and for GANs what 8 own samples reach.

    own_samples/share is the share of own samples that are made again to more than 50 dB, own_samples/median their
    median in dB.
    """
    from course_lib import data
    from course_lib.inversion import table as table1
    from course_lib.inversion.own_samples import recover

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    sets = {split: data.open(d.data, resolution=d.resolution, split=split) for split in table1.SPLITS}
    count = 4 if smoke else 256
    images = {split: s.tensor(table1.evenly_spaced(s, count)) for split, s in sets.items()}
    search = table1.Search(steps=3, pool=16) if smoke else table1.Search()
    effort = {"n": 2, "rounds": 1, "steps": 3, "restarts": 1, "polish": 1} if smoke else {"n": 8, "rounds": 4}

    def found(run: Any) -> dict[str, Any]:
        numbers: dict[str, Any] = {"images": count}
        for split, x in images.items():
            numbers |= of_values(f"{split}/mse", table1.found_again(run.method, x, "l2", search))
        if table1.label(run.method) == "DCGAN":
            own = recover(run.method, seed=d.seed, **effort)
            numbers |= {"own_samples/share": own.share, "own_samples/median": own.median}
        return numbers

    return at_the_end(plan, found)


def by_data(name: str, *methods: str, **changes: Any) -> dict[str, dict[str, Any]]:
    """One variant for each method on one set of data."""
    recipes = {"VAE": "vae", "DCGAN": "dcgan", "GLO": "glo"}
    return {method: {"recipe": f"{recipes[method]}-{name}", **changes} for method in methods}


THREE = ("VAE", "DCGAN", "GLO")
PARTS = {
    "1 class, 1,000": "fashion-mnist:classes=1,images=1000",
    "1 class, 6,000": "fashion-mnist:classes=1",
    "10 classes, 1,000": "fashion-mnist:images=1000",
    "10 classes, 60,000": "fashion-mnist",
}
# by what each costs: about the same time, on the same networks
BUDGETS = {
    "DCGAN": {"recipe": "dcgan-fashion", "steps": 3_500},
    "GLO": {"recipe": "glo-fashion", "steps": 1_500},
}

# steps of about the same time in all: one of GLO passes through the generator alone, one of a VAE through the encoder
# too, one of DCGAN has a quarter of the others' batch
STUDIES: dict[str, Study] = {
    "glo-table-fashion": Study(
        "How well do VAE, DCGAN and GLO with one generator reconstruct Fashion-MNIST?",
        "glo-fashion",
        {
            "VAE": {"recipe": "vae-fashion", "steps": 3_000},
            "DCGAN": {"recipe": "dcgan-fashion", "steps": 9_000},
            "GLO": {"recipe": "glo-fashion", "steps": 5_500},
            # without the paper's handicap: reconstruction is measured by squared error
            "VAE, squared error": {"recipe": "vae-fashion", "loss": "l2", "steps": 3_000},
            "GLO, squared error": {"recipe": "glo-fashion", "loss": "l2", "steps": 5_500},
        },
        table(256),
        every=500,
        common={"log_every": 500},
    ),
    "glo-table-faces": Study(
        "How well do VAE, DCGAN and GLO with one generator reconstruct procedural faces at 32 pixels?",
        "glo-faces",
        {
            "VAE": {"recipe": "vae-faces", "steps": 2_000},
            "DCGAN": {"recipe": "dcgan-faces", "steps": 6_000},
            "GLO": {"recipe": "glo-faces", "steps": 3_500},
        },
        table(256),
        every=500,
        common={"log_every": 500},
    ),
    "glo-table-faces-64": Study(
        "And at 64 pixels?",
        "glo-faces-64",
        {
            "VAE": {"recipe": "vae-faces-64", "steps": 1_500},
            "DCGAN": {"recipe": "dcgan-faces-64", "steps": 3_000},
            "GLO": {"recipe": "glo-faces-64", "steps": 3_000},
        },
        table(128, with_pca=True),
        every=500,
        common={"log_every": 500},
    ),
    # the paper's own data: for a machine that has it, with --tier lab
    **{
        f"glo-table-{name}": Study(
            f"Table 1 of Bojanowski et al. (2018) on {title}: VAE, DCGAN and GLO",
            f"glo-{name}",
            by_data(name, *THREE),
            table(2_048),
            every=100,
            common={"log_every": 100},
        )
        for name, title in (
            ("svhn", "SVHN"),
            ("celeba-64", "CelebA at 64 pixels"),
            ("celeba-128", "CelebA at 128 pixels"),
            ("lsun-64", "bedrooms at 64 pixels"),
            ("lsun-128", "bedrooms at 128 pixels"),
        )
    },
    "gan-reconstruction": Study(
        "Does a GAN leave out more of its data as there is more of it, and more kinds?",
        "dcgan-fashion",
        {
            f"{method}: {part}": {**budget, "data": name}
            for part, name in PARTS.items()
            for method, budget in BUDGETS.items()
        },
        gap,
        every=500,
        common={"log_every": 500},
    ),
}
