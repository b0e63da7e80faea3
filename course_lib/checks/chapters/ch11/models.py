"""The five models told apart by what they train and compute at each stage."""

from functools import cache

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise

LETTERS = {"A": "cggan", "B": "lggan", "C": "bggan", "D": "clggan"}
NAMES = {"A": "cgGAN", "B": "lgGAN", "C": "bgGAN", "D": "clgGAN"}
RESOLUTION = 32  # of the last stage
MAPS, FIRST = 4, 4


@cache
def costs(model: str) -> tuple[tuple[int, int], ...]:
    """For each stage: parameters of both players, and multiplications and additions of one forward through both."""
    import torch

    from course_lib.networks.progressive import Discriminator, Generator, Rules
    from course_lib.networks.stages import stages
    from course_lib.training.speed import operations

    table = stages(model, RESOLUTION, FIRST, MAPS)  # type: ignore[arg-type]
    latent = table[-1].latent
    rows = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        generator, discriminator = Generator(table, latent, 3, Rules()), Discriminator(table, 3, Rules())
        for k in range(len(table)):
            for phase in range(max(2 * k - 1, 0), 2 * k + 1):
                generator.advance(phase)
                discriminator.advance(phase)
            z = torch.zeros(2, latent)
            parameters = sum(p.numel() for player in (generator, discriminator) for p in player.parameters())
            rows.append((parameters, operations(lambda g=generator, d=discriminator, x=z: d(g(x)))))
    return tuple(rows)


def cost_table() -> str:
    """The four models without their names: shares of the last stage, in per cent."""
    head = ("", *(f"stage {k}" for k in range(1, len(costs("cggan")) + 1)))
    rows = []
    for letter, model in LETTERS.items():
        for place, what in enumerate(("parameters", "operations")):
            values = [row[place] for row in costs(model)]
            rows.append((f"{letter}, {what}", *(f"{100 * v / values[-1]:.1f} %" for v in values)))
    return recorded_runs.table(head, rows)


@exercise(
    "growing-models",
    title="Four models without their names",
    section="Five models, one table",
    kind="diagnose",
    trains="the difference between weights and work, read off curves of both",
    difficulty=2,
    minutes=15,
    points=3,
    written=3,
    hints=(
        "Two models work at the full resolution from the first stage on, two do not. Which curve shows that?",
        "Without growing feature maps most weights are there from the start, since the blocks of few pixels hold most "
        "of them. Work is weights times pixels.",
    ),
    mistakes={
        "letters": "The answer must keep its form: a dictionary with the letters A to D, and one of the four names "
        "for each.",
        "grows-little": "{letter}: most parameters are there at the first stage, so feature maps do not grow.",
        "maps-grow": "{letter}: the parameters begin at a small share, so feature maps do grow.",
        "full-size": "{letter}: compare its operations at the first stage with those of the other model whose "
        "parameters look alike. A model that begins with few layers does hardly any work there.",
    },
    lesson="Few parameters are not little work: work is weights times pixels, and the many weights stand where pixels "
    "are few.",
    evidence=lambda: print(cost_table()),
)
def names(answer, trial):
    explained = {
        "A": {"clgGAN": "full-size", "lgGAN": "maps-grow", "bgGAN": "maps-grow"},
        "B": {"bgGAN": "full-size", "cgGAN": "grows-little", "clgGAN": "grows-little"},
        "C": {"lgGAN": "full-size", "cgGAN": "grows-little", "clgGAN": "grows-little"},
        "D": {"cgGAN": "full-size", "lgGAN": "maps-grow", "bgGAN": "maps-grow"},
    }
    recorded_runs.match(answer, trial, NAMES, explained)
