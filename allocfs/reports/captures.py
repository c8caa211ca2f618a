"""Write reports as captures: one as a file, several as a directory that is a series."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from allocfs.reports.report import Report
from allocfs.reports.times import capture_name
from allocfs.wholefiles import rename_new, write_new


class Captures:
    """The captures of an import; nothing is at `path` before keep()."""

    def __init__(self, path: Path) -> None:
        """Begin with none. Raises OSError if something is there already, or no directory for it."""
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists already: name another place", str(path))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "no such directory", str(path.parent))
        self._path = path
        self._first: Report | None = None
        self._directory: Path | None = None
        self._times: list[float | None] = []

    def add(self, report: Report) -> None:
        """Take in the next report. Raises OSError."""
        self._times.append(report.time)
        if self._first is None:
            self._first = report
            return
        if self._directory is None:
            self._directory = _hidden_directory(self._path.parent)
            self._write(1, self._first)
        self._write(len(self._times), report)

    def keep(self) -> None:
        """Put everything in its place, whole or not at all. Raises OSError."""
        if self._directory is not None:
            fill(self._directory, self._times)
            _sync(self._directory)
            rename_new(self._directory, self._path)
            self._directory = None
        elif self._first is not None:
            write_new(self._path, self._first.text)

    def discard(self) -> None:
        """Remove the captures that were not kept."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _write(self, number: int, report: Report) -> None:
        assert self._directory is not None
        write_numbered(self._directory, number, report)


def write_numbered(directory: Path, number: int, report: Report) -> None:
    """Write a report by its number; fill() gives it its name. Raises OSError."""
    with open(directory / str(number), "wb", opener=_open_private) as file:
        file.write(report.text)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # as wholefiles.py makes files


def fill(directory: Path, times: list[float | None]) -> None:
    """Name the captures of a directory by their times; if one is unknown, by their order first."""
    all_known = None not in times
    digits = len(str(len(times)))
    taken: dict[str, int] = {}
    for number, time in enumerate(times, 1):
        name = _name(time, taken)
        if not all_known:
            name = f"{number:0{digits}}-{name}" if time is not None else f"{number:0{digits}}.txt"
        os.rename(directory / str(number), directory / name)


def _name(time: float | None, taken: dict[str, int]) -> str:
    if time is None:
        return ""
    moment = datetime.fromtimestamp(time, UTC)
    name = capture_name(moment)
    taken[name] = taken.get(name, 0) + 1
    return capture_name(moment, taken[name])


def _hidden_directory(parent: Path) -> Path:
    """Make a directory that only its name distinguishes from others."""
    directory = Path(tempfile.mkdtemp(prefix=".", suffix=".tmp", dir=parent))
    mask = os.umask(0o077)
    os.umask(mask)
    directory.chmod(0o777 & ~mask)
    return directory


def _sync(directory: Path) -> None:
    """Write the files of a directory to the disk, all at once: one by one takes seconds."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        ctypes.CDLL(None, use_errno=True).syncfs(fd)
    finally:
        os.close(fd)
