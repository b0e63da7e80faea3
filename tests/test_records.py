"""Records, and the fingerprint that tells whether they are of today's code."""

import ast
import dataclasses
import json
import shutil

import pytest

from course_lib import paths, recipes, records
from course_lib.errors import CourseError


def line(variant="a", seed=0, code=None, **measures):
    rows = [{"step": step, **{n: v[i] for n, v in measures.items()}} for i, step in enumerate((0, 10))]
    return {
        "study": "test", "variant": variant, "recipe": "gan-ring", "tier": "book", "changes": {}, "seed": seed,
        "measures": rows, "hardware": {"device": "a CPU", "threads": 2, "torch": "2"}, "minutes": 1.25,
        "date": "2026-01-01", "code": code or records.fingerprint("gan-ring"),
    }  # fmt: skip


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "records", lambda: tmp_path)

    def write(*lines):
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in lines))
        return records.read("test")

    return write


def test_a_record_gives_series_and_spreads(write):
    record = write(line("b", 0, d=[4.0, 2.0]), line("a", 0, d=[5.0, 1.0]), line("b", 1, d=[4.5, 2.5]))
    assert record.variants == ["b", "a"] and record.minutes == 3.75
    assert record.series("b", "d") == ([0, 10], [[4.0, 2.0], [4.5, 2.5]])
    assert record.final("b", "d") == [2.0, 2.5] and record.final("a", "d") == [1.0]


def test_a_page_says_when_the_code_has_changed(write):
    fresh = write(line(d=[1.0, 2.0]))
    assert not fresh.stale and "changed" not in fresh.notice()
    assert "2026-01-01 on a CPU (2 threads a run, torch 2) in 75 seconds of training" in fresh.notice()
    stale = write(line(d=[1.0, 2.0]), line(seed=1, code="0" * 16, d=[1.0, 2.0]))
    assert stale.stale and "The code has changed since" in stale.notice()


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "less than a second"),
        (0.02, "1 second"),
        (0.5, "30 seconds"),
        (1.99, "119 seconds"),
        (2, "2 minutes"),
    ],
)
def test_a_short_time_is_said_in_seconds(minutes, text):
    assert records.duration(minutes) == text


def test_what_cannot_be_read_is_named(write, tmp_path):
    with pytest.raises(CourseError, match="course study run test"):
        records.read("test")
    with pytest.raises(CourseError, match="is empty"):
        write()
    write(line(d=[1.0, 2.0]))
    with open(tmp_path / "test.jsonl", "a") as file:
        file.write('{"study"')
    with pytest.raises(CourseError, match="line 2 of .* is damaged"):
        records.read("test")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of the library whose files may be changed."""
    shutil.copytree(paths.project() / "course_lib", tmp_path / "course_lib")
    monkeypatch.setattr(paths, "project", lambda: tmp_path)
    return tmp_path / "course_lib"


def append(file, text):
    file.write_text(file.read_text() + text)


def test_prose_and_unrelated_code_do_not_change_a_fingerprint(checkout):
    names = ("gan-ring", "classifier-fashion")
    before = {name: records.fingerprint(name) for name in names}
    loop = checkout / "training" / "loop.py"
    loop.write_text(loop.read_text().replace('"""Train `method`', '"""  Now train `method`'))
    append(loop, "\n# a remark\n")
    for room, file in (("figures", "style.py"), ("training", "log.py"), ("training", "checkpoint.py")):
        append(checkout / room / file, "\nNEW = 1\n")
    append(checkout / "methods" / "classify.py", "\nNEW = 1\n")
    after = {name: records.fingerprint(name) for name in names}
    assert {name for name in before if before[name] != after[name]} == {"classifier-fashion"}


@pytest.mark.parametrize(
    "file",
    [
        "methods/gan.py", "methods/protocol.py", "networks/mlp.py", "objectives/adversarial.py", "data/toy.py",
        "theory/densities.py",
    ],
)  # fmt: skip
def test_code_that_a_result_depends_on_changes_its_fingerprint(checkout, file):
    before = records.fingerprint("gan-ring")
    append(checkout / file, "\nNEW = 1\n")
    assert records.fingerprint("gan-ring") != before


@pytest.mark.parametrize("module", records.ENGINE)
def test_the_engine_says_by_a_number_whether_its_results_are_the_same(checkout, module):
    """It may be written anew without making a record stale; what changes a result raises the number."""
    before = records.fingerprint("gan-ring")
    file = checkout.parent.joinpath(*module.split(".")).with_suffix(".py")
    append(file, "\nNEW = 1\n")
    assert records.fingerprint("gan-ring") == before
    number = records.numerics(module)
    file.write_text(file.read_text().replace(f"\nNUMERICS = {number}\n", f"\nNUMERICS = {number + 1}\n"))
    assert records.numerics(module) == number + 1 and records.fingerprint("gan-ring") != before


def test_a_changed_formula_makes_a_record_stale_and_a_new_setting_does_not_reach_other_methods(checkout):
    before = {name: records.fingerprint(name) for name in ("gan-ring", "fgan-ring", "wgan-gp-ring")}
    critic = checkout / "objectives" / "wasserstein.py"
    critic.write_text(
        critic.read_text().replace("return fake.mean() - real", "return 2 * fake.mean() - real")
    )
    after = {name: records.fingerprint(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == {"wgan-gp-ring"}


def test_a_setting_that_nobody_uses_changes_no_fingerprint(monkeypatch):
    """Of data and loop, whose code does not count: one more field, at its default, is no other run."""
    before = records.fingerprint("gan-ring")
    resolved = recipes.resolve

    def with_one_more(*arguments, **changes):
        plan = resolved(*arguments, **changes)
        loop = plan.settings["loop"]
        wider = dataclasses.make_dataclass(
            "LoopSettings", [("new", int, 7)], bases=(type(loop),), frozen=True
        )
        return dataclasses.replace(plan, settings={**plan.settings, "loop": wider(**vars(loop))})

    monkeypatch.setattr(recipes, "resolve", with_one_more)
    assert records.fingerprint("gan-ring") == before


def test_a_recipe_with_other_settings_has_another_fingerprint(monkeypatch):
    before = records.fingerprint("gan-ring")
    ring = recipes.RECIPES["gan-ring"]
    changed = recipes.Recipe(
        ring.summary, ring.method, ring.networks, {**ring.changes, "width": 7}, ring.tiers
    )
    monkeypatch.setitem(recipes.RECIPES, "gan-ring", changed)
    assert records.fingerprint("gan-ring") != before


def test_code_reads_the_same_on_every_python():
    """Fields that a version of Python adds are empty in older code, and left out."""
    source = 'class A:\n    """Prose."""\n    def f(self, x: int = 0) -> None:\n        return f"{x!r:>3}"\n'
    assert records._code(ast.parse(source)) == (
        "Module(body=[ClassDef(name='A',body=[FunctionDef(name='f',args=arguments(args=[arg(arg='self'),"
        "arg(arg='x')],defaults=[Constant(value=0)]),"
        "body=[Return(value=JoinedStr(values=[FormattedValue(value=Name(id='x',ctx=Load()),conversion=114,"
        "format_spec=JoinedStr(values=[Constant(value='>3')]))]))])])])"
    )
