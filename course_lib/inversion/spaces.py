"""The spaces in which codes of a generator can be sought, by name."""

from collections.abc import Callable
from typing import Any

from torch import nn

from course_lib.errors import UsageError
from course_lib.inversion.optimise import z_space
from course_lib.methods import style_spaces
from course_lib.methods.spaces import Space


def spaces_of(target: Any) -> dict[str, Callable[[], Space]]:
    """Name -> space, of a method or of a generator (B, d) -> images with `latent` as attribute.

    A method's own space comes first: it knows how its codes are drawn, and where they lie. A style generator has w and
    w+ beside it.
    """
    generator = generator_of(target)
    own = (lambda: target.space) if hasattr(target, "space") else (lambda: z_space(generator))
    name = own().name
    spaces: dict[str, Callable[[], Space]] = {"z" if name == "everywhere" else name: own}
    if hasattr(generator, "mean_w"):
        styles: Any = generator
        spaces |= {
            "z": spaces.get("z", lambda: style_spaces.z_space(styles)),
            "w": lambda: style_spaces.w_space(styles),
            "w+": lambda: style_spaces.w_plus_space(styles),
        }
    return spaces


def space_named(target: Any, name: str | None = None) -> Space:
    """The space of that name; the method's own for None. Raises UsageError, with the names there are, for another."""
    spaces = spaces_of(target)
    if name is not None and name not in spaces:
        raise UsageError(
            f"this generator has no space '{name}': its codes can be sought in {', '.join(spaces)}."
        )
    return spaces[name or next(iter(spaces))]()


def generator_of(target: Any) -> nn.Module:
    """The generator of a method, or the generator that was given. Raises UsageError for what has none."""
    if hasattr(target, "networks"):
        if "generator" not in target.networks:
            raise UsageError("this run has no generator, so there is nothing that codes could be found for.")
        return target.networks["generator"]
    if not isinstance(target, nn.Module):
        raise UsageError(f"give a generator, or a method that has one, not {type(target).__name__}.")
    return target
