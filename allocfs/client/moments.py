"""The moments of a mount, and the differences between them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from allocfs.client.queries import Condition, records_path
from allocfs.client.records import DIFFERENCE, read_records
from allocfs.errors import BadName
from allocfs.formats.records import Records
from allocfs.moments.names import FIRST, LAST, NOW, check_name, missing_moment
from allocfs.query.places import Place

_TOO_MANY = "there are as many snapshots as max_snapshots allows: drop one"


class Moment:
    """The records of a mount at one time; `name` is the name that no other moment has."""

    def __init__(self, names: MomentNames, name: str, directory: str) -> None:
        """Name a moment; MomentNames.find() is the way to one."""
        self.name = name
        self._names = names
        self._directory = directory

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def time(self) -> datetime | None:
        """The time of the values in UTC, None if it is not known, or if they are those of now."""
        if self.name == NOW:
            return None
        with self._names.explained(self.name), open(f"{self._directory}/.allocfs/time") as file:
            text = file.read().strip()
        return None if text == "unknown" else datetime.fromisoformat(text)

    def records(self, query: str | None = None, **conditions: Condition) -> Records:
        """Read the records that a query selects; shape (n,), dtype RECORD.

        Raises BadQuery and OSError; FileNotFoundError if the moment is there no longer.
        """
        with self._names.explained(self.name):
            return read_records(records_path(self._directory, query, conditions))


class Snapshot(Moment):
    """A moment with a name of one's choice; as a context manager it is dropped at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(FileNotFoundError):
            self.drop()

    def drop(self) -> None:
        """Drop the snapshot. Raises FileNotFoundError if it is there no longer."""
        with self._names.explained(self.name):
            os.rmdir(self._directory)

    def rename(self, name: str) -> None:
        """Give it another name. Raises OSError, such as FileExistsError."""
        path = self._names.snapshot_path(name)
        with self._names.explained(self.name):
            os.rename(self._directory, path)
        self.name, self._directory = name, path


class Difference:
    """What changed from one moment to another; `before` and `after` are their names."""

    def __init__(self, names: MomentNames, before: str, after: str) -> None:
        """Name a difference by exact names."""
        self.before, self.after = before, after
        self._names = names

    def __repr__(self) -> str:
        return f"Difference({self.before!r}, {self.after!r})"

    def records(self, query: str | None = None, **conditions: Condition) -> Records:
        """Read the differences that a query selects; shape (n,), dtype DIFFERENCE.

        Records whose values are equal are left out. Raises BadQuery and OSError; FileNotFoundError
        if one of the moments is there no longer.
        """
        directory = f"{self._names.mount}/diff/{self.before}..{self.after}"
        with self._names.explained(self.before, self.after):
            path = records_path(directory, query, conditions, {Place.DIFF})
            return read_records(path).view(DIFFERENCE)


class MomentNames:
    """The moments of a mount by their names."""

    def __init__(self, mount: str) -> None:
        """Look into the directories of a mount."""
        self.mount = mount

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots in the order of their names."""
        return [Snapshot(self, name, self._path("snapshots", name)) for name in self._snapshots()]

    def history(self) -> list[Moment]:
        """Return the samples, or the captures of a series, the oldest first."""
        return [Moment(self, name, self._path("history", name)) for name in self._history()]

    def find(self, name: str) -> Moment:
        """Find a moment, also by a name such as `-10m` that stands for another one now.

        Raises FileNotFoundError, naming the moments that there are.
        """
        if name == NOW:
            return Moment(self, name, self.mount)
        if "/" in name or name in ("", ".", ".."):
            raise self._missing(name)
        if _exists(self._path("snapshots", name)):
            return Snapshot(self, name, self._path("snapshots", name))
        path = self._path("history", name)
        if not _exists(path):
            raise self._missing(name)
        exact = os.path.basename(os.readlink(path)) if os.path.islink(path) else name
        return Moment(self, exact, self._path("history", exact))

    def take(self, name: str) -> Snapshot:
        """Take a snapshot. Raises OSError, such as FileExistsError."""
        path = self.snapshot_path(name)
        try:
            os.mkdir(path)
        except OSError as error:
            if error.errno == errno.EDQUOT:
                raise OSError(error.errno, _TOO_MANY, path) from None
            raise
        return Snapshot(self, name, path)

    def snapshot_path(self, name: str) -> str:
        """Return the path of a snapshot that may not exist; OSError for a name that none has."""
        path = self._path("snapshots", name)
        try:
            check_name(name)
        except BadName as error:
            raise OSError(errno.EINVAL, str(error), path) from None
        return path

    @contextmanager
    def explained(self, *names: str) -> Iterator[None]:
        """If a file is not found since one of these moments is missing, name those that exist."""
        try:
            yield
        except FileNotFoundError:
            for name in names:
                self.find(name)
            raise

    def _missing(self, name: str) -> FileNotFoundError:
        reason = missing_moment(name, self._snapshots(), self._history())
        return FileNotFoundError(errno.ENOENT, reason, self.mount)

    def _snapshots(self) -> list[str]:
        return sorted(os.listdir(self._path("snapshots")))

    def _history(self) -> list[str]:
        return [name for name in os.listdir(self._path("history")) if name not in (FIRST, LAST)]

    def _path(self, *parts: str) -> str:
        return os.path.join(self.mount, *parts)


def _exists(path: str) -> bool:
    """Tell whether a name exists; raise all errors but FileNotFoundError."""
    with suppress(FileNotFoundError):
        os.lstat(path)
        return True
    return False
