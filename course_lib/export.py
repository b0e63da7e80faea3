"""A trained network for other programs: safetensors with a plain module, `torch.export`, ONNX.

`export(run, folder)` writes the generator with its averaged weights; of a run that classifies, the classifier; of one
that learns to project images onto another run's generator, the projection network:

    NAME.safetensors    its weights
    NAME.py             the same network in plain torch operations, which needs torch and safetensors and no course_lib
    NAME.pt2            a program of `torch.export`, for torch, ExecuTorch or AOTInductor
    NAME.onnx           for ONNX Runtime and others, where the extra `export` is installed
    export.json         what it is, what goes in and what comes out

Each is loaded again and compared with the network, on inputs drawn from the seed: it must agree to `TOLERANCE`.
"""

import copy
import importlib.util
import json
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import recipes, seeds
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic
from course_lib.version import __version__

TOLERANCE = 1e-5  # of an output, absolute, and relative to those above 1
HOW = 'pip install "course-lib[export]"'


def export(run: str | Path, folder: str | Path, *, onnx: bool | None = None, seed: int = 0) -> dict[str, Any]:
    """Write the files above into a folder. Returns what `export.json` says: inputs, outputs, largest differences.

    onnx: True asks for it, False leaves it out, None writes it where its packages are.
    Raises UsageError for a run without such a network and for `onnx` without its packages, CourseError where a network
    cannot be traced or a file does not agree with it.
    """
    there = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))
    if onnx and not there:
        raise UsageError(f"ONNX needs packages that are not here: run `{HOW}`, or leave --onnx out.")
    method = recipes.load(run)
    role, network, inputs = traced_part(method, seed)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        expected = network(inputs)
    program = traced(network, inputs)
    differences = {"pt2": _save_program(program, folder / f"{role}.pt2", inputs, expected)}
    differences["py"] = _save_plain(program, folder, role, inputs, expected, str(run))
    if there and onnx is not False:
        differences["onnx"] = _save_onnx(network, folder / f"{role}.onnx", inputs, expected)
    wrong = {kind: value for kind, value in differences.items() if not value <= TOLERANCE}
    if wrong:
        raise CourseError(
            f"{role}.{min(wrong)} differs from the network by {max(wrong.values()):.1e}: do not use it."
        )
    said = {
        "run": str(run),
        "recipe": method.plan.recipe,
        "network": role,
        "input": {"name": "x", "shape": ["batch", *inputs.shape[1:]], "what": _input_of(method, role)},
        "output": {"shape": ["batch", *expected.shape[1:]], "what": _output_of(role, expected)},
        "differences": differences,
        "version": __version__,
    }
    write_atomic(folder / "export.json", json.dumps(said, indent=2) + "\n")
    return said


def traced_part(method: Any, seed: int) -> tuple[str, nn.Module, Tensor]:
    """The role that is exported, a copy of its network as it is used, and inputs for it. Raises UsageError."""
    draw = seeds.generator(seed, purpose="export")
    role = _role(method)
    network = copy.deepcopy(method.networks[role]).cpu().float().eval().requires_grad_(False)
    network = network.to(memory_format=torch.contiguous_format)
    images = torch.rand((3, *method.spec.shape), generator=draw) * 2 - 1
    if role == "classifier" or hasattr(method, "translate"):
        return role, network, images
    given = images if role == "projection" else method.latents(3, draw)
    whole = method.encode(given) if role == "projection" else method.sample(given)
    try:
        with torch.no_grad():
            alone = network(given)
        same = alone.shape == whole.shape and torch.allclose(alone, whole, atol=1e-4)
    except (RuntimeError, ValueError, TypeError):  # it takes other things than the method does
        same = False
    if not same:
        raise UsageError(
            f"this method does more than its {role} alone, with the same inputs: export cannot carry that over."
        )
    return role, network, given


def _role(method: Any) -> str:
    """The network that a run has trained and that others would use. Raises UsageError where there is none."""
    borrowed = {role: run for role, run in method.plan.pretrained.items() if role not in method.optimizers}
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

    from {role} import load
    output = load()(torch.randn(16, {numbers}))     # x: (batch, {numbers})
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
'''


def _save_plain(program: Any, folder: Path, role: str, inputs: Tensor, expected: Tensor, run: str) -> float:
    from safetensors.torch import save_file

    signature = program.graph_signature
    held = {**signature.inputs_to_parameters, **signature.inputs_to_buffers, **_constants(signature)}
    values = {**program.state_dict, **program.constants}
    save_file(
        {name: values[name].detach().contiguous().clone() for name in held.values()},
        folder / f"{role}.safetensors",
    )
    (folder / f"{role}.safetensors").chmod(0o644)  # safetensors writes for the owner alone
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
        ), numbers=", ".join(map(str, inputs.shape[1:])),
    )  # fmt: skip
    write_atomic(folder / f"{role}.py", code)
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


def _input_of(method: Any, role: str) -> str:
    if role in ("classifier", "projection") or hasattr(method, "translate"):
        return "images in [-1, 1]"
    law = getattr(method, "latent_law", "normal")
    return {"normal": "z, of independent N(0, 1)", "uniform": "z, uniform on [-1, 1]"}.get(
        law, f"z, of the law {law}"
    )


def _output_of(role: str, expected: Tensor) -> str:
    if role in ("classifier", "projection"):
        return "logits" if role == "classifier" else "codes of the generator that it was trained for"
    return "images in [-1, 1]" if expected.ndim == 4 else "points"
