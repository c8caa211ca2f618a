"""Texts that people pasted, read as `allocfs import` does and served as captures."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from allocfs.backend.base import Backend, Kind
from allocfs.backend.livesource import is_live
from allocfs.backend.replay import Replay, captures_in
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.backend.textfile import read_capture
from allocfs.backend.textsource import TextSource
from allocfs.errors import SourceFailed
from allocfs.reports.account import Account
from allocfs.reports.captures import Captures
from allocfs.reports.report import Report

log = logging.getLogger("allocfs.backend")


class PastedReport(TextSource):
    """The tags and counters of one report; nothing ever changes."""

    rereads_source = False

    def __init__(self, path: str, capture: Path, account: Account) -> None:
        """Read the capture that was made of a file."""
        super().__init__(replace(read_capture(str(capture)), notice=account.summary()))
        self._path = path

    def describe(self) -> str:
        """Name the file, and tell what was left out."""
        partial = f"\npartial {self.partial.note}" if self.partial else ""
        return f"source {self._path}\ninterface capture{partial}\nlenient yes{self.notice()}"


class PastedSeries(Replay):
    """The captures of several reports, in a directory that lasts until close()."""

    def __init__(
        self, path: str, directory: TemporaryDirectory[str], account: Account, speed: float | None
    ) -> None:
        """Begin with the first capture of a directory; without a speed, stay there."""
        super().__init__(captures_in(os.path.join(directory.name, _CAPTURES)), speed)
        self._path = path
        self._directory = directory
        self._summary = account.summary()

    def describe(self) -> str:
        """Name the capture and the file, and tell what was left out."""
        notice = f"\nnotice {self._summary}" if self._summary else ""
        return f"{super().describe()}\nlenient {self._path}{notice}"

    def close(self) -> None:
        """Remove the captures."""
        self._directory.cleanup()


_CAPTURES = "captures"


def _open_pasted(source: str, options: SourceOptions) -> Backend:
    account = Account()
    directory = TemporaryDirectory(prefix="allocfs-")
    try:
        backend = _backend(source, directory, account, None if options.step else options.speed)
    except BaseException:
        directory.cleanup()
        raise
    for line in account.lines():
        log.info("%s: %s", source, line)
    return backend


def _backend(
    source: str, directory: TemporaryDirectory[str], account: Account, speed: float | None
) -> Backend:
    """Serve one report from memory, several from the directory."""
    captures = _write(source, Path(directory.name, _CAPTURES), account)
    if captures.is_dir():
        return PastedSeries(source, directory, account, speed)
    report = PastedReport(source, captures, account)
    directory.cleanup()
    return report


def _write(source: str, path: Path, account: Account) -> Path:
    """Write the captures of all reports to a path. Raises SourceFailed if there are none."""
    captures = Captures(path)
    for report in _reports(source, account):
        account.add(report)
        captures.add(report)
    if not account.reports:
        raise SourceFailed(f"{source}: no codetags found, though read with -o lenient")
    captures.keep()
    return path


def _reports(source: str, account: Account) -> Iterator[Report]:
    from allocfs.reports.read import open_document, read_reports  # noqa: PLC0415  slow to import

    for path in _paths(source):
        try:
            with open(path, "rb", buffering=0, opener=_open_at_once) as file:
                yield from read_reports(open_document(file, path), account.tally)
        except OSError as error:
            raise SourceFailed(f"{path}: {error.strerror}") from None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # do not hang on a FIFO


def _paths(source: str) -> list[str]:
    """List the files of a source: those of a directory that are not hidden, or joined by colons."""
    if os.path.isdir(source):
        paths = sorted(entry.path for entry in os.scandir(source) if entry.is_file())
        return [path for path in paths if not os.path.basename(path).startswith(".")]
    return [source] if os.path.exists(source) else source.split(":")


def _is_pasted(source: str, options: SourceOptions) -> bool:
    return options.lenient and not (options.simulate or options.interface or is_live(source))


_USE = "pasted texts, mail and logs"

PASTED = Kind(
    "a pasted text",
    _is_pasted,
    _open_pasted,
    dict.fromkeys(("lenient", "speed", "step"), _USE),
)
