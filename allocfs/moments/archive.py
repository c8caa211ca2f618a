"""Snapshots that survive the mount: captures in a directory, which can be mounted as a series."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from allocfs.errors import BadName, NameTaken, OptionError, SnapshotFailed
from allocfs.formats.textlines import format_lines, header
from allocfs.moments.captures import CaptureFile, CaptureReader, all_taken, utc_in_name
from allocfs.moments.moment import Moment
from allocfs.moments.names import check_name
from allocfs.moments.snapshots import Values
from allocfs.tags.rows import Rows
from allocfs.wholefiles import leftovers, remove, rename_new, write_new

log = logging.getLogger("allocfs.moments")

FORM = "NAME-20261127T140000.123456Z.txt"
_FILE_NAME = re.compile(r"(.+)-([0-9]{8}T[0-9]{6}\.[0-9]{6}Z)\.txt", re.ASCII)
_US_PER_S = 1_000_000
_NS_PER_US = 1_000
_TOLD = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)
"""The numbers of a disk that a client can act upon; any other one is EIO for it."""


class Archive:
    """The captures of a directory, each the values of a snapshot.

    A capture is read when its values are asked for. Of a name that several files have, the newest
    file counts.
    """

    def __init__(self, directory: str) -> None:
        """List a directory, and remove what killed writes left.

        Raises OptionError, also if another mount keeps its snapshots there.
        """
        self._directory = Path(directory).absolute()
        self._reader = CaptureReader()
        try:
            weakref.finalize(self, os.close, _locked(self._directory))
            _remove_leftovers(self._directory)
            self._files = self._listed()
        except OSError as error:
            raise OptionError(f"snapshots={directory}: {error.strerror}") from None

    def saved(self) -> Mapping[str, Values]:
        """Return the values that are there, the oldest first."""
        return self._files

    def save(self, name: str, moment: Moment) -> Values:
        """Write a capture, whole or not at all. Raises NameTaken or SnapshotFailed."""
        utc_ns = moment.taken.utc_ns if moment.taken else time.time_ns()
        path = self._directory / _file_name(name, _stamp(utc_ns))
        tags = moment.tags
        rows = Rows(tags.table, tags.slots, moment.sums, moment.pairs, rounding=moment.rounding)
        with _failures(path):
            write_new(path, header(moment.partial) + format_lines(rows))
        file = self._files[name] = CaptureFile(str(path), moment.taken, self._reader)
        return file

    def rename(self, name: str, new_name: str) -> None:
        """Rename the file, at once, and over no other one. Raises NameTaken or SnapshotFailed."""
        file = self._files[name]
        found = _FILE_NAME.fullmatch(os.path.basename(file.path))
        assert found is not None
        path = self._directory / _file_name(new_name, found[2])
        with _failures(path):
            rename_new(Path(file.path), path)
        file.path = str(path)
        self._files[new_name] = self._files.pop(name)

    def delete(self, name: str) -> None:
        """Remove the file, if it is still there. Raises SnapshotFailed."""
        file = self._files[name]
        path = Path(file.path)
        with _failures(path), suppress(FileNotFoundError):
            remove(path)
        self._reader.forget(self._files.pop(name))

    def _listed(self) -> dict[str, CaptureFile]:
        """Find the captures, and log that there are other files."""
        entries = [one for one in os.scandir(self._directory) if one.is_file(follow_symlinks=False)]
        files: dict[str, CaptureFile] = {}
        found = sorted(filter(None, map(_capture, entries)))
        every = all_taken(utc_ns for utc_ns, *_ in found)
        for taken, (_, name, path) in zip(every, found, strict=True):
            files.pop(name, None)
            files[name] = CaptureFile(path, taken, self._reader)
        self._log_others({entry.path for entry in entries} - {file.path for file in files.values()})
        return files

    def _log_others(self, others: set[str]) -> None:
        if others:
            log.warning(
                "%s: %d files are left alone, such as %s: expected names %s, each NAME once",
                self._directory,
                len(others),
                os.path.basename(min(others)),
                FORM,
            )


def _locked(directory: Path) -> int:
    """Open a directory and lock it for as long as it is open."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise OptionError(
            f"snapshots={directory}: another mount keeps its snapshots there"
        ) from None
    except OSError as error:  # some network file systems
        log.warning("%s cannot be locked: %s", directory, error.strerror)
    return fd


def _remove_leftovers(directory: Path) -> None:
    for path in leftovers(directory):
        try:
            path.unlink()
        except OSError as error:
            log.warning("%s: %s", path, error.strerror)


def _capture(entry: os.DirEntry[str]) -> tuple[int, str, str] | None:
    """Return the time, in nanoseconds, the name and the path of a file of the form."""
    found = _FILE_NAME.fullmatch(entry.name)
    utc_ns = utc_in_name(found[2]) if found else None
    if found is None or utc_ns is None:
        return None
    try:
        check_name(found[1])
    except BadName:
        return None
    return utc_ns, found[1], entry.path


def _stamp(utc_ns: int) -> str:
    seconds, microsecond = divmod(utc_ns // _NS_PER_US, _US_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{microsecond:06}Z"


def _file_name(name: str, stamp: str) -> str:
    return f"{name}-{stamp}.txt"


@contextmanager
def _failures(path: Path) -> Iterator[None]:
    """Raise the errors of a client in the place of those of the disk."""
    try:
        yield
    except FileExistsError:
        raise NameTaken(f"{path} exists already") from None
    except OSError as error:
        number = error.errno if error.errno in _TOLD else errno.EIO
        raise SnapshotFailed(f"{path}: {error.strerror}", number) from None
