"""`course project`: what it leaves, how it goes on after a stop, and what it says of images that it cannot take."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from course_lib import data
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.routes import optimisation

FAST = ["--device", "cpu", "--steps", 3, "--set", "pool=16"]
SET = ["project", "dcgan-faces", "--data", "faces", "--first", 5, "--batch", 2]


@pytest.fixture
def course(course, tmp_path, monkeypatch):
    """Run a command in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    return course


def picture(path, side=32, seed=0):
    g = torch.Generator().manual_seed(seed)
    pixels = (torch.rand(side, side, 3, generator=g) * 255).byte().numpy()
    Image.fromarray(pixels).save(path)
    return path


def contents(folder):
    kept = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        text = path.read_bytes()
        if path.name == "measures.json":
            said = json.loads(text)
            text = json.dumps({k: v for k, v in said.items() if "seconds" not in k})
        kept[str(path.relative_to(folder))] = text
    return kept


def test_what_a_projection_leaves(course, tmp_path):
    code, out, error = course(*SET, *FAST, "--out", "found")
    assert code == 0 and out.startswith("found: 5 images, ") and "judge: faces-judge" in out
    lines = error.splitlines()
    assert [line.split(";")[0] for line in lines] == ["2 of 5 images", "4 of 5 images", "5 of 5 images"]
    folder = tmp_path / "found"
    assert sorted(p.name for p in folder.iterdir()) == [
        "latents.safetensors", "measures.json", "reconstructions", "request.json", "side-by-side.png",
    ]  # fmt: skip
    latents = load_file(folder / "latents.safetensors")
    said = json.loads((folder / "measures.json").read_text())
    assert latents["codes"].shape == (5, 64) and latents["losses"].shape == (5,)
    assert said["images"] == 5 and said["names"][4] == "faces-test-4" and said["options"]["steps"] == 3
    # the numbers and the pictures are those of the codes
    from course_lib import load

    images = data.open("faces", resolution=32, split="test").tensor(slice(0, 5))
    made = load("dcgan-faces").sample(latents["codes"])
    expected = psnr_per_image(images, made)
    torch.testing.assert_close(torch.tensor(said["each"]["psnr"]), expected.float(), rtol=1e-3, atol=1e-2)
    with Image.open(folder / "reconstructions" / "00003-faces-test-3.png") as shown:
        pixels = torch.tensor(list(shown.getdata())).view(32, 32, 3).permute(2, 0, 1) / 127.5 - 1
    assert (pixels - made[3].clamp(-1, 1)).abs().max() < 0.01
    with Image.open(folder / "side-by-side.png") as shown:
        assert shown.size == (5 * 33 + 1, 3 * 33 + 1)


def test_the_same_command_goes_on_and_another_does_not(course, tmp_path, monkeypatch):
    assert course(*SET, *FAST, "--out", "whole", "--quiet")[2] == ""
    route, calls = optimisation.ROUTES["optimisation"], []

    def stopped(subject, images, settings, seed):
        calls.append(len(images))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return optimisation.optimised(subject, images, settings, seed)

    monkeypatch.setitem(
        optimisation.ROUTES, "optimisation", route.__class__(route.summary, route.settings, stopped)
    )
    assert course(*SET, *FAST, "--out", "parts")[0] == 130
    assert len(list((tmp_path / "parts" / "batches").iterdir())) == 2
    code, _, error = course(*SET, *FAST, "--out", "parts")
    assert code == 0 and calls == [2, 2, 1, 1] and len(error.splitlines()) == 1
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    # a finished folder answers at once, and keeps to its request
    assert course(*SET, *FAST, "--out", "parts")[0] == 0 and len(calls) == 4
    for change in (["--seed", 1], ["--batch", 3], ["--first", 4], ["--set", "rate=0.2"], ["--noise"]):
        code, _, error = course(*SET, *FAST, "--out", "parts", *change)
        assert code == 2 and error.count("\n") == 1
    code, _, error = course(*SET, *FAST, "--out", "parts", "--seed", 1)
    assert "differs in seed" in error and "--out" in error


