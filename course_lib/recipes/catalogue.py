"""Every recipe by name: one module for each family of them."""

from course_lib.recipes import clinic, collapse, fgan, games, glo, judges, vae, wasserstein
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    **games.RECIPES,
    **fgan.RECIPES,
    **collapse.RECIPES,
    **clinic.RECIPES,
    **wasserstein.RECIPES,
    **glo.RECIPES,
    **vae.RECIPES,
    **judges.RECIPES,
}
