"""Published StyleGAN2 files: the same images as by the paper's equations, whatever format the weights come in."""

import argparse
import hashlib
import json
from pathlib import Path

import pytest
import torch
from inversion import published

import course_lib
from course_lib.cli import main
from course_lib.errors import CourseError
from course_lib.inversion import pretrained
from course_lib.inversion.pretrained import names


def files(weights):
    """One generator in every format, as bytes by name."""
    theirs, mean = published.rosinality(weights), weights["mapping.w_avg"]
    trained = {"g": theirs, "g_ema": theirs, "args": argparse.Namespace(lr=0.1), "latent_avg": mean}
    inside = {f"decoder.{name}": tensor for name, tensor in theirs.items()}
    return {
        "official.pkl": published.official(weights),
        "official-3.pkl": published.official(weights, protocol=3),  # what Python 3.7 writes
        "tensorflow.pkl": published.tensorflow(weights),
        "rosinality.pt": published.saved(trained),
        "rosinality-old.pt": published.saved(trained, zipped=False),
        "encoder.pt": published.saved({"state_dict": inside | {"encoder.x": mean}, "latent_avg": mean}),
        "tensors.pt": published.saved(weights),
    }


WEIGHTS = published.weights()
FILES = files(WEIGHTS)


@pytest.fixture(scope="module")
def expected():
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    return z, torch.from_numpy(published.reference(WEIGHTS, z))


