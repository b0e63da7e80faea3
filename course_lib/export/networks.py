"""A trained network as safetensors with a plain module, as `torch.export` writes it, and as ONNX.

`export(run, folder)` writes the generator with its averaged weights; of a run that translates both ways, the network
of each; of a run that classifies, the classifier; of one that learns to project images onto another run's generator,
the projection network:

    NAME.safetensors    its weights
    NAME.py             the same network in plain torch operations, which needs torch and safetensors and no course_lib
    NAME-latents.safetensors    what a generator's latents are drawn with, where that is more than a law's name
    NAME.pt2            a program of `torch.export`, for torch, ExecuTorch or AOTInductor
    NAME.onnx           for ONNX Runtime and others, where the extra `export` is installed
    export.json         what it is, what goes in and what comes out, and what of the run was left out

Each is loaded again and compared with what the method makes, on inputs drawn from the seed: it must agree to
`TOLERANCE`.
"""

import copy
import importlib.util
import json
import logging
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import recipes, seeds
from course_lib.errors import CourseError, UsageError
from course_lib.export import laws
from course_lib.files import write_atomic
from course_lib.version import __version__

TOLERANCE = 1e-5  # of an output, absolute, and relative to those above 1
HOW = 'pip install "course-lib[export]"'


@dataclass(frozen=True)
class Traced:
    """A network to be exported: its role, a copy as it is used, inputs for it, and what goes in and comes out.

    parts: of a generator's latents (`laws`).
    """

    role: str
    network: nn.Module
    inputs: Tensor
    takes: str
    gives: str
    parts: tuple[laws.Part, ...] = ()


