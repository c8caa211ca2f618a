"""The command `allocfs import`: captures of the allocation profiles in any text."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, Protocol

from tqdm import tqdm  # type: ignore[import-untyped]

from allocfs.errors import SourceFailed
from allocfs.logs import one_line
from allocfs.reports.account import Account
from allocfs.reports.captures import Captures
from allocfs.reports.read import open_document, read_reports
from allocfs.reports.report import Report

_STDIN = STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write captures of the allocation profiles in pasted texts, mail and logs. Standard error"
        " tells all that was left out or guessed."
    )
    add = parser.add_argument
    add("-o", "--output", default=STDOUT, metavar="OUT", help="a new file, or directory if several")
    add("--strict", action="store_true", help="write nothing if a part would be left out")
    add("files", nargs="*", default=[_STDIN], metavar="FILE", help="- or none for standard input")


def run(arguments: argparse.Namespace) -> int:
    """Import; return 0. Raises SourceFailed and OSError."""
    account = Account()
    output: Output = Stdout() if arguments.output == STDOUT else Captures(Path(arguments.output))
    try:
        for report in _reports(arguments.files, account):
            account.add(report)
            output.add(report)
        for line in account.lines():
            print(f"allocfs: {one_line(line)}", file=sys.stderr)
        _check(arguments, account)
        output.keep()
    finally:
        output.discard()
    return 0


class Output(Protocol):
    """The place of the captures; nothing is there before keep()."""

    def add(self, report: Report, /) -> None:
        """Take in a report."""

    def keep(self) -> None:
        """Put everything in its place."""

    def discard(self) -> None:
        """Forget all that was not kept."""


class Stdout:
    """Standard output, which takes one report."""

    def __init__(self) -> None:
        """Begin with none."""
        self._report: Report | None = None

    def add(self, report: Report) -> None:
        """Take in a report. Raises SourceFailed for the second."""
        if self._report is not None:
            raise SourceFailed("there are several reports: give -o DIR, a new directory for them")
        self._report = report

    def keep(self) -> None:
        """Write the report."""
        if self._report is not None:
            sys.stdout.buffer.write(self._report.text)
            sys.stdout.buffer.flush()

    def discard(self) -> None:
        """Do nothing: nothing was written."""


def _check(arguments: argparse.Namespace, account: Account) -> None:
    """Refuse an import without reports, and one that is not as strict as it should be."""
    if not account.reports:
        names = ", ".join(arguments.files)
        raise SourceFailed(
            f"{names}: no codetags found: expected text such as `4096 1 mm/slub.c:10 func:f`"
        )
    if arguments.strict and account.tally.left_out_count:
        raise SourceFailed("nothing is written, as --strict is given and a part would be left out")


def _reports(names: list[str], account: Account) -> Iterator[Report]:
    with tqdm(total=_size(names), unit="B", unit_scale=True, disable=None, leave=False) as bar:
        for name in names:
            with _opened(name, bar.update) as file:
                yield from read_reports(open_document(file, name), account.tally)


def _size(names: list[str]) -> int | None:
    """Return the bytes of all files, None if that of one is not known."""
    if not all(map(os.path.isfile, names)):
        return None
    return sum(map(os.path.getsize, names))


class _Progress(FileIO):
    """A file that tells how many bytes were read."""

    def __init__(self, file: int | str, tell: Callable[[int], object]) -> None:
        super().__init__(file, closefd=isinstance(file, str))
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self._tell(len(data))
        return data


@contextmanager
def _opened(name: str, tell: Callable[[int], object]) -> Iterator[IO[bytes]]:
    try:
        file = _Progress(0 if name == _STDIN else name, tell)
    except OSError as error:
        raise SourceFailed(f"{name}: {error.strerror}") from None
    with file:
        yield file
