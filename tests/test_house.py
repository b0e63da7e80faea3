"""The house: which room may import from which, what no file may do, and how heavy things may be."""

import ast
import importlib.util
import json
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LIBRARY = PROJECT / "course_lib"

# A room imports only from the floors above its own, and from its own floor.
FLOORS = [
    {"theory"},
    {"data"},
    {"networks"},
    {"objectives"},
    {"evaluation"},
    {"methods"},
    {"inversion"},
    {"training"},
    {"figures"},
    {"widgets"},
    {
        "recipes",
        "studies",
        "records",
        "claims",
        "zoo",
        "export",
        "compare",
        "watching",
        "notebooks",
        "pages",
        "reading",
        "robustness",
    },
    {"checks"},
    {"grading"},
    {"cli", "__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Every room may import these; they import no room.
FOUNDATION = {"errors", "ranks", "seeds", "files", "memory", "notices", "paths", "schedules"}
FOUNDATION |= {"settings", "sharing", "variables", "version"}

# What a room must not know although it lies above: room -> what it may not import (prefixes of module names).
IGNORANT = {
    "theory": ["torch.nn", "torch.optim"],
    "objectives": ["course_lib.networks"],
    "figures": ["course_lib.training"],
    "widgets": ["course_lib.training"],
}
# Training knows of methods the protocol and nothing else.
PROTOCOL = "course_lib.methods.protocol"

PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def tracked() -> list[Path]:
    """Files that git tracks, or would track: those that it does not ignore."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        pytest.skip("this is no git checkout: which files belong to the project is not known")
    return [path for name in listing.stdout.split("\0") if name and (path := PROJECT / name).is_file()]


def module_name(path: Path) -> str:
    """course_lib/data/toy.py -> course_lib.data.toy"""
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool) -> set[str]:
    """Full names that `source` imports or reaches, functions included: `from a import b` gives a and a.b."""
    found = set()
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            base = importlib.util.resolve_name(dots + (node.module or ""), package) if dots else node.module
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):  # torch.nn.functional.softplus(x) after `import torch`
            found.add(ast.unparse(node))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def room_of(name: str) -> str | None:
    """course_lib.data.toy -> data; None for what is not ours."""
    parts = name.split(".")
    return parts[1] if parts[0] == "course_lib" and len(parts) > 1 else None


def trespasses(module: str, source: str, is_package: bool = False) -> list[str]:
    """Each import in `source` that the plan of the house forbids, as a sentence."""
    room = room_of(module)
    if room is None:  # the front door, course_lib/__init__.py, opens every room
        return []
    found = imports(source, module, is_package)
    wrong = []
    for name in sorted(found):
        other = room_of(name)
        if other == "load":  # the front door's function leads to the recipes
            other = "recipes"
        if other in FLOOR and (room in FOUNDATION or FLOOR[other] > FLOOR[room]):
            wrong.append(f"{module} imports {name}, which lies below it")
        wrong += [
            f"{module} imports {name}, of which {room} knows nothing"
            for banned in IGNORANT.get(room, [])
            if name == banned or name.startswith(banned + ".")
        ]
        inside_methods = name.startswith("course_lib.methods.")
        if room == "training" and inside_methods and name != PROTOCOL and not name.startswith(PROTOCOL + "."):
            wrong.append(f"{module} imports {name}: training knows only {PROTOCOL}")
    return wrong


SOURCES = sorted(LIBRARY.rglob("*.py"))


def test_every_room_is_on_the_plan():
    rooms = {path.stem for path in LIBRARY.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert rooms - {"__init__", "__pycache__"} <= FLOOR.keys() | FOUNDATION


def test_the_guide_for_contributors_lists_every_room_in_its_order():
    table = (
        (PROJECT / "CONTRIBUTING.md")
        .read_text("utf-8")
        .partition("| package | holds |")[2]
        .partition("\n\n")[0]
    )
    names = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines()[2:]]
    listed = [name for row in names for name in row]
    assert sorted(listed) == sorted(FLOOR.keys() - {"__main__"})
    assert [FLOOR[name] for name in listed] == sorted(FLOOR[name] for name in listed)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_rooms_import_only_from_above(path):
    assert trespasses(module_name(path), path.read_text("utf-8"), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("course_lib.theory.games", "from torch import nn"),
        ("course_lib.theory.games", "import torch\ntorch.nn.functional.softplus(x)"),
        ("course_lib.theory.games", "def f():\n    import course_lib.data.toy"),
        ("course_lib.networks.mlp", "from ..objectives import adversarial"),
        ("course_lib.objectives.penalties", "from course_lib import networks"),
        ("course_lib.training.loop", "from course_lib.methods.gan import GAN"),
        ("course_lib.figures.curves", "from course_lib.training import log"),
        ("course_lib.methods.gan", "import importlib\nimportlib.import_module('course_lib.training.loop')"),
        ("course_lib.methods.gan", "from course_lib import load"),
        ("course_lib.seeds", "from course_lib.data import toy"),
    ],
)
def test_a_trespass_is_seen(module, source):
    assert trespasses(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("course_lib.training.loop", "from course_lib.methods.protocol import Method"),
        ("course_lib.data.toy", "from course_lib.theory.densities import GaussianMixture"),
        ("course_lib.studies", "from course_lib import recipes"),
        ("course_lib.theory.games", "import torch\nfrom course_lib.errors import UsageError"),
    ],
)
def test_a_visit_above_is_allowed(module, source):
    assert trespasses(module, source) == []


def unpickles(source: str) -> list[str]:
    """Calls and imports in `source` that can run code hidden in a file."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wrong += [alias.name for alias in node.names if alias.name.split(".")[0] in PICKLES]
        elif isinstance(node, ast.ImportFrom):
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            if node.module and (node.module.split(".")[0] in PICKLES or "torch.load" in full):
                wrong.append(node.module)
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func) in {"torch.load", "torch.jit.load"}:
                wrong.append(ast.unparse(node))
            allowed = [word for word in node.keywords if word.arg == "allow_pickle"]
            wrong += [ast.unparse(node) for word in allowed if ast.unparse(word.value) != "False"]
    return wrong


# no file and nothing of a student's: the course's own questions, on their way into the sandbox of a student's code
QUESTIONS = LIBRARY / "grading" / "questions.py"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_no_file_is_unpickled(path):
    assert unpickles(path.read_text("utf-8")) == (["pickle", "cloudpickle"] if path == QUESTIONS else [])


def test_only_the_sandbox_of_a_students_code_reads_questions():
    readers = {path.name for path in SOURCES if "questions.load(" in path.read_text("utf-8")}
    assert (
        readers == {"remote.py"} and "questions.load(" not in (LIBRARY / "grading" / "judge.py").read_text()
    )


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load('x', weights_only=True)",
        "from torch import load",
        "from pickle import load",
        "np.load(p, allow_pickle=True)",
    ],
)
def test_an_unpickling_is_seen(source):
    assert unpickles(source)


