"""What is prepared for a GPU, as far as a processor can carry it out."""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from course_lib import data, recipes
from course_lib.recipes import runs


def test_each_part_is_a_command_that_there_is_and_all_take_ten_minutes(bench, project, tmp_path):
    gpu, known = bench("gpu"), importlib.import_module("benchmarks").BENCHMARKS
    assert sum(part.seconds for part in gpu.PARTS) <= 600
    for smoke in (False, True):
        options = argparse.Namespace(out=tmp_path, device="cpu", smoke=smoke)
        for part in gpu.PARTS:
            program, m, module, *words = part.words(options)
            assert (program, m) == (sys.executable, "-m") and importlib.util.find_spec(module)
            if words[:1] == ["bench"]:
                assert words[1] in known
            for word in words:
                assert not word.startswith("tests/") or (project / word).exists()


STOPPED = """
import sys, time, types, benchmarks
def measure(device, quick, so_far):
    so_far({"cases": ["the first"]})
    time.sleep(600)
sys.modules["stopped"] = types.SimpleNamespace(measure=measure)
benchmarks.BENCHMARKS["stopped"] = "stopped"
benchmarks.run(["stopped"], sys.argv[1], device="cpu")
"""


@pytest.mark.slow
def test_a_part_whose_time_is_over_keeps_what_it_measured(bench, monkeypatch, tmp_path):
    """It is ended when its first case lies on the disk, however long that takes here."""
    gpu, out = bench("gpu"), tmp_path / "bench.json"

    def run(words, timeout, **how):
        with subprocess.Popen(words, **how) as process:
            while not out.exists() and process.poll() is None:
                time.sleep(0.05)
            process.kill()
        raise subprocess.TimeoutExpired(words, timeout)

    monkeypatch.setattr(gpu.subprocess, "run", run)
    part = gpu.Part("stopped", lambda options: [sys.executable, "-c", STOPPED, str(out)], 5)
    row = gpu.carried_out(part, argparse.Namespace(out=tmp_path, smoke=False), 5.0)
    assert row["outcome"] == "its time was over", (tmp_path / "stopped.log").read_text()
    found = json.loads(out.read_text())
    assert found["stopped, unfinished"]["cases"] == ["the first"] and "stopped" not in found


