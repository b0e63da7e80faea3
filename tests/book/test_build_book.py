"""Notebooks executed side by side, and what `make book` says of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import build_book
import execution_cache
import pytest
import yaml
from build_times import Times, words

from course_lib import notebooks, pages
from course_lib.robustness import BASE, VARIATIONS

EXT = Path(build_book.__file__).parent
GOOD = ["x = 6 * 7", "print(x)"]
BAD = ["x = 1", "print('before')\nassert x == 2, 'x is one'", "print('never')"]


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(notebooks, "cores", lambda: 2)
    for name in ("COURSE_TIER", *execution_cache.VARIABLES):
        monkeypatch.delenv(name, raising=False)


def test_a_failing_notebook_is_named_and_the_others_are_kept(book, capfd):
    project = book({"01-good": GOOD, "02-bad": BAD})
    assert build_book.main([], project) == 1
    out, err = capfd.readouterr()
    assert "2 of 2 notebooks to execute, 2 side by side" in out
    assert "started book/01-good" in out and "done book/01-good" in out and "0 of 2 left" in out
    assert "FAILED book/02-bad" in out
    # where and what, with the code and the traceback
    assert "02-bad.ipynb, cell 3: AssertionError: x is one" in out and "| assert x == 2" in out
    assert "1 of 2 notebooks failed" in err and "02-bad.ipynb, cell 3" in err
    known = json.loads((project / "_build" / "times.json").read_text())["pages"]
    assert known.keys() == {"book/01-good"} and known["book/01-good"]["cpu_seconds"] > 0
    # again: only the one that failed
    assert build_book.main([], project) == 1
    out, _ = capfd.readouterr()
    assert "1 of 2 notebooks to execute" in out and "started book/01-good" not in out


def test_one_page_is_found_by_the_beginning_of_its_name(book, capfd):
    project = book({"01-good": GOOD, "01b-more": GOOD, "measures": GOOD, "measures-pairs": GOOD})
    found = {text: pages.find(project, text) for text in ("01", "measures", "measures-p")}
    assert pages.find(project, "01b") == "book/01b-more"
    assert found == {"01": "book/01-good", "measures": "book/measures", "measures-p": "book/measures-pairs"}
    for text, sentence in (("7", "no page begins with '7'"), ("m", "several pages begin with 'm'")):
        assert build_book.main(["--page", text], project) == 2
        _, err = capfd.readouterr()
        assert sentence in err and "measures-pairs" in err


def test_heaviest_first_and_one_thread_each(book):
    cells = ["import os, json", "print(json.dumps([os.environ['OMP_NUM_THREADS'], os.getcwd()]))"]
    names = ("quick", "slow", "new")
    project = book(dict.fromkeys(names, cells))
    times = {"quick": 1.0, "slow": 9.0, "new": None}
    jobs = [notebooks.Job(n, project / "book" / f"{n}.ipynb", build_book.ONE_THREAD, times[n]) for n in names]
    progress = notebooks.Progress(len(jobs))
    outcomes = list(notebooks.execute(jobs, workers=1, progress=progress))
    assert [o.job.name for o in outcomes] == ["new", "slow", "quick"]
    printed = json.loads(outcomes[0].notebook.cells[-1].outputs[0].text)
    assert printed == ["1", str(project / "book")]


def test_notebooks_run_at_the_same_time(book):
    """Each waits until the other has begun: one after the other, they would wait in vain."""
    cells = [
        "import pathlib, time\npathlib.Path('{me}').touch()\n"
        "for _ in range(600):\n    if pathlib.Path('{other}').exists(): break\n    time.sleep(0.05)\n"
        "else: raise TimeoutError"
    ]
    both = {
        me: [c.replace("{me}", me).replace("{other}", other) for c in cells]
        for me, other in (("a", "b"), ("b", "a"))
    }
    project = book(both)
    assert build_book.execute(project, [f"book/{n}" for n in both], Times(project)) == (2, 0, [])


def test_memory_limits_how_many_run_at_a_time(monkeypatch):
    import psutil

    monkeypatch.setattr(notebooks, "cores", lambda: 64)
    for gigabytes, expected in ((1, 1), (8, 5), (256, 64)):
        memory = psutil.virtual_memory()._replace(total=gigabytes * 10**9)
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        assert notebooks.side_by_side() == expected


def test_a_kernel_that_dies_or_takes_too_long_is_a_failure(book):
    project = book({"dies": ["import os\nos._exit(3)"], "sleeps": ["import time\ntime.sleep(60)"]}, timeout=2)
    executed = build_book.execute(project, ["book/dies", "book/sleeps"], Times(project))
    errors = {outcome.job.name: outcome.failure.error for outcome in executed.failed}
    assert "died" in errors["book/dies"] and "2 seconds" in errors["book/sleeps"]


def test_control_c_stops_every_kernel(book):
    cells = ["import os, pathlib, time\npathlib.Path(f'{os.getpid()}.pid').touch()\ntime.sleep(120)"]
    project = book({"a": cells, "b": cells, "c": cells})
    code = (
        f"import sys; sys.path.insert(0, {str(EXT)!r})\nimport build_book, pathlib\n"
        f"from course_lib import notebooks\nnotebooks.cores = lambda: 2\n"
        f"sys.exit(build_book.main([], pathlib.Path({str(project)!r})))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300  # on a busy machine the start of a kernel takes a minute
    while len(list(project.glob("book/*.pid"))) < 2:
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.1)
    kernels = [int(path.stem) for path in project.glob("book/*.pid")]
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=300)
    assert child.returncode == 130 and "interrupted" in err, err
    for pid in kernels:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert len(list(project.glob("book/*.pid"))) == 2  # the third was not begun


def test_a_page_that_myst_executes_each_time_is_left_to_it(book, capsys):
    project = book({"fixed": GOOD})
    path = project / "book" / "fixed.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["mystnb"] = {"execution_mode": "force"}
    path.write_text(json.dumps(notebook))
    assert build_book.execute(project, ["book/fixed"], Times(project)) == (0, 0, [])


def stand_on(project):
    (project / "course_lib").mkdir(parents=True)
    (project / "records" / "robustness").mkdir(parents=True)
    (project / "course_lib" / "a.py").write_text("A = 1\n")


def test_the_cache_changes_with_what_outputs_depend_on(tmp_path, monkeypatch):
    stand_on(tmp_path)
    seen = [execution_cache.choose(tmp_path)]
    assert execution_cache.choose(tmp_path) == seen[0] and seen[0].is_dir()
    changes = [
        lambda: (tmp_path / "course_lib" / "a.py").write_text("A = 2\n"),
        lambda: (tmp_path / "records" / "robustness" / "p.jsonl").write_text("{}\n"),
        lambda: monkeypatch.setenv("COURSE_TIER", "smoke"),
        *(lambda name=name: monkeypatch.setenv(name, "1") for name in execution_cache.VARIABLES),
    ]
    for change in changes:
        change()
        seen.append(execution_cache.choose(tmp_path))
    assert len(set(seen)) == len(seen) == 3 + 1 + len(execution_cache.VARIABLES)
    # the others that were used last are kept, and no more
    assert [path for path in seen if path.exists()] == seen[-execution_cache.CACHES_KEPT :]


def test_times_of_a_fresh_checkout_are_the_committed_ones(tmp_path):
    (tmp_path / "book").mkdir()
    committed = {"pages": {"book/a": {"seconds": 3.0}}, "build": 130, "notebooks": 70}
    committed |= {"processor": "P", "cores": 2, "date": "2026-01-01"}
    assert "no build" in Times(tmp_path).last_build()
    (tmp_path / "book" / "times.json").write_text(json.dumps(committed))
    times = Times(tmp_path)
    assert times.of("book/a") == 3.0 and times.of("book/b") is None
    assert "2 min 10 s, of which the notebooks 1 min 10 s (P, 2 cores, 2026-01-01)" in times.last_build()
    times.note_build(1, 2)
    times.save()
    assert Times(tmp_path).last_build().startswith("the last build of the whole book took 2 s")
    assert words(59.6) == "1 min 0 s"


def with_extensions(project):
    """The course's own extension, and nothing that a small book can do without."""
    config = yaml.safe_load((project / "_config.yml").read_text())
    config["execute"] |= {"execute_notebooks": "cache", "raise_on_error": True}
    config["sphinx"] = {"local_extensions": {"course_ext": str(EXT)}, "config": {"html_static_path": []}}
    (project / "_config.yml").write_text(yaml.safe_dump(config))
    return project


