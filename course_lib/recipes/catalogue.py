"""Every recipe by name: one module for each family of them."""

from course_lib.recipes import games, judges
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {**games.RECIPES, **judges.RECIPES}