def test_what_a_part_leaves_of_its_time_is_the_next_ones(bench, monkeypatch, tmp_path):
    gpu, now, given = bench("gpu"), [100.0], []

    def run(words, timeout, **_):
        given.append(timeout)
        now[0] += 4 if len(given) < 3 else timeout
        if len(given) >= 3:
            raise subprocess.TimeoutExpired(words, timeout)
        return argparse.Namespace(returncode=0)

    monkeypatch.setattr(gpu, "PARTS", tuple(gpu.Part(name, lambda _: [], 10) for name in "abcd"))
    monkeypatch.setattr(gpu, "time", argparse.Namespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(gpu.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["gpu", "--out", str(tmp_path)])
    assert gpu.main() == 1 and given == [10, 16, 22, 10]


@pytest.mark.slow
def test_the_whole_script_is_rehearsed_without_data_and_without_a_network(project, tmp_path):
    nowhere = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "all_proxy")}
    environment = os.environ | nowhere | {"COURSE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    out = tmp_path / "out"
    command = [sys.executable, "-m", "benchmarks.gpu", "--smoke", "--device", "cpu", "--out", str(out)]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    parts = json.loads((out / "parts.json").read_text())
    logs = {file.name: file.read_text()[-1000:] for file in out.glob("*.log")}
    assert [part["outcome"] for part in parts] == ["done"] * len(parts), (done.stderr, logs)
    tried = [json.loads(line)["outcome"] for line in (out / "recipes.jsonl").read_text().splitlines()]
    assert tried == ["trained, loaded and sampled"] * 4
    found = json.loads((out / "bench.json").read_text())
    assert not [row for row in found["targets"]["targets"] if "error" in row]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan-mnist", "cgan-faces", "cyclegan-glasses", "projection-faces"])
def test_a_recipe_is_tried_on_random_images_and_no_set_is_opened(bench, monkeypatch, name):
    monkeypatch.setattr(data, "open", lambda *_, **__: pytest.fail("a set was opened"))
    opened = runs.open_data
    assert bench("every_recipe").tried(name, "cpu")["outcome"] == "trained, loaded and sampled"
    assert runs.open_data is opened


def test_targets_are_those_that_were_asked_for(bench):
    targets = bench("targets")
    dcgan, faithful, chosen = targets.TRAININGS
    assert dcgan.steps(128) == 39_570 and faithful.steps(16) == 137_500 and chosen.steps(128) == 17_188
    assert (dcgan.seconds, faithful.seconds, chosen.seconds, targets.SEARCH.seconds) == (60, 900, 300, 60)
    assert recipes.resolve("clggan-faces", "lab").settings["data"].steps == faithful.steps(16)
    assert targets.SEARCH.steps(256) == 2000 and targets.SEARCH.steps(1024) == 500


def test_shares_are_of_the_kinds_of_operations(bench):
    targets = bench("targets")
    profile = Counter(
        {("convolution_backward.default", "bytes"): 6, ("native_batch_norm.default", "bytes"): 2,
         ("_fused_adam_.default", "bytes"): 1, ("mul.Tensor", "bytes"): 1, ("mul.Tensor", "calls"): 5}
    )  # fmt: skip
    found = targets.shares(profile)
    assert list(found["bytes"].values()) == [0.6, 0.2, 0.1, 0.1] and found["calls"]["the rest"] == 1


def test_seconds_of_a_target_follow_from_its_steps(bench):
    targets = bench("targets")
    row = {"target": targets.SEARCH.title, "batch": 1024, "precision": "bf16", "gflop_per_step": 0.3 * 989e3,
           "gigabytes_per_step": 0.5 * 3350 * 2, "calls_per_step": 300_000}  # fmt: skip
    s = targets.seconds_of(row)
    assert [round(s[k]) for k in ("products", "memory", "starts", "eager", "graphs", "limit")] == [
        500, 1000, 1500, 1500, 1000, 500,
    ]  # fmt: skip
    assert targets.seconds_of(row | {"precision": "fp32"})["products"] == 2 * s["products"]
    assert "| 500 s | 1,000 s | 1,500 s | 1,500 s | 1,000 s | 500 s |" in targets.reckoning([row])


@pytest.mark.slow
def test_a_step_of_the_search_is_counted_as_one_with_numbers(bench):
    """The same operations as of two real steps less those of one, and as many bytes and calls."""
    import torch

    targets, found = bench("targets"), []
    profile = Counter()
    counted = targets.search_step(2, 16, "fp32", profile)
    method = targets.generator(16)
    for steps in (2, 3):
        with bench("counting").Traffic() as traffic:
            targets.search(method, torch.zeros(2, 3, 16, 16), torch.zeros(2, method.latent), steps, 2, "fp32")
        found.append(traffic.found())
    for key, value in counted.items():
        assert value == pytest.approx(found[1][key] - found[0][key], rel=0.02), key
    assert sum(n for (_, what), n in profile.items() if what == "calls") == counted["calls_per_step"]


def test_what_the_lab_guide_says_of_the_targets_is_what_is_reckoned(bench, project):
    targets = bench("targets")
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())["targets"]
    assert [(row["target"], row["batch"], row["precision"]) for row in counted] == [
        (t.title, batch, precision)
        for t in targets.TARGETS
        for batch in t.batches
        for precision in targets.PRECISIONS
    ]
    dcgan, thesis, chosen, search = targets.TARGETS
    of = {(row["target"], row["batch"]): row for row in counted if row["precision"] == targets.PROFILED}
    single = {(row["target"], row["batch"]): row for row in counted if row["precision"] == "fp32"}
    small, large = (targets.seconds_of(of[dcgan.title, batch]) for batch in dcgan.batches)
    assert small["eager"] == small["starts"] > dcgan.seconds > small["graphs"] > 0.75 * dcgan.seconds
    assert large["eager"] == large["memory"] < dcgan.seconds
    assert of[dcgan.title, 128]["calls_per_step"] > single[dcgan.title, 128]["calls_per_step"]
    whole, half = (targets.seconds_of(rows[thesis.title, 16]) for rows in (single, of))
    assert half["starts"] > whole["eager"] == whole["starts"] > thesis.seconds  # "in bfloat16 by more"
    assert max(whole["graphs"], half["graphs"]) < thesis.seconds / 10
    for rows in (single, of):
        s = targets.seconds_of(rows[chosen.title, 128])
        assert s["eager"] == s["starts"] < chosen.seconds
    for batch in search.batches:
        s = targets.seconds_of(of[search.title, batch])
        assert s["eager"] == s["memory"] < search.seconds / 4
    # above 60 s in single precision whatever the batch and without starts
    assert all(targets.seconds_of(single[dcgan.title, b])["graphs"] > dcgan.seconds for b in dcgan.batches)
