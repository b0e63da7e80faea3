"""The benchmarks: that they run, compare like with like, and write what they measured."""

import importlib
import json
import os
import subprocess
import sys

import pytest
import torch

from course_lib.errors import CourseError, UsageError


@pytest.fixture
def benchmarks(bench):
    return bench()


@pytest.fixture
def fake(benchmarks, monkeypatch):
    """A benchmark that measures nothing, in place of the real ones."""

    class Module:
        @staticmethod
        def measure(device, quick):
            return {"answer": 42, "on": device}

        @staticmethod
        def table(result):
            return f"the answer is {result['answer']}"

    monkeypatch.setitem(sys.modules, "a_fake_benchmark", Module)
    monkeypatch.setattr(benchmarks, "BENCHMARKS", {"fake": "a_fake_benchmark"})
    return benchmarks


def test_results_carry_machine_versions_and_date_and_keep_their_neighbours(fake, tmp_path, capsys):
    out = tmp_path / "new" / "mine.json"
    fake.run(out=out, device="cpu")
    out.write_text('{"other": {"answer": 1}}')
    assert fake.run(out=out, device="cpu") == out
    found = json.loads(out.read_text())
    assert found["other"] == {"answer": 1}
    assert found["fake"]["answer"] == 42 and found["fake"]["on"] == "cpu"
    assert found["fake"]["machine"]["torch"] == torch.__version__
    assert found["fake"]["date"].endswith("+00:00")
    assert "the answer is 42" in capsys.readouterr().out


def test_what_is_stopped_keeps_its_cases_and_an_earlier_result(fake, tmp_path, monkeypatch):
    out, cases = tmp_path / "mine.json", []

    def measure(device, quick, so_far):
        for case in ("first", "second", "third"):
            if case == stops_at:
                raise KeyboardInterrupt
            cases.append(case)
            so_far({"cases": cases})
        return {"answer": 43, "cases": cases}

    fake.run(out=out, device="cpu")
    monkeypatch.setattr(sys.modules["a_fake_benchmark"], "measure", measure)
    stops_at = "third"
    with pytest.raises(KeyboardInterrupt):
        fake.run(out=out, device="cpu")
    found = json.loads(out.read_text())
    assert found["fake"]["answer"] == 42
    assert found["fake, unfinished"]["cases"] == ["first", "second"] and "date" in found["fake, unfinished"]
    stops_at = "nowhere"
    fake.run(out=out, device="cpu")
    assert set(json.loads(out.read_text())) == {"fake"}, "the whole takes the place of both"


def test_mistakes_are_named(fake, tmp_path):
    with pytest.raises(UsageError, match="no benchmark 'speed'"):
        fake.run(["speed"], tmp_path / "x.json")
    with pytest.raises(UsageError, match="no device called 'abacus'"):
        fake.run(device="abacus", out=tmp_path / "x.json")
    (tmp_path / "file").write_text("not JSON")
    for out, message in (
        (tmp_path / "file" / "x.json", "cannot write"),
        (tmp_path, "cannot write"),
        (tmp_path / "file", "holds no results"),
    ):
        with pytest.raises(CourseError, match=message):
            fake.run(out=out, device="cpu")
    assert (tmp_path / "file").read_text() == "not JSON"


def test_a_machine_names_its_file(benchmarks):
    assert benchmarks.slug({"device": "AMD EPYC (TM) 9B14", "threads": 2}) == "amd-epyc-tm-9b14-2-threads"


@pytest.mark.slow
def test_a_side_that_dies_is_reported(bench, capfd):
    pairs = bench("pairs")
    job = {"data": "no-such-data", "resolution": 16}
    with (
        pairs.Worker(job, "benchmarks.dcgan_step") as worker,
        pytest.raises(CourseError, match="exit code 1"),
    ):
        worker.ask("facts")
    assert "no-such-data" in capfd.readouterr().err


