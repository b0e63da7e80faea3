"""The command `course`: one module for each family of commands.

A module's `add` puts its commands on the parser; each command's function imports what it needs, so that
`course --help` answers at once.
"""

import argparse
import io
import os
import sys
import threading
from collections.abc import Sequence

import course_lib
from course_lib.cli import (
    bench,
    cluster,
    compare,
    data,
    evaluate,
    exercises,
    export,
    project,
    published,
    robustness,
    sample,
    study,
    train,
    translate,
    upscale,
    watching,
    zoo,
)
from course_lib.cli.parser import Commands, Parser
from course_lib.errors import CourseError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, 1 (failure), 2 (usage), 75 (start it again) or 130
    (interrupted and saved)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    if not debug:
        threading.excepthook = _thread_error
    arguments = [a for a in arguments if a != "--debug"]
    for stream in (sys.stdout, sys.stderr):  # a file's name need be no UTF-8, and is printed all the same
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = _with_own_recipes(arguments)
        if arguments[:1] == ["train"] and train.named_recipe(arguments[1:]):
            train.run(arguments[1:])
        else:
            options = parser().parse_args(arguments)
            options.run(options)
        sys.stdout.flush()
        return 0
    except CourseError as error:
        if debug:
            raise
        if not error.said:
            print(f"course: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        if debug:
            raise
        print("course: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone: what is left goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if debug:
            raise
        print(f"course: the system refuses ({error}): mend that and repeat the command.", file=sys.stderr)
        return 1


def _with_own_recipes(arguments: list[str]) -> list[str]:
    """The arguments without `--recipe FILE.py`, after which this process knows the recipes of that file.

    `course train --recipe FILE.py` needs no name where the file has one recipe. Raises UsageError for such a file that
    cannot be used.
    """
    kept: list[str] = []
    words, found = iter(arguments), list[str]()
    for word in words:
        if word != "--recipe" and not word.startswith("--recipe="):
            kept.append(word)
            continue
        from course_lib import recipes

        file = word.partition("=")[2] if "=" in word else next(words, "")
        found += recipes.add_file(file)
    if kept[:1] == ["train"] and len(found) == 1 and train.named_recipe(kept[1:]) not in _names():
        kept.insert(1, found[0])
    return kept


def _names() -> list[str]:
    from course_lib import recipes

    return list(recipes.RECIPES)


def _thread_error(failed: threading.ExceptHookArgs) -> None:
    """TensorBoard writes in a thread of its own: what a full disk is to it, the main thread says in a sentence."""
    if not issubclass(failed.exc_type, OSError):
        threading.__excepthook__(failed)


def parser() -> argparse.ArgumentParser:
    """The whole parser, less the settings of recipes, which `course train RECIPE` reads by itself."""
    made = Parser(
        prog="course",
        description="Train, sample and measure the networks of this course.",
        allow_abbrev=False,
    )
    made.add_argument("--debug", action="store_true", help="show the traceback of an error")
    made.add_argument(
        "--recipe", metavar="FILE.py", help="a file with recipes of your own, for any command (may follow it)"
    )
    made.add_argument("--version", action="version", version=f"course {course_lib.__version__}")
    commands = Commands(made)
    data.add(commands)
    train.add(commands)
    sample.add(commands)
    project.add(commands)
    evaluate.add(commands)
    upscale.add(commands)
    translate.add(commands)
    cluster.add(commands)
    compare.add(commands)
    watching.add(commands)
    export.add(commands)
    published.add(commands)
    zoo.add(commands)
    study.add(commands)
    robustness.add(commands)
    bench.add(commands)
    exercises.add(commands)
    # the shell asks what could follow: eval "$(register-python-argcomplete course)"
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(made)
    return made
