"""What all tests share."""

import importlib
import os
import runpy
import signal
import sys
from pathlib import Path

import pytest

# before anything imports matplotlib: no test opens a window
os.environ.setdefault("MPLBACKEND", "Agg")
# what a shell starts in the background ignores Ctrl-C, and so do its children; some tests press it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def bench(project, monkeypatch):
    """A module of the benchmarks, which lie beside the library: bench("pairs"); bench() is all of them."""
    monkeypatch.syspath_prepend(str(project))
    return lambda name="": importlib.import_module(f"benchmarks.{name}" if name else "benchmarks")


@pytest.fixture
def bench_command(bench, monkeypatch, capsys):
    """bench_command("costs", ...): what `python -m benchmarks.costs ...` prints."""

    def run(module, *words):
        monkeypatch.setattr(sys, "argv", [module, *map(str, words)])
        monkeypatch.delitem(sys.modules, f"benchmarks.{module}", raising=False)
        runpy.run_module(f"benchmarks.{module}", run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.fixture
def course(capsys):
    """Run the command in this process. Returns (exit code, standard output, standard error)."""
    from course_lib import cli

    def run(*words):
        code = cli.main([str(w) for w in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(autouse=True)
def _own_style():
    """What a test changes in matplotlib's style ends with it: the next may run in any order, or in another process."""
    yield
    if "matplotlib" in sys.modules:  # its import is worth half a second, and most tests do without
        import matplotlib

        matplotlib.rc_file_defaults()
