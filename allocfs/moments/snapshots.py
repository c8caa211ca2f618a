"""Snapshots: moments that a client has named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from allocfs.errors import NameNotFound, NameTaken, TooManySnapshots
from allocfs.moments.moment import Moment, Taken
from allocfs.moments.names import check_name

MOST = 64  # snapshots, unless an option says otherwise

Reserve = Callable[[int], object]
"""Reserves bytes for as long as the returned object lives. Raises TooMuchMemory."""


class Values(Protocol):
    """The values of a snapshot, in memory or on the disk."""

    @property
    def taken(self) -> Taken | None:
        """The time of the values, None if it is not known."""
        ...

    def moment(self) -> Moment:
        """Return the values, read if need be. Raises SourceFailed."""
        ...


class Storage(Protocol):
    """The place of the values of snapshots, by name; each method may raise SnapshotFailed."""

    def saved(self) -> Mapping[str, Values]:
        """Return the values that are there, the oldest first."""
        ...

    def save(self, name: str, moment: Moment) -> Values:
        """Keep a moment."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Give values another name, which no other values have."""
        ...

    def delete(self, name: str) -> None:
        """Give values up."""
        ...


@dataclass(frozen=True)
class Snapshot:
    """A moment with a name; it is the same snapshot as long as its serial is.

    A serial is never used again. A snapshot that is dropped stays readable for those who hold it,
    if its values are in memory.
    """

    name: str = field(compare=False)
    serial: int
    values: Values = field(compare=False)

    @property
    def taken(self) -> Taken | None:
        """The time of the values, None if it is not known."""
        return self.values.taken

    def moment(self) -> Moment:
        """Return the values, read if need be. Raises SourceFailed."""
        return self.values.moment()


@dataclass(frozen=True, eq=False)
class _InMemory:
    values: Moment
    reservation: object

    @property
    def taken(self) -> Taken | None:
        return self.values.taken

    def moment(self) -> Moment:
        return self.values


class MemoryStorage:
    """Values that last until the unmount."""

    def __init__(self, reserve: Reserve = lambda _nbytes: None) -> None:
        """Reserve the bytes of each moment."""
        self._reserve = reserve

    def saved(self) -> Mapping[str, Values]:
        """Return nothing: memory is empty at the mount."""
        return {}

    def save(self, _name: str, moment: Moment) -> Values:
        """Keep a moment. Raises TooMuchMemory."""
        return _InMemory(moment, self._reserve(moment.nbytes))

    def rename(self, name: str, new_name: str) -> None:
        """Do nothing: a snapshot holds its values itself."""

    def delete(self, name: str) -> None:
        """Do nothing: the values live as long as somebody holds the snapshot."""


class Snapshots:
    """The snapshots of a mount, at most so many."""

    def __init__(self, storage: Storage | None = None, most: int = MOST) -> None:
        """Begin with the snapshots that are in the storage, though they be too many."""
        self._storage = storage = storage or MemoryStorage()
        self._most = most
        self._serials = count(1)
        self._by_name = {
            name: Snapshot(name, next(self._serials), values)
            for name, values in storage.saved().items()
        }

    def names(self) -> list[str]:
        """List the names in their order."""
        return sorted(self._by_name)

    def by_name(self, name: str) -> Snapshot | None:
        """Return the snapshot of a name."""
        return self._by_name.get(name)

    def prepare(self, name: str) -> None:
        """Raise BadName, NameTaken or TooManySnapshots, if add() would."""
        check_name(name)
        self._require_free(name)
        if len(self._by_name) >= self._most:
            raise TooManySnapshots(
                f"snapshot {name!r}: there are {len(self._by_name)}, and max_snapshots="
                f"{self._most}: remove one, or mount with a larger max_snapshots"
            )

    def add(self, name: str, moment: Moment) -> Snapshot:
        """Keep a moment as a snapshot.

        Raises TooMuchMemory or SnapshotFailed, or an error of prepare(), and keeps nothing then.
        """
        self.prepare(name)
        values = self._storage.save(name, moment)
        added = self._by_name[name] = Snapshot(name, next(self._serials), values)
        return added

    def drop(self, name: str) -> None:
        """Drop a snapshot. Raises NameNotFound or SnapshotFailed."""
        self._require(name)
        self._storage.delete(name)
        del self._by_name[name]

    def rename(self, name: str, new_name: str) -> None:
        """Give a snapshot another name. Raises NameNotFound, BadName, NameTaken, SnapshotFailed."""
        snapshot = self._require(name)
        if new_name == name:
            return
        check_name(new_name)
        self._require_free(new_name)
        self._storage.rename(name, new_name)
        del self._by_name[name]
        self._by_name[new_name] = Snapshot(new_name, snapshot.serial, snapshot.values)

    def _require(self, name: str) -> Snapshot:
        snapshot = self._by_name.get(name)
        if snapshot is None:
            raise NameNotFound(
                f"no snapshot {name!r}: there are {', '.join(self.names()) or 'none'}"
            )
        return snapshot

    def _require_free(self, name: str) -> None:
        if name in self._by_name:
            raise NameTaken(f"snapshot {name!r}: that name is taken")