@pytest.fixture
def write(tmp_path):
    def written(content, name="network.pkl"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return written


@pytest.mark.parametrize("name", FILES)
def test_images_are_those_of_the_equations(name, write, expected):
    z, images = expected
    read = pretrained.read(write(FILES[name], name))
    with torch.no_grad():
        made = read.generator.double()(z.double())
    assert made.dtype == torch.float64
    assert (made - images).abs().max() < 1e-9 * images.abs().max()
    assert torch.equal(read.generator.mean_w.float(), WEIGHTS["mapping.w_avg"])
    assert read.origin.mean_w == "stored"


def test_the_equations_tell_formats_that_were_confused(expected):
    """What carries over unturned, or turned twice, makes other images: the comparison above would see it."""
    z, images = expected
    for name, changed in {
        "a mirrored convolution": {
            "synthesis.b8.conv0.weight": WEIGHTS["synthesis.b8.conv0.weight"].flip(2, 3)
        },
        "a style without its 1": {
            "synthesis.b8.conv1.affine.bias": WEIGHTS["synthesis.b8.conv1.affine.bias"] - 1
        },
        "noise of another layer": {
            "synthesis.b16.conv0.noise_const": WEIGHTS["synthesis.b16.conv1.noise_const"]
        },
    }.items():
        other = torch.from_numpy(published.reference(WEIGHTS | changed, z))
        assert (other - images).abs().max() > 1e-3 * images.abs().max(), name


def test_architecture_comes_from_the_shapes(write):
    read = pretrained.read(write(FILES["official.pkl"]))
    found = read.architecture
    assert (found.resolution, found.latent, found.width, found.depth) == (16, 6, 5, 3)
    assert [min(found.base // r, found.most) for r in (4, 8, 16)] == [8, 8, 4]
    assert read.generator.layers == 6 and read.origin.bytes == len(FILES["official.pkl"])


def test_speed_of_the_mapping_network_is_what_the_file_says(write):
    root = published.tree(WEIGHTS)
    for j in range(3):
        root.mapping._modules[f"fc{j}"].bias_gain = 0.5
    assert pretrained.read(write(published.dumped({"G_ema": root}))).architecture.speed == 0.5
    told = pretrained.read(write(published.tensorflow(WEIGHTS, mapping_lrmul=0.25)))
    assert told.architecture.speed == 0.25


@pytest.mark.parametrize(
    "resolution, base, tensors, parameters, styles",
    [
        (1024, 32_768, 182, 30_370_060, 18),
        (256, 16_384, 144, 24_767_458, 14),
        (256, 32_768, 144, 30_034_338, 14),
    ],
)
def test_names_and_shapes_of_the_published_sizes(resolution, base, tensors, parameters, styles):
    table = published.shapes(resolution, base)
    learnt = {n: s for n, s in table.items() if not n.endswith(("w_avg", "noise_const"))}
    assert len(table) + len(published.filters(table)) == tensors
    assert sum(torch.Size(shape).numel() for shape in learnt.values()) == parameters
    given = {name: torch.empty(shape, device="meta") for name, shape in table.items()}
    found = pretrained.read_off(given)
    assert (found.resolution, found.base, found.most, found.depth) == (resolution, base, 512, 8)
    generator = pretrained.build(found, given)
    ours = {n: tuple(t.shape) for n, t in generator.state_dict().items()}
    assert {("mapping.w_avg" if n == "mean_w" else n): s for n, s in ours.items()} == table
    assert generator.layers == styles


@pytest.mark.parametrize("resolution", [256, 1024])
def test_names_of_rosinality_at_the_published_sizes(resolution):
    table = published.shapes(resolution, 32_768)
    given = {name: torch.zeros(()).expand(shape) for name, shape in table.items()}
    theirs = published.rosinality(given)
    kernels = {name for name in theirs if name.endswith("kernel")}
    carried = {
        ours: tuple(names.trimmed(ours, tensor).shape)
        for name, tensor in theirs.items()
        if name not in kernels and (ours := names.from_rosinality(name))
    }
    assert carried | {"mapping.w_avg": (512,)} == table


def test_a_missing_mean_of_w_is_computed_and_said(write, capsys):
    file = write(published.saved({"g_ema": published.rosinality(WEIGHTS)}), "own.pt")
    read = pretrained.read(file)
    assert "has no mean of w" in capsys.readouterr().err
    assert read.origin.mean_w == "of 10,000 draws"
    with torch.no_grad():
        w = read.generator.mapping(torch.randn(20_000, 6, generator=torch.Generator().manual_seed(7)))
    assert (read.generator.mean_w - w.mean(0)).abs().max() < 5 * (w.std(0) / 10_000**0.5).max()


def replaced(**changes):
    """The weights with some changed; None leaves one out."""
    changed = WEIGHTS | {name.replace("_", "."): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


@pytest.mark.parametrize(
    "content, said",
    [
        (
            published.official(WEIGHTS | {"mapping.embed.weight": torch.ones(6, 10)}),
            "conditional.*10 classes",
        ),
        (published.official(WEIGHTS | {"synthesis.b8.skip.weight": torch.ones(8, 8, 1, 1)}), "residual"),
        (published.official({"synthesis.L0_36_512.weight": torch.ones(3)}), "StyleGAN3"),
        (
            published.official({"layer.weight": torch.ones(3)}),
            r"no generator of a StyleGAN2 \(it has layer.weight",
        ),
        (published.official(replaced(synthesis_b8_conv1_bias=None)), "b8.conv1.bias is missing"),
        (
            published.official(replaced(synthesis_b8_conv1_bias=torch.ones(3))),
            r"b8.conv1.bias is \(3,\).*\(8,\)",
        ),
        (published.official(replaced(synthesis_b8_extra=torch.ones(3))), "b8.extra is not ours"),
        (published.official(replaced(synthesis_b8_conv1_bias=torch.full((8,), torch.nan))), "finite"),
        (published.official({n: t for n, t in WEIGHTS.items() if ".b8." not in n}), "blocks of 4, 16 pixels"),
        (
            published.dumped({"G_ema": published.tree({"a.resample_filter": torch.ones(4, 4)})}),
            "no generator",
        ),
        (published.saved({"weights": torch.ones(3)}), "no generator of a StyleGAN2"),
        (published.saved({"g_ema": {"input.input": torch.ones(1, 4, 4, 4), "what": torch.ones(3)}}), "what"),
        (published.saved(torch.ones(3)), "no generator"),
        (published.dumped(7), "no generator"),
        (b"", "empty"),
        (b"a picture?", "cut or damaged"),
    ],
)
def test_other_files_are_refused_in_a_sentence(content, said, write):
    with pytest.raises(CourseError, match=said):
        pretrained.read(write(content))


def test_another_filter_is_refused(write):
    root = published.tree(WEIGHTS)
    root.synthesis.b8.conv0.resample_filter = torch.ones(4, 4) / 16
    with pytest.raises(CourseError, match="another filter"):
        pretrained.read(write(published.dumped({"G_ema": root})))


def test_weights_that_share_memory_are_refused(write):
    """A small file that would become a large network."""
    one = torch.zeros(8, 8, 3, 3)
    shared = {n: one if t.shape == one.shape else t for n, t in WEIGHTS.items()}
    buffer = published.saved(shared)
    assert len(buffer) > 0
    pretrained.read(write(published.saved({n: t.clone() for n, t in shared.items()}), "apart.pt"))
    wide = {n: torch.zeros(512, 512, 3, 3) for n in ("a", "b")}
    wide = {f"synthesis.x{j}": wide["a"] for j in range(3)} | WEIGHTS
    with pytest.raises(CourseError, match="share memory"):
        pretrained.read(write(published.saved(wide), "shared.pt"))


def test_an_imported_file_is_a_run(write, tmp_path, monkeypatch, capsys):
    """`course import`, then `course sample`, and the weights through safetensors and back."""
    monkeypatch.chdir(tmp_path)
    file = write(FILES["tensorflow.pkl"], "faces.pkl")
    assert main(["import", str(file)]) == 0
    assert "TensorFlow" in capsys.readouterr().out
    run = Path("runs/faces")
    method = course_lib.load(run)
    assert list(method.networks) == ["generator"]
    for name, tensor in pretrained.read(file).generator.state_dict().items():
        assert torch.equal(method.networks["generator"].state_dict()[name], tensor), name
    config = json.loads((run / "config.json").read_text())
    assert config["imported"]["origin"]["sha256"] == hashlib.sha256(FILES["tensorflow.pkl"]).hexdigest()
    assert main(["sample", str(run), "-n", "4", "--out", "grid.png"]) == 0
    assert Path("grid.png").stat().st_size > 0
    assert main(["import", str(file)]) == 1
    assert "exists" in capsys.readouterr().err
