"""Exports: each is loaded in its own way and gives what the network gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from course_lib import cli, recipes, zoo
from course_lib.data import DataSpec
from course_lib.errors import CourseError, UsageError
from course_lib.export import TOLERANCE, export, laws, networks, traced, traced_parts
from course_lib.networks.denoiser import DenoiserNetwork, OneStep
from course_lib.networks.style import StylePair

ENTRIES = {
    "dcgan-fashion": (1, 32, 32),
    "vae-fashion": (1, 32, 32),
    "classifier-digits": (10,),
    "pan-rain": (3, 32, 32),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_zoo_entry_is_the_same_network_without_the_course(entry, tmp_path):
    said = export(entry, tmp_path, onnx=False)
    role = said["network"]
    assert tuple(said["output"]["shape"][1:]) == ENTRIES[entry]
    assert set(said["differences"]) == {"pt2", "py"} and max(said["differences"].values()) <= TOLERANCE
    assert json.loads((tmp_path / "export.json").read_text()) == said
    network = recipes.load(entry).networks[role]
    x = torch.randn(5, *said["input"]["shape"][1:], generator=torch.Generator().manual_seed(1))
    code = (
        f"import sys, torch; from {role} import load; x = torch.load('x.pt'); network = load(); network(x); "
        f"torch.save(network(x), 'y.pt'); assert not any('course_lib' in name for name in sys.modules)"
    )
    torch.save(x, tmp_path / "x.pt")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PATH": ""})
    found = torch.load(tmp_path / "y.pt")
    with torch.no_grad():
        torch.testing.assert_close(found, network(x), rtol=TOLERANCE, atol=TOLERANCE)
        program = torch.export.load(tmp_path / f"{role}.pt2").module()
        torch.testing.assert_close(program(x[:1]), network(x[:1]), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("entry", ["dcgan-fashion", "classifier-digits"])
def test_onnx_agrees_for_batches_of_any_size(entry, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    said = export(entry, tmp_path, onnx=True)
    assert said["differences"]["onnx"] <= 1e-5
    session = runtime.InferenceSession(str(tmp_path / f"{said['network']}.onnx"))
    x = torch.randn(7, *said["input"]["shape"][1:], generator=torch.Generator().manual_seed(1))
    (found,) = session.run(None, {"x": x.numpy()})
    with torch.no_grad():
        expected = recipes.load(entry).networks[said["network"]](x)
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-5, atol=1e-5)


def test_of_several_wrong_files_the_worst_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "traced", lambda *_: None)
    monkeypatch.setattr(networks, "_save_program", lambda *_: 2e-5)
    monkeypatch.setattr(networks, "_save_plain", lambda *_: 0.5)
    part = networks.Traced("generator", torch.nn.Identity(), torch.zeros(2, 3), "x", "y")
    with pytest.raises(CourseError, match=r"generator\.py differs from the network by 5\.0e-01"):
        networks._written(part, tmp_path, "run", onnx=False)


DRAWN = 20_000  # latents that moments are taken of
EXPORTED = sorted(name for name in zoo.ENTRIES if not name.startswith(("ibgan-", "diffusion-", "encoder-")))


def drawn(parts, folder):
    """Latents by the code that an export gives."""
    tensors = laws.tensors_of(parts)
    if tensors:
        save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "laws.safetensors")
    names = {"torch": torch, "load_file": load_file, "Path": Path, "__file__": str(folder / "generator.py")}
    exec(laws.as_code(parts, "laws.safetensors"), names)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return names["latents"](DRAWN)


def moments(z):
    """Means, covariances and the mean and deviation of lengths: the last two tell a sphere from a normal law."""
    lengths = z.norm(dim=1)
    return {"mean": z.mean(0), "covariance": z.T.cov(), "length": lengths.mean(), "spread": lengths.std()}


@pytest.mark.parametrize("name", EXPORTED)
def test_latents_have_the_law_that_an_export_says(name, tmp_path):
    method = recipes.load(name)
    for part in traced_parts(method, 0):
        assert part.takes.startswith("images in [-1, 1]") == (not part.parts)
        if not part.parts:
            continue
        z = method.latents(DRAWN, torch.Generator().manual_seed(1))
        for (what, found), expected in zip(
            moments(drawn(part.parts, tmp_path)).items(), moments(z).values(), strict=True
        ):
            if z.shape[1] > 1_000 and what == "covariance":
                found, expected = found.diagonal(), expected.diagonal()
            scale = (
                expected.diagonal().mean() if expected.ndim == 2 else expected.abs().max().clamp(min=z.std())
            )
            assert (found - expected).abs().max() < 0.1 * scale, what
        for one, (first, end) in zip(part.parts, laws.columns(part.parts), strict=True):
            column = z[:, first:end]
            if "N(0, 1)" in one.words:
                assert (column.std(0) - 1).abs().max() < 0.03 and column.pow(4).mean() == pytest.approx(
                    3, rel=0.05
                )
            if "uniform on [-1, 1]" in one.words:
                assert column.abs().max() <= 1 and column.std() == pytest.approx(3**-0.5, rel=0.02)
            if "a single 1 among zeros" in one.words:
                assert (column.sum(1) == 1).all() and (column.square() == column).all()
            if "−1 or 1" in one.words:
                assert (column.abs() == 1).all()


def test_every_entry_of_the_zoo_is_exported_or_refused():
    for name in set(zoo.ENTRIES) - set(EXPORTED):
        with pytest.raises(UsageError, match="neither a generator|more than its generator|has no export"):
            traced_parts(recipes.load(name), 0)


def test_an_export_draws_what_it_takes(tmp_path):
    said = export("glo-fashion", tmp_path, onnx=False)
    assert "one Gaussian, fitted to the learnt codes" in said["input"]["what"] and said["left_out"] == []
    assert said["input"]["columns"][0]["tensors"] == ["weights", "means", "factors"]
    code = (
        "import sys; from generator import latents, load; y = load()(latents(5)); print(*y.shape); "
        "assert not any('course_lib' in name for name in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        env={"PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["5", "1", "32", "32"]
    assert "output = load()(latents(16))" in (tmp_path / "generator.py").read_text()


def test_of_a_method_with_latents_of_its_own_no_law_is_said_that_it_does_not_say(monkeypatch):
    method = recipes.load("dcgan-fashion")
    assert laws.in_words(laws.parts_of(method), method) == "z, of independent N(0, 1)"
    monkeypatch.setattr(type(method), "latents", lambda self, n, generator: torch.zeros(n, 64))
    assert laws.parts_of(method) == [] and laws.as_code([], "x") == ""
    assert "does not know" in laws.in_words([], method)
    monkeypatch.setattr(
        type(method), "latent_parts", lambda self: [laws.uniform(3), laws.one_hot(1)], raising=False
    )
    said = laws.in_words(laws.parts_of(method), method)
    assert "0 to 2 uniform on [-1, 1]; 3 a code of 1 values" in said


def test_both_ways_of_a_translation_are_exported_as_the_method_goes_them(tmp_path, capsys, monkeypatch):
    assert cli.main(["export", "cyclegan-glasses", "--no-onnx", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "generator of" in said and "inverse of" in said and "of the second domain -> images" in said
    written = json.loads((tmp_path / "export.json").read_text())
    assert list(written["also"]) == ["inverse"] and written["left_out"] == []
    method = recipes.load("cyclegan-glasses")
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for role, way in (("generator", {}), ("inverse", {"back": True})):
        program = torch.export.load(tmp_path / f"{role}.pt2").module()
        torch.testing.assert_close(program(x), method.translate(x, **way), rtol=TOLERANCE, atol=TOLERANCE)
    translate = type(method).translate
    monkeypatch.setattr(
        type(method),
        "translate",
        lambda self, images, back=False: translate(self, images, back) + (0.1 if back else 0),
    )
    with pytest.raises(UsageError, match="more than its inverse alone"):
        traced_parts(method, 0)


def test_trained_networks_that_are_left_out_are_said(tmp_path, capsys):
    assert cli.main(["export", "bigan-digits", "--no-onnx", "--out", str(tmp_path)]) == 0
    assert "left out: encoder" in capsys.readouterr().out
    assert json.loads((tmp_path / "export.json").read_text())["left_out"] == ["encoder"]


def test_onnx_without_its_packages_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install .course-lib\[export\]"):
        export("dcgan-fashion", tmp_path, onnx=True)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_looks_at_numbers_cannot_be_traced():
    class Branching(torch.nn.Module):
        def forward(self, x):
            return x if x.sum().item() > 0 else -x

    with pytest.raises(CourseError, match="cannot be traced") as caught:
        traced(Branching(), torch.ones(3, 2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "network",
    [
        StylePair(latent=4, width=4, depth=1, base=32, most=8).build(DataSpec((3, 8, 8)))["generator"],
        OneStep(DenoiserNetwork(width=8, depth=1).build(DataSpec((2,)))["denoiser"]),
    ],
    ids=["styles", "student"],
)
def test_a_network_is_traced_for_any_batch_as_one_network(network):
    x = torch.randn(3, network.latent, generator=torch.Generator().manual_seed(0))
    program = traced(network.eval().requires_grad_(False), x)
    assert not list(program.graph_module.children()), "plain code could not hold a network within"
    torch.testing.assert_close(program.module()(x[:1]), network(x[:1]))
