"""The command allocfs: the table of its commands, and the reports of their errors."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from allocfs import __version__
from allocfs.errors import AllocfsError, BadQuery, OptionError
from allocfs.programs import drop_relative_path

FAILED = 1
MISUSED = 2

GROUPS = {
    "See where memory is, and find a leak": {
        "show": ("allocfs.cli.show", "show where memory is"),
        "top": ("allocfs.cli.top", "watch where memory is and where it goes"),
        "diff": ("allocfs.cli.diff", "show what grew between two moments"),
    },
    "Keep it, and read what others have kept": {
        "record": ("allocfs.cli.record", "write captures of a source, for later replay"),
        "import": ("allocfs.cli.import_command", "write captures of pasted texts, mail and logs"),
        "export": ("allocfs.cli.export", "write captures with names that can be posted"),
    },
    "Work with a mount": {
        "decode": ("allocfs.cli.decode", "print binary records as lines"),
        "check": ("allocfs.cli.check", "print a query, or a path of moments, in its exact form"),
        "compare": ("allocfs.compare.command", "compare what reading and the ioctl cost"),
    },
}
"""The commands by what one wants to do. Each has a module, which has add_arguments(parser) and
run(arguments), and a summary. A module is imported only for its own command: some take long."""

COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
_DESCRIPTION = (
    "See and keep the memory allocations of Linux by call site. mount.allocfs mounts them."
)


class Parser(argparse.ArgumentParser):
    """A parser that reports bad arguments in one line."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take words such as -10m for ages, as argparse does with negative numbers."""
        super().__init__(*args, **options)
        self._negative_number_matcher = re.compile("-[0-9]")

    def error(self, message: str) -> NoReturn:
        """Exit with the message."""
        _say(f"{self.prog}: {message}; see {self.prog} --help")
        self.exit(MISUSED)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if it failed, 2 if it was misused."""
    drop_relative_path()
    try:
        try:
            return _run(sys.argv[1:] if argv is None else list(argv))
        finally:
            _flush()
    except BrokenPipeError:
        return _end_by(signal.SIGPIPE)
    except KeyboardInterrupt:
        return _end_by(signal.SIGINT)
    except (BadQuery, OptionError) as error:
        return complain(error, MISUSED)
    except (AllocfsError, ImportError, OSError) as error:
        return complain(error)


def _run(arguments: list[str]) -> int:
    parser = _parser(arguments)
    parsed, rest = parser.parse_known_args(arguments)
    if rest and (not hasattr(parsed, "words") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        parsed.words += rest  # argparse takes words before an option alone
    return int(parsed.run(parsed))


def _flush() -> None:
    """Write out all output, here where a failure can still be reported."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()  # else the interpreter would try again, and complain itself
        raise


def _end_by(number: signal.Signals) -> int:
    """End as a program does that leaves a signal alone, so that a shell sees the cause."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def complain(error: Exception, code: int = FAILED) -> int:
    """Report an error in one line; return the exit code."""
    _say(f"allocfs: {_message(error)}")
    return code


def warn(message: str) -> None:
    """Warn in one line."""
    _say(f"allocfs: warning: {message}")


def _say(message: str) -> None:
    from allocfs.logs import one_line  # noqa: PLC0415  not at the top: logging takes long to import

    print(one_line(message), file=sys.stderr)


def _message(error: Exception) -> str:
    match error:
        case ImportError():
            return f"{error}: install allocfs with its dependencies again"
        case OSError(filename=str() as name):
            return f"{name}: {error.strerror}"
        case OSError():
            return error.strerror or str(error)
    return str(error)


def _parser(arguments: list[str]) -> Parser:
    parser = Parser(
        prog="allocfs",
        usage="allocfs [-h] [--version] COMMAND ...",
        description=_DESCRIPTION,
        epilog=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"allocfs {__version__}")
    commands = parser.add_subparsers(
        prog="allocfs", required=True, metavar="COMMAND", help=argparse.SUPPRESS
    )
    for name, (module, _) in COMMANDS.items():
        command = commands.add_parser(name)
        if arguments[:1] == [name]:
            loaded = import_module(module)
            loaded.add_arguments(command)
            command.set_defaults(run=loaded.run)
    return parser


def _overview() -> str:
    """List the commands by their groups."""
    lines = []
    for title, commands in GROUPS.items():
        lines += [f"{title}:", *(f"  {name:10}{text}" for name, (_, text) in commands.items()), ""]
    return "\n".join([*lines, "allocfs COMMAND --help tells the arguments of a command."])
