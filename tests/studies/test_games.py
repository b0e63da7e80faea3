"""The study of chapter 1."""

import json

from course_lib import recipes
from course_lib.studies import STUDIES


def test_the_study_plays_the_chapters_game(project):
    """Same networks, rates, batch and average as the cell of the chapter that plays one such run."""
    study = STUDIES["minimax-ring"]
    settings = recipes.resolve(study.recipe, "book", **study.changes_of("minimax")).settings
    method, networks, loop = settings["method"], settings["networks"], settings["loop"]
    assert (method.game, method.generator_lr, method.discriminator_lr) == ("minimax", 1e-3, 1e-3)
    assert (networks.width, networks.depth, networks.latent) == (64, 2, 2)
    assert (settings["data"].data, settings["data"].batch, settings["data"].steps) == (
        "toy/ring8",
        256,
        3_000,
    )
    assert loop.ema == 0.99
    book = json.loads((project / "book" / "01-gan-game.ipynb").read_text(encoding="utf-8"))
    cell = next("".join(cell["source"]) for cell in book["cells"] if cell["id"] == "g002")
    for text in (
        "rate_g=1e-3, rate_d=1e-3",
        'game="minimax"',
        "Generator(dataset.dim, dataset.dim, 64, 2)",
        "Batches(dataset, 256",
        "ema=0.99",
    ):
        assert text in cell
