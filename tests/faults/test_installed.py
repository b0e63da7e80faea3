"""The course as a wheel: built, installed where no checkout is, and used there without writing into it."""

import os
import subprocess
import sys
import sysconfig

import pytest
from faults import ledger

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(project, tmp_path_factory):
    """An environment with the wheel; torch and the like are those of the environment that tests."""
    pytest.importorskip("hatchling", reason="builds the wheel: pip install hatchling")
    folder = tmp_path_factory.mktemp("installed")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    building = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(building, cwd=project, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    python = folder / "env" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-compile", wheel],
        env=environment, check=True,
    )  # fmt: skip
    # as a line of a .pth file, so that files of that kind in there, with which a checkout is installed, do not count
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env"


@pytest.fixture
def course(installed, tmp_path):
    """Call the command in an empty folder: exit code, output and error. What was installed must stay as it was."""
    (packages,) = (installed / "lib").glob("python*/site-packages")

    def state() -> dict[str, tuple[int, int]]:
        return {str(p): ((s := p.stat()).st_size, s.st_mtime_ns) for p in packages.rglob("*") if p.is_file()}

    def call(*words, code=0) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_RECIPES")}
        environment |= {"COURSE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [installed / "bin" / "course", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code and "Traceback" not in done.stderr, (words, done.stdout, done.stderr)
        ledger.note("an installed wheel", "clear sentence" if code else "identical")
        return done

    before = state()
    yield call
    assert state() == before, "something was written into the installed package"


def test_the_zoo_travels_with_the_package(course, installed, project, tmp_path):
    python = [installed / "bin" / "python", "-c", "import course_lib; print(course_lib.__file__)"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {
        "PYTHONDONTWRITEBYTECODE": "1"
    }
    where = subprocess.run(python, env=environment, cwd=tmp_path, capture_output=True, text=True).stdout
    assert str(installed) in where and str(project) not in where
    names = [line.split(":")[0] for line in course("zoo", "list").stdout.splitlines()]
    assert set(names) == {p.name for p in (project / "zoo").iterdir() if p.is_dir()}
    assert course("zoo", "check").stdout.splitlines() == [f"{name}: ok" for name in names]
    course("sample", "dcgan-faces", "-n", "4")
    assert (tmp_path / "grid.png").is_file()


def test_runs_are_trained_and_measured(course, tmp_path):
    course("train", "gan-ring", "--tier", "smoke", "--quiet", "--out", "run")
    assert "modes" in course("evaluate", "run", "--samples", "100").stdout
    assert "accuracy" in course("evaluate", "classifier-digits").stdout


def test_studies_are_run_beside_the_records_that_came_along(course, project, tmp_path):
    assert "minimax-ring" in course("study", "list").stdout
    course("study", "run", "minimax-ring", "--tier", "smoke", "--seeds", "1", "--out", "mine")
    assert (tmp_path / "mine" / "minimax-ring.jsonl").is_file()
    error = course("study", "run", "minimax-ring", "--tier", "smoke", code=2).stderr
    assert "holds a record of the tier 'book': give --out another folder" in error


def test_exercises_are_listed_and_released(course, project, tmp_path):
    assert course("exercises", "list").stdout
    course("exercises", "release", "--out", "handout")
    starters = {p.name for p in (project / "exercises").glob("*.ipynb")}
    assert {p.name for p in (tmp_path / "handout").glob("*.ipynb")} == starters


@pytest.mark.parametrize(
    "words",
    [
        ["bench"],
        ["zoo", "train", "dcgan-fashion"],
        ["zoo", "measure", "dcgan-fashion"],
        ["robustness", "01"],
        ["exercises", "build"],
        ["exercises", "check"],
    ],
    ids=" ".join,
)
def test_what_needs_a_checkout_says_so(course, words):
    error = course(*words, code=1).stderr
    assert error.startswith("course: ") and error.count("\n") == 1
    assert "can be done in a checkout of the course" in error