@pytest.mark.slow
def test_a_quick_run_compares_like_with_like(project, tmp_path):
    out = tmp_path / "result.json"
    command = [sys.executable, "-m", "course_lib.cli", "bench", "dcgan-step", "--quick", "--device", "cpu"]
    done = subprocess.run(
        [*command, "--out", str(out)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "course / plain" in done.stdout
    found = json.loads(out.read_text())["dcgan-step"]
    assert found["quick"] is True
    (row,) = found["cases"]
    for kind in ("ratio", "processor_ratio"):
        assert 0 < row[kind]["min"] <= row[kind]["median"] <= row[kind]["max"] and row[kind]["pairs"] == 2
    ours, plain = row["course"], row["plain"]
    assert ours["parameters"] == plain["parameters"] and ours["threads"] == plain["threads"]
    # the same algorithm; ours spares the gradients of D's weights in G's step and of G in D's
    assert 0.7 < ours["gflop_per_image"] / plain["gflop_per_image"] < 1
    for side in (ours, plain):
        assert side["images_per_second"] > 0 and side["share_of_peak"]["fp32"] > 0


@pytest.mark.slow
def test_a_quick_run_streams_beside_what_lies_in_memory(benchmarks, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    out = benchmarks.run(["streaming"], tmp_path / "result.json", device="cpu", quick=True)
    assert "streamed/s" in capsys.readouterr().out
    found = json.loads(out.read_text())["streaming"]
    assert found["quick"] is True and found["setting"]["wanted"] == 0.9
    (row,) = found["cases"]
    assert row["ratio"]["min"] <= row["ratio"]["median"] <= row["ratio"]["max"]
    assert row["streamed_images_per_second"] > 0 and row["resident_images_per_second"] > 0


def test_a_profile_divides_the_time_by_kinds_of_operation(bench):
    step_profile = bench("step_profile")
    times = {
        "aten::mkldnn_convolution": 4.0, "sm90_xmma_fprop_implicit_gemm_bf16": 1.0, "ConvolutionBackward0": 1.0,
        "aten::native_batch_norm": 1.0,
        "aten::_fused_adam_": 1.0, "aten::copy_": 1.0, "aten::leaky_relu_backward": 0.5, "aten::normal_": 0.5,
    }  # fmt: skip
    assert list(step_profile.shares(times).values()) == [0.6, 0.1, 0.1, 0.1, 0.05, 0.05]


@pytest.mark.slow
def test_a_quick_profile_names_where_the_time_of_a_step_goes(benchmarks, tmp_path, capsys):
    out = benchmarks.run(["step-profile"], tmp_path / "result.json", device="cpu", quick=True)
    assert "convolutions" in capsys.readouterr().out
    cases = json.loads(out.read_text())["step-profile"]["cases"]
    assert cases[0]["precision"] == "fp32"
    for case in cases:
        assert case["milliseconds"] > 0 and case["share_of_peak"] > 0
        assert case["shares_of_time"]["convolutions"] > 0
        assert sum(case["shares_of_time"].values()) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_a_quick_run_writes_checkpoints_behind_the_loop_and_waits_for_them(
    benchmarks, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    out = benchmarks.run(["checkpoints"], tmp_path / "result.json", device="cpu", quick=True)
    assert "written behind the loop" in capsys.readouterr().out
    (row,) = json.loads(out.read_text())["checkpoints"]["cases"]
    assert row["checkpoint_megabytes"] > 0.1, "the side that waits has written"
    assert row["step_milliseconds"] > 0 and set(row["milliseconds_a_checkpoint"]) == {"behind", "waiting"}
    assert row["ratio"][1] <= row["ratio"][0] <= row["ratio"][2]


@pytest.mark.slow
def test_a_quick_wgan_gp_run_compares_like_with_like(project, tmp_path):
    out = tmp_path / "result.json"
    command = [sys.executable, "-m", "course_lib.cli", "bench", "wgan-gp-step", "--quick", "--device", "cpu"]
    done = subprocess.run(
        [*command, "--out", str(out)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(out.read_text())["wgan-gp-step"]["cases"]
    ours, plain = row["course"], row["plain"]
    assert ours["parameters"] == plain["parameters"] and ours["threads"] == plain["threads"]
    # the same algorithm; ours spares the zeros of the penalty and the gradients of the critic's weights in G's step
    assert 0.6 < ours["gflop_per_image"] / plain["gflop_per_image"] < 0.95


@pytest.mark.slow
def test_a_quick_glo_run_compares_like_with_like(benchmarks, tmp_path, capsys):
    out = benchmarks.run(["glo-step"], tmp_path / "result.json", device="cpu", quick=True)
    rows = json.loads(out.read_text())["glo-step"]["cases"]
    assert [row["codes"] for row in rows] == ["dense", "rows"]
    for row in rows:
        assert row["course"]["parameters"] == row["plain"]["parameters"]
        assert row["course"]["threads"] == row["plain"]["threads"] and row["ratio"]["min"] > 0
    assert "case by case: dense, rows" in capsys.readouterr().out


def test_drawing_faces_is_timed_at_every_size(bench, monkeypatch):
    drawing = bench("faces_drawing")
    monkeypatch.setattr(drawing, "RESOLUTIONS", (16, 32))
    threads = torch.get_num_threads()
    result = drawing.measure("cpu", quick=True)
    assert torch.get_num_threads() == threads
    assert [row["resolution"] for row in result["cases"]] == [16, 32]
    for row in result["cases"]:
        rate = row["images_per_second"]
        assert 0 < rate["min"] <= rate["median"] <= rate["max"] and row["cpu_ms_per_image"] > 0
    assert str(result["cases"][1]["cpu_ms_per_image"])[:4] in drawing.table(result)


def test_codes_found_in_batches_are_those_found_one_at_a_time(benchmarks, tmp_path, capsys):
    out = benchmarks.run(["codes"], tmp_path / "result.json", device="cpu", quick=True)
    assert "batched/s" in capsys.readouterr().out
    found = json.loads(out.read_text())["codes"]
    assert found["ratio"]["min"] <= found["ratio"]["median"] <= found["ratio"]["max"] and found["wanted"] == 8
    assert found["largest_relative_difference_of_losses"] < 1e-3


def test_pairs_asked_for_and_made_ahead_are_timed_in_turn(benchmarks, tmp_path, capsys, monkeypatch):
    module = importlib.import_module("benchmarks.pair_stream")
    monkeypatch.setattr(module, "RECIPES", ("projection-faces",))
    threads = torch.get_num_threads()
    out = benchmarks.run(["pair-stream"], tmp_path / "result.json", device="cpu", quick=True)
    assert torch.get_num_threads() == threads
    assert "times as fast" in capsys.readouterr().out
    for case in json.loads(out.read_text())["pair-stream"]["cases"]:
        for way in ("asked", "ahead"):
            assert 0 < case["milliseconds"][way][1] <= case["milliseconds"][way][0]
            assert 0 <= case["waiting"][way][0] <= 1


def test_grading_is_left_out_where_nbgrader_is_missing(benchmarks, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("COURSE_NBGRADER", raising=False)
    (tmp_path / "result.json").write_text('{"grading": {"of": "last week"}}')
    out = benchmarks.run(["grading"], tmp_path / "result.json", device="cpu", quick=True)
    assert "skipped, for nbgrader is not installed" in capsys.readouterr().out
    assert json.loads(out.read_text()) == {"grading": {"of": "last week"}}


def test_a_class_is_mixed(bench):
    grading = bench("grading")
    class_ = grading.hand_in(200, ["01-gan-game"])
    kinds = {kind: sum(s.kind == kind for s in class_) for kind in grading.KINDS}
    assert kinds == {kind: 2 * share for kind, share in grading.KINDS.items()}
    assert len({s.student for s in class_}) == 200
    assert "BEGIN SOLUTION" not in json.dumps([s.notebook for s in class_])
    assert all("while True: pass" in json.dumps(s.notebook) for s in class_ if s.kind == "endless")


def test_a_transposed_convolution_to_one_channel_is_the_same_in_three_ways(benchmarks):
    """Of an uneven weight: a tap at a wrong place would show."""
    module = importlib.import_module("benchmarks.one_channel")
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(*s, dtype=torch.float64) for s in ((2, 3, 5, 5), (3, 1, 4, 4), (1,)))
    expected = torch.nn.functional.conv_transpose2d(x, weight, bias, 2, 1)
    for way, w in module.ways(weight).values():
        torch.testing.assert_close(way(x, w, bias), expected, rtol=1e-12, atol=1e-12)
    result = module.case_of((2, 3, 4), torch.float32, "cpu", 1)
    assert set(result["times_as_fast"]) == {"shuffle", "product"}
    assert max(result["largest_error"].values()) < 1e-6