def export(run: str | Path, folder: str | Path, *, onnx: bool | None = None, seed: int = 0) -> dict[str, Any]:
    """Write the files above into a folder. Returns what `export.json` says: inputs, outputs, largest differences; of a
    second network under "also", by role.

    onnx: True asks for it, False leaves it out, None writes it where its packages are.
    Raises UsageError for a run without such a network and for `onnx` without its packages, CourseError where a network
    cannot be traced or a file does not agree with it.
    """
    there = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))
    if onnx and not there:
        raise UsageError(f"ONNX needs packages that are not here: run `{HOW}`, or leave --onnx out.")
    method = recipes.load(run)
    networks = traced_parts(method, seed)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    first, *others = [_written(part, folder, str(run), there and onnx is not False) for part in networks]
    kept = {part.role for part in networks} | set(_borrowed(method))
    kept |= {"law"} if any("factors" in laws.tensors_of(part.parts) for part in networks) else set()
    said = {
        "run": str(run),
        "recipe": method.plan.recipe,
        **first,
        **({"also": {other.pop("network"): other for other in others}} if others else {}),
        "left_out": [role for role in method.networks if role not in kept],
        "version": __version__,
    }
    write_atomic(folder / "export.json", json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    return said


def _written(part: Traced, folder: Path, run: str, onnx: bool) -> dict[str, Any]:
    """Write one network in every form, compare each, and say what goes in and what comes out. Raises CourseError."""
    role, network, inputs = part.role, part.network, part.inputs
    with torch.no_grad():
        expected = network(inputs)
    program = traced(network, inputs)
    differences = {"pt2": _save_program(program, folder / f"{role}.pt2", inputs, expected)}
    differences["py"] = _save_plain(program, folder, part, expected, run)
    if onnx:
        differences["onnx"] = _save_onnx(network, folder / f"{role}.onnx", inputs, expected)
    wrong = {kind: value for kind, value in differences.items() if not value <= TOLERANCE}
    if wrong:
        worst = max(wrong, key=wrong.__getitem__)
        raise CourseError(f"{role}.{worst} differs from the network by {wrong[worst]:.1e}: do not use it.")
    given: dict[str, Any] = {"name": "x", "shape": ["batch", *inputs.shape[1:]], "what": part.takes}
    if part.parts:
        given["columns"] = [
            {"from": begin, "to": end - 1, "law": one.words, "tensors": list(one.tensors)}
            for one, (begin, end) in zip(part.parts, laws.columns(part.parts), strict=True)
        ]
    return {
        "network": role,
        "input": given,
        "output": {"shape": ["batch", *expected.shape[1:]], "what": part.gives},
        "differences": differences,
    }


def traced_parts(method: Any, seed: int) -> list[Traced]:
    """What is exported of a run, with inputs drawn from the seed.

    Raises UsageError where there is nothing, and where the method does more than a network alone.
    """
    draw = seeds.generator(seed, purpose="export")
    role = _role(method)
    images = torch.rand((3, *method.spec.shape), generator=draw) * 2 - 1
    seen = "images in [-1, 1]"
    if role == "classifier":
        return [Traced(role, _copy(method, role), images, seen, "logits")]
    if hasattr(method, "translate"):
        ways: list[tuple[str, Tensor, dict[str, bool], str, str]] = [(role, images, {}, "first", "second")]
        if "inverse" in method.networks:
            others = torch.rand((3, *(method.spec.target_shape or method.spec.shape)), generator=draw) * 2 - 1
            ways.append(("inverse", others, {"back": True}, "second", "first"))
        found = []
        for name, given, way, here, to in ways:
            one = Traced(
                name, _copy(method, name), given, f"{seen} of the {here} domain", f"{seen} of the {to} domain"
            )
            _require_alone(one, method.translate(given, **way))
            found.append(one)
        return found
    if role == "projection":
        one = Traced(
            role, _copy(method, role), images, seen, "codes of the generator that it was trained for"
        )
        _require_alone(one, method.encode(images))
        return [one]
    latents = method.latents(3, draw)
    parts = tuple(laws.parts_of(method))
    made = method.sample(latents)
    gives = seen if made.ndim == 4 else "points"
    one = Traced(role, _copy(method, role), latents, laws.in_words(parts, method), gives, parts)
    _require_alone(one, made)
    return [one]


def _copy(method: Any, role: str) -> nn.Module:
    network = copy.deepcopy(method.networks[role]).cpu().float().eval().requires_grad_(False)
    return network.to(memory_format=torch.contiguous_format)


def _require_alone(part: Traced, whole: Tensor) -> None:
    """Raises UsageError where the network alone does not give what its method gives, `whole`."""
    try:
        with torch.no_grad():
            alone = part.network(part.inputs)
        same = alone.shape == whole.shape and torch.allclose(alone, whole, atol=1e-4)
    except (RuntimeError, ValueError, TypeError):  # it takes other things than the method does
        same = False
    if not same:
        raise UsageError(
            f"this method does more than its {part.role} alone, with the same inputs: export cannot carry that over."
        )


def _borrowed(method: Any) -> dict[str, str]:
    """Roles of networks that are another run's, unchanged -> that run."""
    return {role: run for role, run in method.plan.pretrained.items() if role not in method.optimizers}


def _role(method: Any) -> str:
    """The network that a run has trained and that others would use. Raises UsageError where there is none."""
    borrowed = _borrowed(method)
    roles = ("generator", "classifier", "projection")
    if role := next((r for r in roles if r in method.networks and r not in borrowed), None):
        return role
    if "generator" in borrowed:
        raise UsageError(
            f"the generator of this run is that of {borrowed['generator']}, unchanged: export that one. What this run "
            f"has trained, {', '.join(r for r in method.networks if r not in borrowed)}, has no export."
        )
    raise UsageError(f"this run has neither a generator nor a classifier, only {', '.join(method.networks)}.")


def traced(network: nn.Module, inputs: Tensor) -> torch.export.ExportedProgram:
    """The network as a graph of torch operations, for batches of any size. Raises CourseError where it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(
                network, (inputs,), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},), strict=False
            )
    except Exception as error:  # whatever a network of somebody's own does, torch says it in ways of its own
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise CourseError(
            f"this network cannot be traced ({first}): its forward may only use operations of torch, and no shape of "
            f"the batch but the first."
        ) from error


def _save_program(program: Any, file: Path, inputs: Tensor, expected: Tensor) -> float:
    torch.export.save(program, file)
    return _difference(torch.export.load(file).module()(inputs), expected)


PLAIN = '''"""{role} of {run}, written by course {version}: plain torch operations, traced by torch.export.

    from {role} import {imported}
    output = load()({example})

x: (batch, {numbers}), {takes}.
"""

from pathlib import Path

import torch
from torch import device, inf, nan  # noqa: F401  (names that traced code may use)
from safetensors.torch import load_file


class {name}(torch.nn.Module):
    def __init__(self, weights):
        """weights: name -> tensor, as {role}.safetensors holds them."""
        super().__init__()
        for name, value in weights.items():
            self.register_buffer(name.replace(".", "_"), value)

    def forward(self, x):
{body}


def load(file=Path(__file__).with_name("{role}.safetensors")):
    return {name}(load_file(file)).eval()
'''  # and then how latents are drawn


def _save_plain(program: Any, folder: Path, part: Traced, expected: Tensor, run: str) -> float:
    from safetensors.torch import save_file

    role, inputs, beside = part.role, part.inputs, f"{part.role}-latents.safetensors"
    signature = program.graph_signature
    held = {**signature.inputs_to_parameters, **signature.inputs_to_buffers, **_constants(signature)}
    values = {**program.state_dict, **program.constants}
    save_file(
        {name: values[name].detach().contiguous().clone() for name in held.values()},
        folder / f"{role}.safetensors",
    )
    if tensors := laws.tensors_of(part.parts):
        save_file(
            {name: value.cpu().contiguous().clone() for name, value in tensors.items()}, folder / beside
        )
    for file in (folder / f"{role}.safetensors", folder / beside):
        if file.exists():
            file.chmod(0o644)  # safetensors writes for the owner alone
    _, _, body = program.graph_module.code.partition(":\n")
    (given,) = signature.user_inputs
    body = re.sub(r";  [\w ,=]+ = None", "", body)  # frees names early: the weights are to stay
    for name, weight in held.items():
        body = re.sub(rf"\b{re.escape(name)}\b", f"self.{weight.replace('.', '_')}", body)
    body = re.sub(rf"\b{re.escape(given)}\b", "x", body)
    body = re.sub(r"return \((.+),\)", r"return \1", body)
    code = PLAIN.format(
        role=role, run=run, version=__version__, name=role.capitalize(), body="\n".join(
            f"    {line}" for line in body.strip("\n").splitlines() if line.strip()
        ), numbers=", ".join(map(str, inputs.shape[1:])), takes=part.takes,
        example="latents(16)" if part.parts else "x", imported="latents, load" if part.parts else "load",
    )  # fmt: skip
    write_atomic(folder / f"{role}.py", code + laws.as_code(part.parts, beside))
    spec = importlib.util.spec_from_file_location(f"exported_{role}", folder / f"{role}.py")
    assert spec and spec.loader, "a file that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        return _difference(module.load()(inputs), expected)


def _constants(signature: Any) -> dict[str, str]:
    return dict(getattr(signature, "inputs_to_lifted_tensor_constants", {}))


def _save_onnx(network: nn.Module, file: Path, inputs: Tensor, expected: Tensor) -> float:
    import onnxruntime

    for name in ("torch.onnx", "onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.onnx.export(
            network,
            (inputs,),
            dynamo=True,
            verbose=False,
            input_names=["x"],
            output_names=["output"],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
        )
    assert made is not None, "the dynamo exporter returns its program"
    made.save(file, external_data=False)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: inputs.numpy()})
    return _difference(torch.from_numpy(found), expected)


def _difference(found: Tensor, expected: Tensor) -> float:
    """The largest, absolute, or relative where the output is above 1. Raises CourseError for another shape."""
    if found.shape != expected.shape:
        raise CourseError(
            f"an export gives {tuple(found.shape)} where the network gives {tuple(expected.shape)}."
        )
    return ((found - expected).abs() / expected.abs().clamp(min=1)).max().item()