def test_notebooks_carry_no_outputs():
    notebooks = [path for path in tracked() if path.suffix == ".ipynb"]
    for path in notebooks:
        for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
            where = f"{path.relative_to(PROJECT)}, cell {number}: run nbstripout on it"
            assert not cell.get("outputs"), where
            assert cell.get("execution_count") is None, where
    # the chapters are notebooks: were none found, nothing would have been looked at
    assert any(path.parent.name == "book" for path in notebooks)


def test_files_are_light():
    files = tracked()
    heavy = {str(path.relative_to(PROJECT)): path.stat().st_size for path in files}
    assert {name: size for name, size in heavy.items() if size >= 5_000_000} == {}
    assert sum(size for name, size in heavy.items() if name.startswith("zoo/")) < 40_000_000


LONGEST_STEP = 40


def long_steps(source: str) -> dict[str, int]:
    """Methods called `step` in `source` that are longer than a page should show, by the line where they begin."""
    steps = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == "step"
    ]
    lengths = {f"line {node.lineno}": node.end_lineno - node.lineno + 1 for node in steps}
    return {where: lines for where, lines in lengths.items() if lines > LONGEST_STEP}


@pytest.mark.parametrize("path", sorted((LIBRARY / "methods").glob("*.py")), ids=lambda path: path.name)
def test_a_step_is_read_at_one_look(path):
    """Chapters show the steps of methods from source, docstrings and all: at most forty lines."""
    assert long_steps(path.read_text("utf-8")) == {}


@pytest.mark.parametrize("lines", [40, 41])
def test_a_long_step_is_seen(lines):
    source = "class Mine:\n    def step(self, batch):\n" + "        x = 1\n" * (lines - 1)
    assert long_steps(source) == ({"line 2": 41} if lines > LONGEST_STEP else {})


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout


def test_the_library_imports_without_torch():
    loaded = run_python("import sys, course_lib; print('torch' in sys.modules, 'numpy' in sys.modules)")
    assert loaded.split() == ["False", "False"]


def test_the_library_imports_in_fifty_milliseconds():
    code = "import time; began = time.perf_counter(); import course_lib; print(time.perf_counter() - began)"
    seconds = [float(run_python(code)) for _ in range(7)]
    assert statistics.median(seconds) <= 0.050


def declared() -> dict[str, list[str]]:
    """Group -> requirements, from pyproject.toml."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    return {"core": project["dependencies"], **project["optional-dependencies"]}


def plain(requirement: str) -> str:
    """The name in a requirement, as package indexes compare names."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def test_dependencies_are_listed_once():
    """pyproject.toml is the one list: other files pin it or point to it."""
    names = {path.name for path in tracked()}
    assert not names & {"setup.py", "setup.cfg", "Pipfile"}
    assert not [name for name in names if re.fullmatch(r"requirements.*\.(txt|in)", name)]
    environment = (PROJECT / "environment.yml").read_text("utf-8")
    listed = re.findall(r"^\s*- ([^\s:]+)", environment.split("dependencies:")[1], re.MULTILINE)
    assert {plain(item) for item in listed if not item.startswith("-e")} == {"python", "pip"}


def test_the_lock_pins_what_is_declared():
    lines = (PROJECT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+-]+", pin) for pin in pins)
    wanted = {plain(requirement) for group in declared().values() for requirement in group}
    assert wanted - {plain(pin) for pin in pins} == {"course-lib"}, "an extra may contain others"
