"""All moments that have a name, and the names that stand for one of them at the time of asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from allocfs.errors import NoSuchMoment
from allocfs.moments.names import Age, At, parse_when
from allocfs.moments.snapshots import Snapshots
from allocfs.moments.when import NOW, NamedMoment, Now, Past

FIRST, LAST, PRESENT = "first", "last", "now"


class Record(Protocol):
    """Moments in the order of their times: the samples of a history, or captures of a series."""

    def names(self) -> list[str]:
        """List their names, oldest first."""
        ...

    def by_name(self, name: str) -> NamedMoment | None:
        """Return the moment of a name."""
        ...

    @property
    def version(self) -> int:
        """A number that changes when a moment comes or goes."""
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


class NoRecord:
    """The record of a mount that samples no history."""

    version = 0

    def names(self) -> list[str]:
        """List nothing."""
        return []

    def all(self) -> Sequence[NamedMoment]:
        """Return nothing."""
        return ()

    def by_name(self, _name: str) -> None:
        """Find nothing."""

    def at_age(self, _age_ns: int) -> None:
        """Find nothing."""

    def at_utc(self, _utc_ns: int) -> None:
        """Find nothing."""

    def since(self, _length_ns: int | None) -> Sequence[NamedMoment]:
        """Return nothing."""
        return ()


class Catalogue:
    """The snapshots and the record of a mount."""

    def __init__(self, snapshots: Snapshots | None = None, record: Record | None = None) -> None:
        """Look names up in both; a snapshot comes first."""
        self.snapshots = snapshots or Snapshots()
        self.record = record or NoRecord()

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
        snapshots = ", ".join(self.snapshots.names()) or "none"
        every = self.record.names()
        record = f"{len(every)}, from {every[0]} to {every[-1]}" if every else "none"
        return NoSuchMoment(
            f"no moment {name!r}: there are {PRESENT}, the snapshots ({snapshots}), and those of"
            f" history/ ({record})"
        )

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
