"""The directory `snapshots/`: making, removing and renaming what is in it."""

from __future__ import annotations

import errno
from collections.abc import Callable

from allocfs.backend.base import Backend
from allocfs.backend.passes import GIVE_UP
from allocfs.clock import age_clock_ns
from allocfs.errors import NameNotFound, ReadOnly, SnapshotFailed, SourceLate, TooMuchMemory
from allocfs.moments.moment import Moment, take
from allocfs.moments.snapshots import Snapshots
from allocfs.vfs.nodes import Dir, MomentsDir

_WAIT_NS = round(GIVE_UP * 1e9)  # no request waits longer


class SnapshotDir:
    """The only directory of a mount that can be changed, in each format."""

    def __init__(
        self,
        backend: Backend,
        snapshots: Snapshots,
        clock: Callable[[], int] = age_clock_ns,
    ) -> None:
        """Take snapshots of a backend; the clock is the boot clock, in nanoseconds."""
        self._backend = backend
        self._clock = clock
        self._snapshots = snapshots
        self._asked_ns: dict[str, int] = {}  # when a client first asked for a snapshot, by name

    def make(self, parent: Dir, name: str) -> None:
        """Take a snapshot.

        Raises BadName, NameTaken, TooManySnapshots, SnapshotFailed, ReadOnly, and the exceptions of
        the source.
        """
        _require_snapshots(parent, name)
        self._snapshots.prepare(name)
        moment = self._take(name)
        try:
            self._snapshots.add(name, moment)
        except TooMuchMemory as error:
            raise SnapshotFailed(str(error), errno.ENOSPC) from None

    def _take(self, name: str) -> Moment:
        """Take a moment that is not older than the first request for this snapshot."""
        now = self._clock()
        asked_ns = self._asked_ns.pop(name, now)
        if asked_ns < now - _WAIT_NS:
            asked_ns = now
        self._backend.renew_since(asked_ns)
        try:
            return take(self._backend)
        except SourceLate:
            self._asked_ns[name] = asked_ns  # the same request comes again
            raise

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
