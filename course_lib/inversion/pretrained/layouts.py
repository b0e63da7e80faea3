"""Whose file it is: where its generator lies in it, and what its weights are called in the authors' PyTorch version.

That version's names and shapes are the ones that the course's generator has too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from course_lib.inversion.pretrained import names
from course_lib.inversion.pretrained.objects import Object, Stored, Unreadable, shown

MOST_MODULES = 10_000
TENSORFLOW = "dnnlib.tflib.network.Network"


@dataclass
class Found:
    """A generator as it lies in a file: tensors by the names of the authors' PyTorch version, and what else is told.

    speed: of the mapping network, where the file says it.
    """

    layout: str
    weights: dict[str, Tensor]
    speed: float | None = None
    filters: list[Tensor] = field(default_factory=list)  # with which it doubles images


def find(tree: Any, size: int) -> Found:
    """The generator in a tree that `containers.read` gave; the averaged one where there are several.

    size: bytes of the file. Raises Unreadable for a file without one, and for kinds that the course has no network for.
    """
    if isinstance(tree, (list, tuple)) and tree and all(_is_tensorflow(one) for one in tree):
        return _tensorflow(tree[-1], size)  # (G, D, averaged G)
    if _is_tensorflow(tree):
        return _tensorflow(tree, size)
    if isinstance(tree, dict):
        for role in ("G_ema", "G"):
            if isinstance(tree.get(role), Object):
                return _official(tree[role], size)
        if isinstance(tree.get("state_dict"), dict):  # an encoder with its generator
            inside = {
                name.removeprefix("decoder."): value
                for name, value in tree["state_dict"].items()
                if isinstance(name, str) and name.startswith("decoder.")
            }
            return _flat(inside, tree.get("latent_avg"), size)
        for role in ("g_ema", "g"):
            if isinstance(tree.get(role), dict):
                return _flat(tree[role], tree.get("latent_avg"), size)
        return _flat(tree, tree.get("latent_avg"), size)
    if isinstance(tree, Object):
        return _official(tree, size)
    raise Unreadable("it holds no generator")


def _flat(weights: Mapping[Any, Any], mean: Any, size: int) -> Found:
    """A dictionary of tensors: a `state_dict`, of the authors' names or of rosinality's."""
    held = {str(name): value for name, value in weights.items() if isinstance(value, (Stored, Tensor))}
    if "synthesis.b4.const" in held:
        return _named(held, "StyleGAN2 (PyTorch, tensors alone)", size)
    if "input.input" in held:
        return _rosinality(held, mean, size)
    if any(name.startswith("synthesis.L0_") or name.startswith("synthesis.input") for name in held):
        raise Unreadable("it is a StyleGAN3, which the course has no network for")
    raise Unreadable(f"it holds no generator of a StyleGAN2 (it has {_some(weights)})")


# the authors' PyTorch version


def _official(module: Object, size: int) -> Found:
    tensors = dict(_tensors(module, "", set()))
    if "synthesis.b4.const" not in tensors:
        return _flat(tensors, None, size)  # which says what it is instead
    found = _named(tensors, "StyleGAN2-ADA (PyTorch pickle)", size)
    first = _inside(_inside(module, "mapping"), "fc0")
    if first and first.state and isinstance(speed := first.state.get("bias_gain"), (int, float)):
        found.speed = float(speed)
    return found


def _inside(module: Object | None, name: str) -> Object | None:
    inner = _dictionary(module, "_modules").get(name) if module else None
    return inner if isinstance(inner, Object) else None


def _tensors(module: Object, prefix: str, seen: set[int]) -> Iterator[tuple[str, Stored]]:
    """Parameters and buffers of a module and of those in it, by the names that `state_dict` gives them."""
    _once(module, seen)
    for kind in ("_parameters", "_buffers"):
        for name, value in _dictionary(module, kind).items():
            if isinstance(value, Stored):
                yield f"{prefix}{name}", value
    for name, inner in _dictionary(module, "_modules").items():
        if isinstance(inner, Object):
            yield from _tensors(inner, f"{prefix}{name}.", seen)


def _once(module: Object, seen: set[int]) -> None:
    """Note that a module was come by. Raises Unreadable at the second time: within itself it has no end."""
    if id(module) in seen or len(seen) > MOST_MODULES:
        raise Unreadable("its modules stand within themselves, or are more than those of any generator")
    seen.add(id(module))


def _dictionary(module: Object, name: str) -> dict[str, Any]:
    """A dictionary among what belongs to an object, by its words; empty where there is none."""
    found = (module.state or {}).get(name)
    return (
        {key: value for key, value in found.items() if isinstance(key, str)}
        if isinstance(found, dict)
        else {}
    )


def _named(held: Mapping[str, Any], layout: str, size: int) -> Found:
    """Weights that have the authors' names already."""
    filters = [value for name, value in held.items() if name.endswith("resample_filter")]
    weights = {name: value for name, value in held.items() if not name.endswith("resample_filter")}
    return Found(layout, _read(weights, size), filters=list(_read(dict(enumerate(filters)), size).values()))


