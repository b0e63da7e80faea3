"""Named runs: what there is (`catalogue`), how one is settled (`settling`) and carried out (`runs`)."""

from course_lib.recipes.catalogue import RECIPES
from course_lib.recipes.plan import DataSettings, Plan, Recipe
from course_lib.recipes.runs import build, load, train
from course_lib.recipes.settling import find, groups, restore, settle

__all__ = [
    "RECIPES", "DataSettings", "Plan", "Recipe", "build", "find", "groups", "load", "restore", "settle", "train",
]  # fmt: skip
