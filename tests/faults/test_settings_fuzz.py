"""Every setting of every recipe with values that nobody can mean: a sentence for each, and never a silent nonsense."""

import dataclasses
import functools
import json
import math
import time

import pytest
import torch

from course_lib import cli, recipes, seeds
from course_lib.data import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.recipes.resolve import restore

NAMES = list(recipes.RECIPES)
HOSTILE = [
    0, -1, 1, 0.5, -0.5, 3.0, math.nan, math.inf, -math.inf, 10**12, -(10**12), 1e6, 1e300, "big", "", "1", "nan",
    None, True, [], [1], (), (0,), (-1, math.nan), {}, {"a": 1}, b"x",
]  # fmt: skip
ORDINARY = (1, 0.5)  # what they build is tested elsewhere
HUGE = 10**9  # no setting of any recipe is larger than this


def spec_of(plan) -> DataSpec:
    """Data that a recipe could be given, without opening any."""
    d = plan.settings["data"]
    if d.data.startswith("toy/"):
        return DataSpec((1,) if "1d" in d.data else (2,))
    side = d.resolution or 32
    channels = (
        1 if d.data.startswith(("fashion", "digits", "mnist", "sprites")) and "colour" not in d.data else 3
    )
    shape = (channels, side, side)
    return DataSpec(
        shape,
        classes=10,
        factor_names=tuple(f"factor_{i}" for i in range(19)),
        count=1000,
        target_shape=shape if d.target else None,
        paired=d.paired,
    )


def fits(value, kind: str) -> bool:
    """What may be accepted for a field whose annotation reads so, judged without the library's own check."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(value, tuple):
        return "tuple" in kind and all(isinstance(v, (int, float)) and math.isfinite(v) for v in value)
    if number:
        return math.isfinite(value) and abs(value) <= HUGE
    if value is None:
        return "None" in kind or "Optional" in kind
    return isinstance(value, (bool, str))


@functools.cache
def whole(name: str):
    return recipes.find(name), recipes.resolve(name, "smoke")


@functools.cache
def verdict(method: type, networks: type, base, group: str, field: str, number: int) -> str:
    """ "refused", "built", or what is wrong. The same classes are asked once, whatever recipe they stand in."""
    value, plan = HOSTILE[number], base.plan
    try:
        settings = dataclasses.replace(plan.settings[group], **{field: value})
    except CourseError as error:
        return "refused" if one_sentence(error) else f"said {error}"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    kept = getattr(settings, field)
    if kept != value or type(kept) is bool and type(value) is not bool:
        return f"kept {kept!r}"
    kind = str(type(settings).__annotations__.get(field, "")) or str(field_type(type(settings), field))
    if not fits(value, kind) and field != "seed":  # of which every whole number is one
        return "accepted"
    if group in ("data", "loop") or value in ORDINARY:
        return "built"
    began = time.process_time()
    try:
        if group == "method":
            settings.build(dict(base.networks))
        else:
            made = recipes.build(
                dataclasses.replace(plan, settings={**plan.settings, group: settings}), base.spec
            )
            if "generator" in made.networks and made.averaged:
                samples = made.sample(made.latents(2, seeds.generator(0, purpose="fuzz")))
                if not torch.isfinite(samples).all():
                    return "makes samples that are not finite"
    except (
        CourseError,
        ValueError,
        RuntimeError,
    ) as error:  # `recipes.build` makes sentences of the last two
        return "refused" if one_sentence(error) or group == "method" else f"said {error}"
    except Exception as error:
        return f"raised {type(error).__name__} when built: {error}"
    seconds = time.process_time() - began
    return "built" if seconds < 20 else f"took {seconds:.0f} s to build"


def field_type(cls: type, field: str):
    return next(f.type for f in dataclasses.fields(cls) if f.name == field)


@dataclasses.dataclass(frozen=True, eq=False)
class Base:
    plan: object
    spec: DataSpec
    networks: dict


@functools.cache
def base_of(method: type, networks: type, points: bool) -> Base:
    """One plan for all recipes of the same classes and the same kind of data: the first that there is."""
    for name in NAMES:
        recipe, plan = whole(name)
        if (recipe.method, recipe.networks) == (method, networks) and points == plan.settings[
            "data"
        ].data.startswith("toy/"):
            spec = spec_of(plan)
            return Base(plan, spec, dict(recipes.build(plan, spec).networks))
    raise AssertionError("the caller is such a recipe")


def one_sentence(error: CourseError) -> bool:
    text = str(error)
    return "\n" not in text and text.endswith(".") and len(text) < 500


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_takes_what_nobody_can_mean(name):
    recipe, plan = whole(name)
    base = base_of(recipe.method, recipe.networks, plan.settings["data"].data.startswith("toy/"))
    wrong = {}
    for group, cls in recipes.groups(recipe).items():
        for field in dataclasses.fields(cls):
            for number, value in enumerate(HOSTILE):
                said = verdict(recipe.method, recipe.networks, base, group, field.name, number)
                if said not in ("refused", "built"):
                    wrong[f"{group}.{field.name} = {value!r}"] = said
    assert wrong == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--latent", "0"], "latent is a count"),
        (["--generator-width", "-1"], "generator_width is a count"),
        (["--slope", "nan"], "slope is a slope"),
        (["--generator-lr", "1e300"], "at most 10,000"),
        (["--generator-width", "1000000"], "make them smaller"),
        (["--steps", "1e12"], "steps"),
        (["--batch", "10000000000000"], "at most 100,000,000"),
        (["--resolution", "1"], "at least 4"),
        (["--data", ""], "data names nothing"),
    ],
)
def test_the_command_says_it_in_a_sentence(words, said, tmp_path, capsys):
    assert cli.main(["train", "dcgan-fashion", "--out", str(tmp_path / "run"), *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", ["big", -3, None, [32], 0, math.nan, 10**15])
def test_an_edited_configuration_is_named(value):
    plan = recipes.resolve("dcgan-fashion", "smoke")
    config = json.loads(json.dumps(plan.to_json() | {"format": 2}))
    config["networks"]["generator_width"] = value
    with pytest.raises(CourseError, match=r"config.json holds what no run can have: generator_width"):
        restore(config)


def test_whole_numbers_are_taken_for_numbers():
    """JSON and a notebook say 0 where the command line says 0.0: Adam would refuse to mix them."""
    plan = recipes.resolve("gan-ring", "smoke", beta1=0, generator_lr=1)
    assert plan.settings["method"].beta1 == 0.0 and isinstance(plan.settings["method"].beta1, float)
    recipes.build(plan, (2,))


@pytest.mark.parametrize(
    ("recipe", "changes", "said"),
    [
        ("gan-ring", {"depth": 10**6}, "3,000 layers"),
        ("gan-ring", {"width": 10**7}, "make them smaller"),
        ("gan-ring", {"width": 10**8, "latent": 10**8}, "make them smaller"),
        ("dcgan-fashion", {"latent": 10**8}, "make them smaller"),
        ("classifier-fashion", {"width": 10**6}, "make them smaller"),
    ],
)
def test_networks_beyond_the_memory_are_refused_at_once(recipe, changes, said):
    plan, began = recipes.resolve(recipe, "smoke", **changes), time.process_time()
    with pytest.raises(UsageError, match=said):
        recipes.build(plan, spec_of(plan))
    assert time.process_time() - began < 10


def test_asking_for_memory_draws_nothing():
    plan = recipes.resolve("dcgan-fashion", "smoke")
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    recipes.build(plan, (1, 32, 32))
    assert torch.equal(torch.rand(4), expected)
