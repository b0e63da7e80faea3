"""Settings of every method and of networks: what no run can be meant by is refused when they are made."""

import dataclasses
import functools
import importlib
import math
import pkgutil
import typing
from typing import Annotated

import pytest

from course_lib import methods, recipes
from course_lib.errors import UsageError
from course_lib.settings import Limits


def _classes() -> list[type]:
    """Every class of settings in `course_lib.methods`, and those of recipes: a new method is covered at once."""
    found = {cls for recipe in recipes.RECIPES.values() for cls in (recipe.method, recipe.networks)}
    for module in pkgutil.iter_modules(methods.__path__, "course_lib.methods."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__name__.endswith("Settings"):
                found.add(value)
    return sorted(found, key=lambda cls: cls.__name__)


CLASSES = _classes()
NUMBERS = [  # class, setting, int or float
    (cls, field.name, kind)
    for cls in CLASSES
    for field in dataclasses.fields(cls)
    if (kind := typing.get_type_hints(cls)[field.name]) in (int, float)
]


def refused(cls: type, **settings: object) -> None:
    """`cls(**settings)` is refused, by name and in one sentence."""
    (name,) = settings
    with pytest.raises(UsageError) as error:
        cls(**settings)
    sentence = str(error.value)
    assert name in sentence and sentence.endswith(".") and "\n" not in sentence and ". " not in sentence


def test_every_method_has_settings_and_every_class_was_found():
    names = {cls.__name__ for cls in CLASSES}
    assert len(names) == len(CLASSES) >= 10
    assert {"GANSettings", "WGANSettings", "VAESettings", "AttributeSettings", "UnrolledSettings"} <= names


@pytest.mark.parametrize("cls", CLASSES)
def test_the_defaults_are_allowed_and_stay_fixed(cls):
    settings = cls()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.beta1 = 0.1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1e9, "0.5", None, True], ids=str)
@pytest.mark.parametrize(("cls", "name", "kind"), NUMBERS)
def test_what_is_no_finite_number_is_refused_and_so_is_one_far_below_zero(cls, name, kind, value):
    if value == -1e9 and name in ("exponent", "mean"):  # which may be negative
        return
    refused(cls, **{name: int(value) if kind is int and value == -1e9 else value})


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, kind in NUMBERS if kind is int])
def test_half_a_step_is_refused(cls, name):
    refused(cls, **{name: 1.5})


MEANINGS = {  # by how a setting's name ends: what it cannot be
    "_lr": [-1e-9, -1.0],
    "learning_rate": [-1e-9, -1.0],
    "beta1": [-0.1, 1.0, 1.5],
    "beta2": [-0.1, 1.0, 1.5],
    "momentum": [-0.1, 1.0, 1.5],
    "_steps": [0, -1],
    "r1": [-1e-9],
    "r2": [-1e-9],
    "_share": [-0.1, 1.5],
    "smoothing": [-0.1, 1.5],
    "decay": [-1e-9],
}


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (cls, name, value)
        for cls, name, _ in NUMBERS
        for ending, values in MEANINGS.items()
        if name.endswith(ending)
        for value in values
    ],
)
def test_names_keep_their_promises(cls, name, value):
    refused(cls, **{name: value})


LIMITED = [
    (cls, name, kind, limits)
    for cls, name, kind in NUMBERS
    for limits in getattr(typing.get_type_hints(cls, include_extras=True)[name], "__metadata__", ())
]


# settings of which one may be 0 where another is not
TOGETHER = {("ProjectionSettings", "latent_weight"): {"reconstruction_weight": 1.0}}


@pytest.mark.parametrize(("cls", "name", "kind", "limits"), LIMITED)
def test_a_setting_may_be_the_end_of_its_limits_and_nothing_beyond(cls, name, kind, limits):
    if (cls.__name__, name) in TOGETHER:
        cls = functools.partial(cls, **TOGETHER[cls.__name__, name])
    assert isinstance(limits, Limits)
    beyond = 1 if kind is int else 1e-6
    for end, out in ((limits.least, -beyond), (limits.most, beyond)):
        if math.isfinite(end):
            refused(cls, **{name: kind(end + out)})
            if end in limits.without:
                refused(cls, **{name: kind(end)})
            else:
                assert getattr(cls(**{name: kind(end)}), name) == end


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits("a step size", 0), "at least 0"),
        (Limits("a bound", 0, without=(0,)), "above 0"),
        (Limits("a weight of the past", 0, 1, without=(1,)), "at least 0 and below 1"),
        (Limits("a share", 0, 1), "at least 0 and at most 1"),
        (Limits("an exponent"), ""),
    ],
)
def test_limits_are_said_in_words(limits, words):
    assert limits.words() == words


@pytest.mark.parametrize("cls", CLASSES)
def test_a_word_that_is_none_of_the_choices_is_refused(cls):
    for name, kind in typing.get_type_hints(cls).items():
        if typing.get_origin(kind) is typing.Literal:
            refused(cls, **{name: "neither"})
            refused(cls, **{name: 3})
        elif kind is bool:
            refused(cls, **{name: "no"})
        elif kind is str and cls.__module__.startswith("course_lib.methods"):
            # networks check theirs in `build`
            with pytest.raises(UsageError):
                cls(**{name: "neither"})


def test_the_command_line_sees_plain_types():
    """Limits must not hide what kind of word an option takes."""
    for recipe in recipes.RECIPES.values():
        for cls in recipes.groups(recipe).values():
            for kind in typing.get_type_hints(cls).values():
                assert typing.get_origin(kind) is not Annotated
