"""Pages under variations: each runs as it says, every claim is recorded, and what is recorded is not made again."""

import json

import pytest
from books import make_book

from course_lib import cli, notebooks, paths, robustness, variables
from course_lib.errors import UsageError
from course_lib.robustness import variations

# says what it runs with; its second claim fails with other seeds, and with yet others it stops
PAGE = [
    "import os\nfrom course_lib import claims\n"
    "names = ('COURSE_PRECISION', 'OMP_NUM_THREADS', 'ATEN_CPU_CAPABILITY', 'COURSE_SEED_SHIFT', 'COURSE_STRICT')\n"
    "seen = ' '.join(str(os.environ.get(name)) for name in names)\n"
    "shift = int(os.environ['COURSE_SEED_SHIFT'])",
    "claims.live('page-always', True, seen)",
    "assert shift != 2000, 'no such run'",
    "claims.live('page-sometimes', shift == 0, f'the shift was {shift}')",
]
SOME = {name: robustness.VARIATIONS[name] for name in ("base", "threads", "seeds-1", "seeds-2")}


@pytest.fixture
def project(tmp_path, monkeypatch):
    # it is taken away: a claim that fails is what the command looks for
    monkeypatch.setenv("COURSE_STRICT", "1")
    monkeypatch.setattr(notebooks, "cores", lambda: 2)
    made = make_book(tmp_path, {"01-first": PAGE, "02-second": ["1"]})
    (made / "course_lib").mkdir()
    (made / "course_lib" / "a.py").write_text("A = 1\n")
    monkeypatch.setattr(paths, "project", lambda: made)
    return made


def made_by(project, some=SOME, pages=("book/01-first",), **settings):
    return {name: lines for _, name, lines in robustness.run(pages, some, project=project, **settings)}


def test_variations_change_one_thing_each():
    base = variations.BASE.to_json()
    for name, variation in robustness.VARIATIONS.items():
        assert robustness.Variation.from_json(json.loads(json.dumps(variation.to_json()))) == variation
        differ = [key for key, value in variation.to_json().items() if value != base[key]]
        # bf16 comes with the instructions that it needs
        assert len(differ) == {"base": 0, "bf16": 2}.get(name, 1)
    found = [variation.label for variation in robustness.VARIATIONS.values()]
    assert found == [
        "base",
        "2 threads",
        "default instructions",
        "bf16",
        *(f"seeds + {k}000" for k in (1, 2, 3)),
    ]


def test_the_environment_of_a_variation_is_whole():
    """Also where the caller's own environment says otherwise."""
    plain, default = (robustness.VARIATIONS[name].environment() for name in ("base", "instructions"))
    for name, value in variables.PLAIN_INSTRUCTIONS.items():
        assert plain[name] == value and default[name] is None
    assert plain.keys() == default.keys() and default["DNNL_MAX_CPU_ISA"] is None


@pytest.mark.parametrize(
    ("flags", "missing"),
    [({"avx2"}, {"instructions", "bf16"}), ({"avx512f"}, {"bf16"}), ({"avx512f", "avx512_bf16"}, set())],
)
def test_what_a_machine_cannot_vary_is_left_out(monkeypatch, flags, missing):
    monkeypatch.setattr(variations, "_processor_flags", lambda: flags)
    monkeypatch.setattr(variations.os, "cpu_count", lambda: 2)
    assert robustness.VARIATIONS.keys() - variations.chosen(None).keys() == missing
    for name in missing:
        with pytest.raises(UsageError, match=f"cannot make the variation '{name}'"):
            variations.chosen([name])
    with pytest.raises(UsageError, match="seeds-1"):
        variations.chosen(["seed-1"])


