"""Named runs: what there is (`catalogue`), how a plan is made of one (`resolve`) and carried out (`runs`)."""

from course_lib.recipes.catalogue import RECIPES, find
from course_lib.recipes.lookup import run_folder
from course_lib.recipes.own import add_file
from course_lib.recipes.plan import DataSettings, Plan, Recipe
from course_lib.recipes.resolve import groups, resolve, restore
from course_lib.recipes.runs import build, load, open_data, train

__all__ = [
    "RECIPES", "DataSettings", "Plan", "Recipe", "add_file", "build", "find", "groups", "load", "open_data", "resolve",
    "restore", "run_folder", "train",
]  # fmt: skip
