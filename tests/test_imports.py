"""No module of the library imports itself by way of others: no circle, not even one inside of functions."""

import ast
import importlib.util
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LIBRARY = PROJECT / "course_lib"

Graph = dict[str, set[str]]  # module -> the modules that it imports


def module_name(path: Path) -> str:
    """course_lib/data/toy.py -> course_lib.data.toy"""
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def wanted(source: str, module: str, is_package: bool) -> set[str]:
    """Names that `source` asks the import system for, wherever it does, be it for types alone.

    A name that is put together is given as far as it is known: "lib.chapters.ch*" for f"lib.chapters.ch{number}".
    """
    names = set()
    tree = ast.parse(source)
    assigned = {
        ast.unparse(target): node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
    }
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            base = importlib.util.resolve_name(dots + (node.module or ""), package) if dots else node.module
            names |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in {"import_module", "__import__"}:
                name = node.args[0]
                names.add(_text(assigned.get(ast.unparse(name), name), package))
    return names - {""}


def _text(node: ast.expr, package: str) -> str:
    """A module's name; where it is put together, the constant start of it and a star."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        first = node.values[0]
        if isinstance(first, ast.Constant):
            return f"{first.value}*"
        if isinstance(first, ast.FormattedValue) and ast.unparse(first.value) == "__package__":
            return f"{package}.*"
    return ""


def graph_of(sources: dict[str, tuple[str, bool]]) -> Graph:
    """sources: module -> its text, and whether it is a package. A name inside a module stands for the module."""
    graph: Graph = {module: set() for module in sources}
    for module, (source, is_package) in sources.items():
        for name in wanted(source, module, is_package):
            if name.endswith("*"):
                graph[module] |= {other for other in sources if other.startswith(name[:-1])}
                continue
            while name and name not in sources:
                name = name.rpartition(".")[0]
            if name:
                graph[module].add(name)
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """The groups of modules that reach each other: strongly connected components, by Tarjan's algorithm."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            at = stack.index(module)
            group = stack[at:]
            del stack[at:]
            if len(group) > 1 or module in graph[module]:
                groups.append(sorted(group))

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return groups


def library() -> Graph:
    return graph_of(
        {
            module_name(path): (path.read_text("utf-8"), path.name == "__init__.py")
            for path in sorted(LIBRARY.rglob("*.py"))
        }
    )


def test_no_module_imports_itself_by_way_of_others():
    assert circles(library()) == []


def test_the_graph_is_that_of_the_library():
    graph = library()
    assert len(graph) > 150 and sum(map(len, graph.values())) > 500
    assert "course_lib.grading.grade" in graph["course_lib.cli.grading"], "an import in a function"
    assert "course_lib.checks.chapters.ch05" in graph["course_lib.checks.engine.catalogue"], (
        "a name put together"
    )


def sources(**texts: str) -> dict[str, tuple[str, bool]]:
    return {f"lib.{name}": (text, False) for name, text in texts.items()} | {"lib": ("", True)}


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "from lib import b", "b": "from lib.a import x"},
        {"a": "import lib.b", "b": "import lib.c", "c": "def f():\n    from . import a"},
        {"a": "if TYPE_CHECKING:\n    from lib.b import B", "b": "from lib.a import A"},
        {"a": "import importlib\nimportlib.import_module(f'lib.{name}')"},
        {"a": "import importlib\nname = f'lib.{x}'\nimportlib.import_module(name)"},
        {"a": "__import__('lib.b')", "b": "import lib.a"},
    ],
)
def test_a_circle_is_seen(texts):
    assert circles(graph_of(sources(**texts)))


def test_a_diamond_is_no_circle():
    assert not circles(graph_of(sources(a="from lib import b, c", b="import lib.d", c="import lib.d", d="")))
