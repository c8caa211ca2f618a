"""The command `allocfs decode`: binary records as lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from io import FileIO
from typing import NamedTuple

import numpy as np

from allocfs.cli.command import complain
from allocfs.client import (
    RECORDS_PER_READ,
    format_counters,
    format_records,
    format_trends,
    is_signed,
    record_size,
)
from allocfs.errors import SourceFailed
from allocfs.formats.compression import compression_of
from allocfs.formats.records import COUNTERS, RECORD, TREND, Records, parse_records


class Kind(NamedTuple):
    """A kind of records; those from a pipe, or copied ones, carry no type, so options name it."""

    dtype: np.dtype[np.void]
    format: Callable[[Records, bool], bytes]
    option: str
    place: str

    def signed(self) -> Kind:
        """Return the kind of the same records in a difference."""
        names = self.dtype.names or ()
        return self._replace(
            dtype=np.dtype([(n, "i8" if n == "calls" else self.dtype[n]) for n in names])
        )

    @property
    def size(self) -> int:
        """The length of a record."""
        return self.dtype.itemsize

    def advice(self, wanted: Kind) -> str:
        """Say how to decode records of this kind, where another one was expected."""
        if self is TAG_RECORDS:
            return f"if they are of {self.size} bytes, leave {wanted.option} out"
        return f"if they are of {self.size} bytes, as in {self.place}, give {self.option}"

    def fits(self, data: bytes) -> bool:
        """Tell whether the whole records in some data can be of this kind, and there are any."""
        whole = data[: len(data) - len(data) % self.size]
        try:
            self.format(parse_records(whole, self.dtype), False)
        except ValueError:
            return False
        return bool(whole)


TAG_RECORDS = Kind(RECORD, format_records, "", "/records")
COUNTERS_RECORDS = Kind(COUNTERS, format_counters, "--counters", "/counters")
TREND_RECORDS = Kind(TREND, format_trends, "--trends", "/trend")
KINDS = (TAG_RECORDS, COUNTERS_RECORDS, TREND_RECORDS)

_TEXT = bytes({*range(32, 256), *b"\t\n\r"} - {127})  # the bytes of text, in UTF-8 too
_HEAD = 4096  # bytes that show the kind of a file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print records as the lines of /proc/allocinfo, without its header."
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    kinds = parser.add_mutually_exclusive_group()
    for kind in (COUNTERS_RECORDS, TREND_RECORDS):
        kinds.add_argument(
            kind.option,
            dest="kind",
            action="store_const",
            const=kind,
            default=TAG_RECORDS,
            help=f"the records are those of {kind.place}, which a file in a mount says of itself",
        )
    parser.add_argument(
        "--signed",
        action="store_true",
        help="the calls are those of a difference, which a file in a mount says of itself",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file of records, - for stdin")


def run(arguments: argparse.Namespace) -> int:
    """Print all files that can be decoded, report the others; return the exit code."""
    code = 0
    for name in arguments.files:
        try:
            wanted = arguments.kind.signed() if arguments.signed else arguments.kind
            for lines in _decoded(name, wanted, arguments.json):
                sys.stdout.buffer.write(lines)
                sys.stdout.buffer.flush()
        except SourceFailed as error:
            code = complain(error)
    return code


def _decoded(name: str, wanted: Kind, as_json: bool) -> Iterator[bytes]:
    stdin = name == "-"
    head = bytearray()
    try:
        with FileIO(0 if stdin else name, closefd=not stdin) as file:
            size = record_size(file.fileno()) or wanted.size
            kinds = (kind for kind in (wanted, *KINDS) if kind.size == size)
            kind = next(kinds, wanted)
            kind = kind.signed() if is_signed(file.fileno()) else kind
            for data in _whole_records(file, kind.size, head):
                yield kind.format(parse_records(data, kind.dtype), as_json)
    except ValueError as error:
        raise SourceFailed(f"{name}: {_explanation(bytes(head), wanted) or error}") from None
    except OSError as error:
        raise SourceFailed(f"{name}: {error.strerror or error}") from None


def _explanation(head: bytes, wanted: Kind) -> str:
    """Say of a file that cannot be decoded, by its first bytes, of which kind it is.

    Return an empty string if that is not known.
    """
    if compressed := compression_of(head):
        return f"it is compressed by {compressed.name}: decompress it with {compressed.program}"
    if head and not head.translate(None, _TEXT):
        return "it is text already, and needs no decoding"
    for kind in KINDS:
        if kind.size != wanted.size and kind.fits(head):
            return f"these are not records of {wanted.size} bytes: {kind.advice(wanted)}"
    return ""


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
