"""`course export`: a trained network for programs that know nothing of the course."""

import argparse
from pathlib import Path

from course_lib.cli.parser import Commands


def add(commands: Commands) -> None:
    export = commands.command(
        "export", run_export, "write a network as safetensors and plain torch, torch.export and ONNX"
    )
    export.add_argument("of", metavar="RUN", help="a run directory, or a name from the zoo")
    export.add_argument("--out", type=Path, metavar="DIR", help="where to (default: export/RUN)")
    export.add_argument(
        "--onnx",
        action=argparse.BooleanOptionalAction,
        help="insist on ONNX, or leave it out (default: if it is here)",
    )


def run_export(options: argparse.Namespace) -> None:
    from course_lib.export import HOW, export

    out = options.out or Path("export") / Path(options.of).name
    said = export(options.of, out, onnx=options.onnx)
    for role, one in {said["network"]: said, **said.get("also", {})}.items():
        print(f"{out}: {role} of {said['recipe']}, {one['input']['what']} -> {one['output']['what']}")
        for kind, difference in one["differences"].items():
            print(f"  {role}.{kind} agrees to {difference:.1e}")
    if said["left_out"]:
        print(f"  left out: {', '.join(said['left_out'])}")
    if "onnx" not in said["differences"] and options.onnx is None:
        print(f"  no ONNX: its packages are not here (`{HOW}`)")
