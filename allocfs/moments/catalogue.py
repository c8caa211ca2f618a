"""All moments that have a name, and the names that stand for one of them at the time of asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from allocfs.errors import NoSuchMoment
from allocfs.moments.history import History
from allocfs.moments.names import FIRST, LAST, Age, At, missing_moment, parse_when
from allocfs.moments.names import NOW as PRESENT
from allocfs.moments.snapshots import Snapshots
from allocfs.moments.when import NOW, NamedMoment, Now, Past


class Record(Protocol):
    """Moments in the order of their times: the samples of a history, or captures of a series."""

    def names(self) -> list[str]:
        """List their names, oldest first."""
        ...

    def by_name(self, name: str) -> NamedMoment | None:
        """Return the moment of a name."""
        ...

    def text(self) -> str:
        """Return a line for each moment and each gap, for `.allocfs/history`."""
        ...

    def all(self) -> Sequence[NamedMoment]:
        """Return the moments, oldest first."""
        ...

    def at_age(self, age_ns: int) -> NamedMoment | None:
        """Return the newest moment that is at least so old."""
        ...

    def at_utc(self, utc_ns: int) -> NamedMoment | None:
        """Return the newest moment at or before a time."""
        ...

    def since(self, length_ns: int | None) -> Sequence[NamedMoment]:
        """Return the moments of the last so many nanoseconds, oldest first; None for all."""
        ...


class Catalogue:
    """The snapshots and the record of a mount."""

    def __init__(self, snapshots: Snapshots | None = None, record: Record | None = None) -> None:
        """Look names up in both; a snapshot comes first."""
        self.snapshots = snapshots or Snapshots()
        self.record: Record = record or History(0)

    def find(self, name: str) -> Now | Past | None:
        """Return the moment that has a name."""
        if name == PRESENT:
            return NOW
        found = self.snapshots.by_name(name) or self.record.by_name(name)
        return Past(found) if found else None

    def exact_name(self, name: str) -> str:
        """Return the name of the moment that a name such as `-10m` or `first` stands for now.

        Raises NoSuchMoment, naming the moments that there are.
        """
        if self.find(name):
            return name
        found = self._stands_for(name)
        if found is None:
            raise self._missing(name)
        return found.name

    def _missing(self, name: str) -> NoSuchMoment:
        return NoSuchMoment(missing_moment(name, self.snapshots.names(), self.record.names()))

    def _stands_for(self, name: str) -> NamedMoment | None:
        every = self.record.all()
        if name in (FIRST, LAST):
            return every[0 if name == FIRST else -1] if every else None
        match parse_when(name):
            case Age(ns):
                return self.record.at_age(ns)
            case At(ns):
                return self.record.at_utc(ns)
            case _:
                return None