@pytest.mark.slow
def test_a_kill_loses_no_finished_batch(tmp_path):
    command = [sys.executable, "-m", "course_lib.cli", *map(str, [*SET, *FAST, "--out", tmp_path / "found"])]
    command[command.index("3")] = "200"
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    first = child.stderr.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert first.startswith("2 of 5") and not (tmp_path / "found" / "measures.json").exists()
    began = time.monotonic()
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0 and "2 of 5" not in again.stderr and "5 of 5" in again.stderr, began
    assert load_file(tmp_path / "found" / "latents.safetensors")["codes"].shape == (5, 64)


def test_files_of_other_sizes_are_resized_and_it_is_said(course, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(folder / "a.png"), picture(folder / "b.png", side=50)
    (folder / "notes.txt").write_text("no picture")
    code, _, error = course("project", "dcgan-faces", "photos", *FAST, "--out", "found")
    assert code == 0 and error.startswith(
        "course: 1 of 2 pictures are not of 32 × 32 pixels (one has 50 × 50)"
    )
    names = sorted(p.name for p in (tmp_path / "found" / "reconstructions").iterdir())
    assert names == ["00000-a.png", "00001-b.png"]


def test_damaged_and_missing_pictures(course, tmp_path):
    good, bad = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=1)
    bad.write_bytes(bad.read_bytes()[:1000])
    code, _, error = course("project", "dcgan-faces", good, bad, *FAST)
    assert code == 1 and "b.png cannot be read" in error and "--skip-damaged" in error
    assert not (tmp_path / "projections").exists(), "nothing was begun"
    code, out, error = course("project", "dcgan-faces", good, bad, *FAST, "--skip-damaged")
    assert code == 0 and "1 images" in out and "course: 1 pictures cannot be read and are left out" in error
    code, _, error = course("project", "dcgan-faces", good, "gone.png", "lost.png")
    assert code == 1 and "gone.png, lost.png" in error and error.count("\n") == 1
    (tmp_path / "empty").mkdir()
    assert "without pictures" in course("project", "dcgan-faces", "empty")[2]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--space", "w"], "sought in z"),
        (["--by", "magic"], "optimisation"),
        (["--set", "steps"], "NAME=VALUE"),
        (["--set", "stepps=3"], "steps"),
        (["--set", "restarts=many"], "restarts"),
        (["--set", "noise=perhaps"], "noise"),
        (["--steps", "0"], "at least 1"),
        (["--batch", "0"], "at least 1"),
        (["--first", "0"], "ask for 1 to"),
        (["--first", "99999999"], "ask for 1 to"),
        (["--device", "abacus"], "abacus"),
        (["--noise"], "no noise"),
        (["--data", "digits"], "channels"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(course, tmp_path, words, named):
    code, out, error = course("project", "dcgan-faces", "--data", "faces", "--first", 2, *FAST, *words)
    assert (code, out) == (2, "") and named in error and error.count("\n") == 1
    assert not (tmp_path / "projections" / "dcgan-faces" / "latents.safetensors").exists()


def test_which_images_and_which_run_must_be_said(course):
    for words, named in (
        ([], "which images"),
        (["a.png", "--data", "faces"], "not both"),
        (["a.png", "--first", 3], "--data"),
        (["a.png", "--with", "nowhere"], "nowhere"),
    ):
        code, _, error = course("project", "dcgan-faces", *words)
        assert code in (1, 2) and named in error
    assert course("project", "nowhere", "a.png")[0] == 1
    assert "no generator" in course("project", "judge-faces", "a.png")[2]


def test_the_options_of_a_route_are_listed(course):
    code, out, _ = course("project", "dcgan-faces", "--set", "help")
    assert code == 0 and "restarts=1" in out and "schedule=cosine" in out


def test_a_folder_with_other_things_and_a_disk_that_refuses(course, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("precious")
    code, _, error = course(*SET, *FAST, "--out", "full")
    assert code == 2 and "other files" in error and (tmp_path / "full" / "thesis.tex").exists()
    (tmp_path / "file").write_text("")
    code, _, error = course(*SET, *FAST, "--out", "file/below")
    assert code == 1 and "a part of that path is a file" in error and error.count("\n") == 1
