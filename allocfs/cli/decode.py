"""The command `allocfs decode`: binary records as lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from io import FileIO

from allocfs.cli.command import complain
from allocfs.client import RECORDS_PER_READ, format_counters, format_records, record_size
from allocfs.errors import SourceFailed
from allocfs.formats.records import COUNTERS, RECORD, parse_records

# Records from a pipe, or copied ones, carry no type.
OTHER_KIND = {
    False: "if they are of 32 bytes, as in /counters, give --counters",
    True: "if they are of 224 bytes, leave --counters out",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print records as the lines of /proc/allocinfo, without its header."
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument(
        "--counters",
        action="store_true",
        help="the records are those of /counters, which a file in a mount says of itself",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file of records, - for stdin")


def run(arguments: argparse.Namespace) -> int:
    """Print all files that can be decoded, report the others; return the exit code."""
    code = 0
    for name in arguments.files:
        try:
            for lines in _decoded(name, arguments.counters, arguments.json):
                sys.stdout.buffer.write(lines)
                sys.stdout.buffer.flush()
        except SourceFailed as error:
            code = complain(error)
    return code


def _decoded(name: str, counters: bool, as_json: bool) -> Iterator[bytes]:
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
    while data := file.read(RECORDS_PER_READ * size - len(rest)):
        data = rest + data
        whole = len(data) - len(data) % size
        yield data[:whole]
        rest = data[whole:]
    if rest:
        raise ValueError(f"its end is not that of a {size}-byte record")