@pytest.mark.slow
def test_jupyter_book_finds_every_notebook_executed(book, capfd):
    """A page leaves a mark each time that it is executed: one mark after both steps."""
    cells = ["open('runs.txt', 'a').write('x')\nprint(6 * 7)"]
    project = with_extensions(book({"01-first": cells, "02-second": ["print('second')"]}))
    lines = [
        {"claim": "first-claim", "holds": holds, "here": "five of eight", "variation": variation.to_json()}
        | {"machine": "M", "torch": "2", "date": "2026-01-01"}
        for holds, variation in ((True, BASE), (False, VARIATIONS["threads"]))
    ]
    (project / "records" / "robustness").mkdir(parents=True)
    record = project / "records" / "robustness" / "01-first.jsonl"
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (project / "book" / "index.md").write_text("# Small\n\n```{claims-table}\n```\n")
    assert build_book.main([], project) == 0
    assert (project / "book" / "runs.txt").read_text() == "x"
    assert "42" in (project / "_build" / "html" / "book" / "01-first.html").read_text()
    claims = (project / "_build" / "html" / "book" / "index.html").read_text()
    assert all(
        text in claims
        for text in ("first-claim", "✓", "✗", "2 threads", "Recorded 2026-01-01 on M, torch 2.")
    )
    assert "first-claim (2 threads): five of eight" in claims
    times = json.loads((project / "_build" / "times.json").read_text())
    assert times["build"] >= times["notebooks"] > 0
    capfd.readouterr()
    # one chapter by itself, beside the whole book, from the same outputs
    assert build_book.main(["--page", "02"], project) == 0
    assert "0 of 1 notebooks to execute" in capfd.readouterr().out
    html = project / "_build" / "one" / "_build" / "html" / "book"
    assert "second" in (html / "02-second.html").read_text() and not (html / "01-first.html").exists()
