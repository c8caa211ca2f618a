"""The command allocfs: decode records, check queries, and what other modules add to it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from io import FileIO
from typing import NoReturn

from allocfs import __version__
from allocfs.errors import AllocfsError, BadQuery, SourceFailed

FAILED = 1
MISUSED = 2

# Commands of other modules, which have add_arguments(parser) and run(arguments). A module is
# imported only for its own command: some take long.
ELSEWHERE = {
    "record": ("allocfs.cli.record", "write captures of a source, for later replay"),
    "compare": ("allocfs.compare.command", "compare what reading and the ioctl cost"),
}

AT_ONCE = 512  # records

# Nothing but their bytes tells what records come through a pipe, or are in a copy.
OTHER_KIND = {
    False: "if they are of 32 bytes, as in /counters, give --counters",
    True: "if they are of 224 bytes, leave --counters out",
}


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        """Exit with the message."""
        _say(f"{self.prog}: {message}; see {self.prog} --help")
        self.exit(MISUSED)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if it failed, 2 if it was misused."""
    try:
        try:
            return _run(sys.argv[1:] if argv is None else list(argv))
        finally:
            _flush()
    except BrokenPipeError:
        return _end_by(signal.SIGPIPE)
    except KeyboardInterrupt:
        return _end_by(signal.SIGINT)
    except (AllocfsError, ImportError, OSError) as error:
        return _complain(error)


def _run(arguments: list[str]) -> int:
    parsed = _parser(arguments).parse_args(arguments)
    return int(parsed.run(parsed))


def _flush() -> None:
    """Write out what was printed, here where a failure can still be reported."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()  # else the interpreter would try again, and complain itself
        raise


def _end_by(number: signal.Signals) -> int:
    """End as a program does that leaves a signal alone, so that a shell sees what happened."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def _complain(error: Exception, code: int = FAILED) -> int:
    _say(f"allocfs: {_message(error)}")
    return code


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
    parser = Parser(prog="allocfs", description="Tools for the record files of allocfs.")
    parser.add_argument("--version", action="version", version=f"allocfs {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_decode(commands.add_parser("decode", help="print binary records as lines"))
    _add_check(commands.add_parser("check", help="print a query in its canonical form"))
    for name, (module, summary) in ELSEWHERE.items():
        command = commands.add_parser(name, help=summary)
        if arguments[:1] == [name]:
            loaded = import_module(module)
            loaded.add_arguments(command)
            command.set_defaults(run=loaded.run)
    return parser


def _add_decode(parser: Parser) -> None:
    parser.description = "Print records as the lines of /proc/allocinfo, without its header."
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument(
        "--counters",
        action="store_true",
        help="the records are those of /counters, which a file in a mount says of itself",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file of records, - for stdin")
    parser.set_defaults(run=_decode)


def _decode(arguments: argparse.Namespace) -> int:
    """Print all the files that can be decoded, complain of the others."""
    code = 0
    for name in arguments.files:
        try:
            for lines in _decoded(name, arguments.counters, arguments.json):
                sys.stdout.buffer.write(lines)
                sys.stdout.buffer.flush()
        except SourceFailed as error:
            code = _complain(error)
    return code


def _decoded(name: str, counters: bool, as_json: bool) -> Iterator[bytes]:
    # Not at the top: numpy takes long to import.
    from allocfs.client import format_counters, format_records, record_size  # noqa: PLC0415
    from allocfs.formats.records import COUNTERS, RECORD, parse_records  # noqa: PLC0415

    stdin = name == "-"
    try:
        with FileIO(0 if stdin else name, closefd=not stdin) as file:
            size = record_size(file.fileno()) or (COUNTERS if counters else RECORD).itemsize
            short = size == COUNTERS.itemsize
            dtype, render = (COUNTERS, format_counters) if short else (RECORD, format_records)
            for data in _whole_records(file, size):
                yield render(parse_records(data, dtype), as_json)
    except ValueError as error:
        raise SourceFailed(f"{name}: {error}: {OTHER_KIND[counters]}") from None
    except OSError as error:
        raise SourceFailed(f"{name}: {error.strerror or error}") from None


def _whole_records(file: FileIO, size: int) -> Iterator[bytes]:
    """Read whole records, many at once but no later than they come through a pipe."""
    rest = b""
    while data := file.read(AT_ONCE * size - len(rest)):
        data = rest + data
        whole = len(data) - len(data) % size
        yield data[:whole]
        rest = data[whole:]
    if rest:
        raise ValueError(f"its end is not that of a {size}-byte record")


def _add_check(parser: Parser) -> None:
    parser.description = "Print a query in its canonical form, or say why it is refused."
    parser.add_argument("query", metavar="QUERY", help="terms as in the path query/QUERY")
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from allocfs.query.language import format_query, parse  # noqa: PLC0415
    from allocfs.tags.spelling import NAME_MAX  # noqa: PLC0415

    try:
        query = format_query(parse(arguments.query))
        if "/" in arguments.query:  # parse() never meets one in a mount
            raise BadQuery(f"{arguments.query!r}: expected no /: it ends a name; write {query}")
        if len(os.fsencode(arguments.query)) > NAME_MAX:
            raise BadQuery(f"a query is at most {NAME_MAX} bytes long, as a name is")
        print(query)
    except BadQuery as error:
        return _complain(error, MISUSED)
    return 0
