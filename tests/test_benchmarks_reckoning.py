"""What is reckoned from counts (scaling, costs, targets), and the tables of the lab guide that show it."""

import json
import re

import pytest


def test_scaling_follows_from_its_assumptions(bench):
    scaling = bench("scaling")
    cluster = scaling.Cluster(inside=100e9, between=10e9, latency_inside=1e-5, latency_between=1e-4)
    row = {"seconds_per_step": 0.01, "summed_bytes_per_step": 1e8, "gathered_bytes_per_step": 0,
           "messages_per_step": 10, "gflop_per_step": 1.0, "gigabytes_per_step": 0.0, "calls_per_step": 0,
           "precision": "bf16"}  # fmt: skip
    assert scaling.sent_seconds(row, 1, cluster) == 0 and scaling.efficiency(row, 1, True, cluster) == 1
    # a ring of eight: 2 · 7/8 of 100 MB at 100 GB/s, and ten messages of three doublings
    assert scaling.sent_seconds(row, 8, cluster) == pytest.approx(1.75e-3 + 10 * 3e-5)
    assert scaling.sent_seconds(row, 16, cluster) == pytest.approx(1.875e-2 + 10 * (3e-5 + 1e-4))
    # a message with a place for each process grows with their number
    gathered = row | {"gathered_bytes_per_step": 1e6}
    assert scaling.sent_seconds(gathered, 8, cluster) == pytest.approx(1.75e-3 * 1.08 + 10 * 3e-5)
    for case in (row, gathered):
        shares = [scaling.efficiency(case, n, True, cluster) for n in scaling.GPUS]
        assert shares == sorted(shares, reverse=True)
    assert scaling.step_seconds(row, False, cluster) == pytest.approx(1e9 / (0.3 * 989e12))
    single = row | {"precision": "fp32"}
    assert scaling.step_seconds(single, False, cluster) == pytest.approx(2e9 / (0.3 * 989e12))


def test_a_table_leaves_out_what_failed(bench):
    row = {"recipe": "a", "compiled": False, "resolution": 64, "batch": 8, "seconds_per_step": 0.1,
           "summed_bytes_per_step": 1e6, "gathered_bytes_per_step": 2e5, "messages_per_step": 2,
           "gflop_per_step": 1.0, "gigabytes_per_step": 1.0, "calls_per_step": 1, "precision": "bf16"}  # fmt: skip
    text = bench("scaling").table({"device": "cpu", "cases": [row, {"compiled": False, "error": "no"}]})
    assert text.count("\n") == 3 and "| a | 64 | 8 | 0.6 | 1 | 0.2 | 2 |" in text


def test_what_bounds_a_step_is_the_longest_of_three(bench):
    row = {"recipe": "a", "resolution": 8, "batch": 4, "steps": 6000, "memory_bytes": 2e9, "checkpoint_bytes": 3e6,
           "checkpoints": 2, "gflop_per_step": 0.0, "gigabytes_per_step": 0.0, "calls_per_step": 1000,
           "precision": "bf16"}  # fmt: skip
    assert "| 10 | starts | 1 min | 2.0 GB | 6 MB |" in bench("costs").table([row])
    row |= {"gflop_per_step": 0.3 * 989e3 * 3.6}  # 3.6 seconds a step at what is reached of the peak
    assert "| products | 6 h |" in bench("costs").table([row])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00123, "1.2"), (0.0994, "99"), (0.0996, "100"), (0.104, "104"), (1.234, "1234")],
)
def test_milliseconds_have_two_digits_and_no_exponent(bench, seconds, text):
    assert bench("costs").milliseconds(seconds) == text


def test_clggan_costs_what_its_target_is_reckoned_to_take(bench, project):
    """Both tables are of the same step, in the precision that a GPU takes by itself."""
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    (recipe,) = (row for row in counted["recipes"] if row["recipe"] == "clggan-faces")
    thesis = bench("targets").TRAININGS[1]
    key = {"target": thesis.title, "batch": recipe["batch"], "precision": recipe["precision"]}
    (target,) = (row for row in counted["targets"] if key.items() <= row.items())
    scaling = bench("scaling")
    assert recipe["precision"] == "bf16" and recipe["steps"] == thesis.steps(recipe["batch"])
    assert scaling.reckoned(recipe, scaling.Cluster()) == scaling.reckoned(target, scaling.Cluster())


def test_the_lab_guide_shows_what_is_reckoned(bench, project):
    """`python -m benchmarks.scaling` prints it; the numbers under it are counted by `python -m benchmarks.recipes`."""
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    assert [row["recipe"] for row in counted["cases"]] == [name for name, _ in bench("recipes").CASES]
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    assert bench("scaling").table(counted) in text and bench("costs").table(counted["recipes"]) in text
    # "a larger batch sends more", and its share of 64 GPUs is less
    small, large = (row for row in counted["cases"] if row["recipe"] == "clggan-faces")
    assert large["gathered_bytes_per_step"] > small["gathered_bytes_per_step"]
    cluster = bench("scaling").Cluster()
    shares = [bench("scaling").efficiency(row, 64, False, cluster) for row in (small, large)]
    assert shares[0] > shares[1]
    targets = bench("targets")
    assert targets.reckoning(counted["targets"]) in text and targets.profiles(counted["targets"]) in text


@pytest.mark.parametrize("module", ["scaling", "costs", "targets"])
def test_the_command_that_is_named_prints_what_the_lab_guide_shows(project, bench_command, module):
    text = (project / "book" / "lab-guide.md").read_text("utf-8")
    tables = bench_command(module).split("\n\n")
    assert len(tables) == (2 if module == "targets" else 1)
    for table in tables:
        assert table.startswith("|") and table.strip() in text


def test_scaling_is_reckoned_from_a_file_of_course_bench(project, bench_command, tmp_path):
    counted = json.loads((project / "benchmarks" / "results" / "counted.json").read_text())
    row = counted["cases"][0] | {"seconds_per_step": 0.5}
    file, out = tmp_path / "bench.json", tmp_path / "table.md"
    file.write_text(json.dumps({"recipes": {"device": "cuda", "cases": [row]}, "graphs": {}}))
    said = bench_command("scaling", file, "--out", out)
    assert out.read_text() == said and "| 5e+02 |" in said


def test_the_commands_that_are_named_are_tried(project):
    """Above or by tests of `benchmarks.gpu`, which calls `every_recipe`; two print one function, in half a minute."""
    known = {"scaling", "costs", "targets", "recipes", "gpu", "every_recipe", "equal_time", "one_channel"}
    pages = [*project.glob("*.md"), *project.glob("b*/*.md"), *project.glob("benchmarks/*.py")]
    named = {name for page in pages for name in re.findall(r"-m benchmarks\.(\w+)", page.read_text("utf-8"))}
    assert named == known
    for name in named:
        assert '__name__ == "__main__"' in (project / "benchmarks" / f"{name}.py").read_text("utf-8")