def _rosinality(held: Mapping[str, Any], mean: Any, size: int) -> Found:
    kernels = {name: value for name, value in held.items() if name.endswith(".kernel")}
    stored = _read({name: value for name, value in held.items() if name not in kernels}, size)
    weights: dict[str, Tensor] = {}
    for name, value in stored.items():
        ours = names.from_rosinality(name)
        if ours is None:
            raise Unreadable(f"it has a weight {shown(name)}, which rosinality's generator has not")
        weights[ours] = names.trimmed(ours, value)
    if isinstance(mean, (Stored, Tensor)):
        weights["mapping.w_avg"] = _read({"latent_avg": mean}, size)["latent_avg"]
    filters = [kernel / kernel.sum() for kernel in _read(kernels, size).values()]
    return Found("rosinality (PyTorch)", weights, filters=filters)


def _is_tensorflow(value: Any) -> bool:
    return isinstance(value, Object) and value.name == TENSORFLOW


def _tensorflow(network: Object, size: int) -> Found:
    held = dict(_variables(network, "", set()))
    if any("StyleMod" in name for name in held):
        raise Unreadable("it is the first StyleGAN's, and what is read here is StyleGAN2")
    picked = {ours: value for name, value in held.items() if (ours := names.from_tensorflow(name))}
    weights = {ours: names.turned(ours, value) for ours, value in _read(picked, size).items()}
    if "synthesis.b4.const" not in weights:
        raise Unreadable(f"it holds no generator of a StyleGAN2 (it has {_some(held)})")
    speed = _dictionary(network, "static_kwargs").get("mapping_lrmul")
    told = float(speed) if isinstance(speed, (int, float)) else None
    return Found("StyleGAN2 (TensorFlow pickle)", weights, told)


def _variables(network: Object, prefix: str, seen: set[int]) -> Iterator[tuple[str, Stored]]:
    _once(network, seen)
    state = network.state or {}
    if not isinstance(state.get("version"), int) or state["version"] < 4:
        raise Unreadable(
            "it was written before version 4 of its format, which the authors' own readers refuse too"
        )
    variables = state.get("variables")
    for pair in variables if isinstance(variables, list) else []:
        if (
            isinstance(pair, tuple)
            and len(pair) == 2
            and isinstance(pair[1], Stored)
            and type(pair[0]) is str
        ):
            yield f"{prefix}{pair[0]}", pair[1]
    for name, inner in _dictionary(network, "components").items():
        if _is_tensorflow(inner):
            yield from _variables(inner, f"{prefix}{name}/", seen)


# all


def _read(held: Mapping[Any, Any], size: int) -> dict[Any, Tensor]:
    """The tensors, in float32. Raises Unreadable for more than the file can hold, and for numbers that are none."""
    total = sum(
        v.count * v.storage.dtype.itemsize for v in held.values() if isinstance(v, Stored) and v.storage
    )
    if total > size:
        raise Unreadable("its weights share memory, and would take more than the whole file")
    tensors = {name: (v.read() if isinstance(v, Stored) else v) for name, v in held.items()}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not tensor.isfinite().all():
            raise Unreadable(f"its weight {shown(str(name))} holds something else than finite numbers")
    return {name: tensor.float() for name, tensor in tensors.items()}


def _some(held: Mapping[Any, Any]) -> str:
    """The first names of a dictionary, for a message."""
    first = [shown(str(name)) for name in list(held)[:4]]
    return ", ".join(first) + (", ..." if len(held) > 4 else "") if first else "nothing"
