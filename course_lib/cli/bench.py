"""`course bench`: the benchmarks, which lie beside the library."""

import argparse
import sys
from pathlib import Path

from course_lib.cli.parser import Commands


def add(commands: Commands) -> None:
    bench = commands.command(
        "bench", run_bench, "time steps (some beside a plain loop), data, searches, grading"
    )
    bench.add_argument("names", nargs="*", metavar="NAME", help="benchmarks (default: all)")
    bench.add_argument("--out", type=Path, metavar="FILE", help="default: benchmarks/results/DEVICE.json")
    bench.add_argument("--device", metavar="NAME", help="cpu, cuda, ... (default: a GPU where there is one)")
    bench.add_argument("--quick", action="store_true", help="the same motions on next to no work; no result")


def run_bench(options: argparse.Namespace) -> None:
    import importlib

    from course_lib import paths

    sys.path.insert(0, str(paths.checkout("timing the course's steps")))
    benchmarks = importlib.import_module("benchmarks")
    print(benchmarks.run(options.names, options.out, device=options.device, quick=options.quick))
