"""The command `allocfs decode`: binary records as lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from io import FileIO

from allocfs.cli.command import complain
from allocfs.client import RECORDS_PER_READ, format_counters, format_records, record_size
from allocfs.errors import SourceFailed
from allocfs.formats.compression import compression_of
from allocfs.formats.records import COUNTERS, RECORD, parse_records

# Records from a pipe, or copied ones, carry no type.
OTHER_KIND = {
    False: "if they are of 32 bytes, as in /counters, give --counters",
    True: "if they are of 224 bytes, leave --counters out",
}
_TEXT = bytes({*range(32, 256), *b"\t\n\r"} - {127})  # the bytes of text, in UTF-8 too
_HEAD = 4096  # bytes that show the kind of a file


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
    head = bytearray()
    try:
        with FileIO(0 if stdin else name, closefd=not stdin) as file:
            size = record_size(file.fileno()) or (COUNTERS if counters else RECORD).itemsize
            short = size == COUNTERS.itemsize
            dtype, render = (COUNTERS, format_counters) if short else (RECORD, format_records)
            for data in _whole_records(file, size, head):
                yield render(parse_records(data, dtype), as_json)
    except ValueError as error:
        raise SourceFailed(f"{name}: {_explanation(bytes(head), counters) or error}") from None
    except OSError as error:
        raise SourceFailed(f"{name}: {error.strerror or error}") from None


def _explanation(head: bytes, counters: bool) -> str:
    """Say of a file that cannot be decoded, by its first bytes, of which kind it is.

    Return an empty string if that is not known.
    """
    if compressed := compression_of(head):
        return f"it is compressed by {compressed.name}: decompress it with {compressed.program}"
    if head and not head.translate(None, _TEXT):
        return "it is text already, and needs no decoding"
    wanted, other = (COUNTERS, RECORD) if counters else (RECORD, COUNTERS)
    whole = head[: len(head) - len(head) % other.itemsize]
    if not whole:
        return ""
    try:
        (format_records if counters else format_counters)(parse_records(whole, other))
    except ValueError:
        return ""
    return f"these are not records of {wanted.itemsize} bytes: {OTHER_KIND[counters]}"


def _whole_records(file: FileIO, size: int, head: bytearray) -> Iterator[bytes]:
    """Read whole records, many at once but no later than they come through a pipe.

    Keep the first bytes of the file in `head`.
    """
    rest = b""
    while data := file.read(RECORDS_PER_READ * size - len(rest)):
        head += data[: _HEAD - len(head)]
        data = rest + data
        whole = len(data) - len(data) % size
        yield data[:whole]
        rest = data[whole:]
    if rest:
        raise ValueError(f"its end is not that of a {size}-byte record")
