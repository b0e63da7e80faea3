"""A study of chapter 9 on 2,000 garments: how codes begin, where they may lie, and which law they are drawn by."""

from typing import Any

from course_lib.studies.plan import Measure, Study

NEIGHBOURS = 10
SIZES = (1, 5, 20)  # Gaussians in a law


def same_class(codes: Any, labels: Any, n: int = 2_000, neighbours: int = NEIGHBOURS) -> float:
    """Share of the nearest codes of each of the first n codes, among these n, that belong to its image's class.

    codes (N, d), labels int64 (N,). Chance is the share of pairs of one class.
    """
    import torch

    codes, labels = codes[:n], torch.as_tensor(labels[:n])
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
    nearest = distances.topk(min(neighbours, len(codes) - 1), largest=False).indices
    return (labels[nearest] == labels[:, None]).float().mean().item()


def nearest_code(codes: Any, table: Any) -> float:
    """Median distance from codes (n, d) to the nearest of table (N, d), another one where it is one of them."""
    import torch

    distances = torch.cdist(codes, table)
    return distances.masked_fill(distances < 1e-4, torch.inf).min(1).values.median().item()


def codes_and_laws(images: int) -> Any:
    """What the codes are like on the way, and what pictures laws of them make at the end.

    At each step observed: order, `same_class` of the codes. At the last: psnr, dB of up to 500 training images from
    their own codes; surface, the share of codes longer than 0.999; and with `images` pictures each, by the averaged
    generator, Fréchet distances to all training images: frechet/codes from codes of training, frechet/K from laws of
    K Gaussians. novelty/K: the distance of drawn codes to the nearest code, in units of that between codes.
    """

    def build(plan: Any) -> Measure:
        import numpy as np
        import torch

        from course_lib import data, seeds
        from course_lib.evaluation import features, frechet
        from course_lib.evaluation.reconstruction import psnr_per_image
        from course_lib.methods.code_distribution import CodeLaw
        from course_lib.studies.asking import asked

        d, smoke = plan.settings["data"], plan.tier == "smoke"
        train = data.open(d.data, resolution=d.resolution)
        labels, count = np.asarray(train.labels), 8 if smoke else images
        sizes = SIZES[:2] if smoke else SIZES
        judge = features.extractor("fashion-classifier")
        first = torch.arange(min(500, len(train)))

        def at_the_end(run: Any, table: Any) -> dict[str, Any]:
            method, truth = run.method, frechet.statistics(judge(train.tensor(torch.arange(len(train)))))

            def distance(codes: Any) -> float:
                return frechet.frechet_distance(
                    frechet.statistics(judge(asked(method.device, method.sample, codes))), truth
                )

            draw = seeds.generator(d.seed, purpose="studies/laws")
            apart = nearest_code(table[:count], table)
            made = method.reconstruct(first).cpu()
            row = {
                "psnr": psnr_per_image(train.tensor(first), made).mean().item(),
                "surface": (table.norm(dim=1) > 0.999).float().mean().item(),
                "frechet/codes": distance(table[torch.randperm(len(table), generator=draw)[:count]]),
            }
            for size in sizes:
                law = CodeLaw(method.latent, size)
                law.fit(table, seed=d.seed)
                drawn = law.draw(count, draw)
                row |= {
                    f"frechet/{size}": distance(drawn),
                    f"novelty/{size}": nearest_code(drawn, table) / apart,
                }
            return row

        def measure(run: Any) -> dict[str, Any]:
            table = run.method.codes().table.cpu()
            row: dict[str, Any] = {"order": same_class(table, labels)}
            if run.step == d.steps:
                with run.averaged():
                    row |= at_the_end(run, table)
            return row

        return measure

    return build


STUDIES: dict[str, Study] = {
    "glo-beginnings": Study(
        "How much do GLO's codes owe to their beginning, and how much do its samples owe to the law of the codes?",
        "glo-fashion",
        {
            # codes that begin as noise have further to go
            "noise": {"init": "gaussian", "code_lr": 2e-2},
            "principal components": {"init": "pca"},
            "noise, on the sphere": {"init": "gaussian", "code_lr": 2e-2, "space": "sphere"},
            "noise, at the rate of the others": {"init": "gaussian"},
        },
        codes_and_laws(1_000),
        every=80,
        common={
            "data": "fashion-mnist:images=2000", "generator_width": 16, "batch": 64, "steps": 400, "log_every": 80,
        },
    ),
}  # fmt: skip
