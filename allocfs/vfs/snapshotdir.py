"""The directory `snapshots/`: making, removing and renaming what is in it."""

from __future__ import annotations

import errno

from allocfs.backend.base import Backend
from allocfs.errors import NameNotFound, ReadOnly, SnapshotFailed, TooMuchMemory
from allocfs.moments.moment import take
from allocfs.moments.snapshots import Snapshots
from allocfs.vfs.nodes import Dir, MomentsDir


class SnapshotDir:
    """The only directory of a mount that can be changed, in each format."""

    def __init__(self, backend: Backend, snapshots: Snapshots) -> None:
        """Take snapshots of a backend."""
        self._backend = backend
        self._snapshots = snapshots

    def make(self, parent: Dir, name: str) -> None:
        """Take a snapshot.

        Raises BadName, NameTaken, TooManySnapshots, SnapshotFailed, ReadOnly, and the exceptions of
        the source.
        """
        _require_snapshots(parent, name)
        self._snapshots.prepare(name)
        moment = take(self._backend)
        try:
            self._snapshots.add(name, moment)
        except TooMuchMemory as error:
            raise SnapshotFailed(str(error), errno.ENOSPC) from None

    def remove(self, parent: Dir, name: str) -> None:
        """Drop a snapshot. Raises NameNotFound, SnapshotFailed, ReadOnly."""
        self._require(parent, name)
        self._snapshots.drop(name)

    def rename(self, parent: Dir, name: str, new_parent: Dir, new_name: str) -> None:
        """Rename a snapshot. Raises NameNotFound, BadName, NameTaken, SnapshotFailed, ReadOnly."""
        self._require(parent, name)
        if new_parent != parent:
            raise ReadOnly(f"{new_parent.path}: a snapshot stays in its directory")
        self._snapshots.rename(name, new_name)

    def _require(self, parent: Dir, name: str) -> None:
        _require_snapshots(parent, name)
        if self._snapshots.by_name(name) is None:
            raise NameNotFound(f"{parent.path}: no snapshot {name!r}")


def _require_snapshots(parent: Dir, name: str) -> None:
    if not isinstance(parent, MomentsDir) or parent.kind != "snapshots":
        raise ReadOnly(f"{parent.path}/{name}: only in snapshots/ can anything be changed")
