"""Snapshots: moments that a client has named."""

from __future__ import annotations

from dataclasses import dataclass

from allocfs.errors import NameTaken, TooManySnapshots
from allocfs.moments.moment import Moment, Taken
from allocfs.moments.names import check_name


@dataclass(frozen=True, eq=False)
class Snapshot:
    name: str
    values: Moment

    @property
    def taken(self) -> Taken | None:
        return self.values.taken

    def moment(self) -> Moment:
        return self.values


class Snapshots:
    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._by_name: dict[str, Snapshot] = {}

    def names(self) -> list[str]:
        return sorted(self._by_name)

    def by_name(self, name: str) -> Snapshot | None:
        return self._by_name.get(name)

    def prepare(self, name: str) -> None:
        check_name(name)
        if name in self._by_name:
            raise NameTaken(name)
        if len(self._by_name) >= self._most:
            raise TooManySnapshots(name)

    def add(self, name: str, moment: Moment) -> None:
        self._by_name[name] = Snapshot(name, moment)

    def drop(self, name: str) -> None:
        del self._by_name[name]

    def rename(self, name: str, new_name: str) -> None:
        check_name(new_name)
        if new_name in self._by_name:
            raise NameTaken(new_name)
        self._by_name[new_name] = Snapshot(new_name, self._by_name.pop(name).values)
