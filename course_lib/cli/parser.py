"""The parser under every command, and the short way in which each family of commands adds its own to it."""

import argparse
import typing
from typing import Any

from course_lib.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Errors of usage in one sentence, like all others."""

    def error(self, message: str) -> typing.NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`.")


class Commands:
    """The commands of one parser: `command` adds one, `family` a word that is followed by an action."""

    def __init__(self, parser: argparse.ArgumentParser):
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(self, name: str, run: Any, text: str, parent: Any = None) -> argparse.ArgumentParser:
        """A command that calls `run(options)`; of a family where `parent` is what `family` gave."""
        made = (parent or self._commands).add_parser(name, help=text, description=text, allow_abbrev=False)
        made.set_defaults(run=run)
        return made

    def family(self, name: str, text: str) -> Any:
        """A word before an action, like `course data ACTION`."""
        made = self._commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        return made.add_subparsers(required=True, metavar="ACTION")