def test_claims_are_recorded_and_made_once(project):
    lines = made_by(project)
    of = {name: {line["claim"]: line for line in some} for name, some in lines.items()}
    assert of["base"]["page-always"]["here"] == "fp32 1 avx2 0 None"
    assert of["threads"]["page-always"]["here"] == "fp32 2 avx2 0 None"
    assert of["base"]["page-sometimes"]["holds"] and not of["seeds-1"]["page-sometimes"]["holds"]
    assert of["base"][robustness.ENDS]["holds"] and of["base"][robustness.ENDS]["cpu_seconds"] > 0
    # the page that raised is a line of its own, and what it claimed before is there
    assert not of["seeds-2"][robustness.ENDS]["holds"]
    assert of["seeds-2"][robustness.ENDS]["here"] == "cell 4: AssertionError: no such run"
    assert of["seeds-2"].keys() == {robustness.ENDS, "page-always"}
    # again: nothing; with another library or another page: everything; when asked: what is asked for
    assert made_by(project) == {}
    one = {"base": SOME["base"]}
    assert made_by(project, one, again=True).keys() == {"base"}
    (project / "course_lib" / "a.py").write_text("A = 2\n")
    assert made_by(project, one).keys() == {"base"}
    written = robustness.recorded("book/01-first", project / "records" / "robustness")
    assert len(written) == 3 + 3 + 3 + 2  # a variation that was made again has replaced its own lines only
    assert all(line["machine"] and line["torch"] and line["date"] for line in written)


def lines_of(holds_by_variation):
    return [
        {"claim": claim, "holds": holds, "here": f"seen {name}", "variation": SOME[name].to_json()}
        for name, claims in holds_by_variation.items()
        for claim, holds in claims.items()
    ]


def test_the_grid_shows_what_failed_and_what_was_not_reached():
    lines = lines_of(
        {
            "seeds-1": {robustness.ENDS: False, "a": False},
            "base": {robustness.ENDS: True, "a": True, "b": True},
        }
    )
    assert robustness.labels(lines) == ["base", "seeds + 1000"]
    holds, fails, unknown = robustness.HOLDS, robustness.FAILS, robustness.UNKNOWN
    assert robustness.grid(lines) == {
        "a": {"base": holds, "seeds + 1000": fails},
        "b": {"base": holds, "seeds + 1000": unknown},
        robustness.ENDS: {"base": holds, "seeds + 1000": fails},
    }
    assert list(robustness.grid(lines))[-1] == robustness.ENDS
    assert "a (seeds + 1000): seen seeds-1" in robustness.disagreements(lines)


@pytest.mark.parametrize("change", ["page", "record", "network", "library"])
def test_the_fingerprint_is_of_what_the_page_stands_on(project, change):
    page = project / "book" / "02-second.ipynb"
    notebook = json.loads(page.read_text())
    notebook["cells"][1]["source"] = 'records.read("study")\nload("net")'
    page.write_text(json.dumps(notebook))
    (project / "zoo" / "net").mkdir(parents=True)
    (project / "records").mkdir()
    files = {
        "record": project / "records" / "study.jsonl",
        "network": project / "zoo" / "net" / "config.json",
        "library": project / "course_lib" / "a.py",
    }
    for file in files.values():
        file.write_text("A = 1\n")
    before = robustness.fingerprint("book/02-second")
    # prose, comments, and records of which the page does not speak
    notebook["cells"][0]["source"] = "Other words."
    page.write_text(json.dumps(notebook))
    (project / "records" / "another.jsonl").write_text("{}\n")
    files["library"].write_text("A = 1  # a remark\n")
    assert robustness.fingerprint("book/02-second") == before
    if change == "page":
        notebook["cells"][1]["source"] += "\n2"
        page.write_text(json.dumps(notebook))
    else:
        files[change].write_text("A = 2\n")
    assert robustness.fingerprint("book/02-second") != before


def test_the_command_prints_the_table_and_fails_where_a_claim_does(project, capsys):
    command = ["robustness", "01", "--variations"]
    assert cli.main([*command, "base"]) == 0
    out, _ = capsys.readouterr()
    assert out.splitlines()[-1] == "every claim holds in every variation tried (1)"
    assert cli.main([*command, "seeds-1", "base"]) == 1
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines() if line.startswith("page-some")] == [
        ["page-sometimes", "holds", "fails"]
    ]
    assert "page-sometimes (seeds + 1000): the shift was 1000" in err
    assert cli.main(["robustness", "--list"]) == 0
    out, _ = capsys.readouterr()
    assert "01-first             2 recorded, 2 of them of today's code" in out
    assert "02-second            0 recorded" in out
    assert cli.main(["robustness", "7"]) == 2
