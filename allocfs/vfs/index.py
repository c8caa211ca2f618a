"""An index from the names in the tree to the slots of their codetags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from allocfs.tags.axis import Axis
from allocfs.tags.spelling import escape, path_of, paths_of
from allocfs.tags.table import NameColumn, Slots, TagTable


class Span(NamedTuple):
    """Consecutive numbers of sorted names, the last excluded."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory of source files; `span` covers the path numbers of all files below it."""

    span: Span
    entries: dict[str, Directory | int]  # a number stands for the file of that path number


def entry_name(name: str) -> str:
    """Spell a function or module so that it can be a directory entry."""
    return escape(name, "." if name in (".", "..") else "/") or "%"


@dataclass(frozen=True, eq=False)
class NameIndex:
    """Slots by name, for one column of names, whether loaded or not.

    Names are numbered in sorted order, so that the files below a directory are a Span.
    `number[slot]` is the number of the slot's name.
    """

    names: list[str]
    number: NDArray[np.int32]

    @classmethod
    def from_column(cls, column: NameColumn, spelled: Sequence[str], order: list[str]) -> NameIndex:
        """Number `order`, the sorted distinct `spelled` names of the column's values."""
        numbers = {name: number for number, name in enumerate(order)}
        by_value = np.array([numbers[name] for name in spelled], dtype=np.int32)
        return cls(order, by_value[column.ids])

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each name."""
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def by_name(self) -> NDArray[np.int32]:
        """All slots, grouped by the number of their name."""
        return np.argsort(self.number, kind="stable").astype(np.int32)

    @cached_property
    def starts(self) -> NDArray[np.int32]:
        """Where each name's slots begin in by_name, and the end."""
        counts = np.bincount(self.number, minlength=len(self.names))
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)

    def slots(self, span: Span) -> Slots:
        """Return the slots of the names of a span, loaded or not."""
        return self.by_name[self.starts[span.first] : self.starts[span.last]].astype(np.intp)

    def prefix_counts(self, slots: Slots) -> NDArray[np.intp]:
        """Count, for each number, the slots that have a name of a lower number."""
        counts = np.bincount(self.number[slots], minlength=len(self.names))
        return np.concatenate(([0], np.cumsum(counts)))


@dataclass(frozen=True, eq=False)
class Names:
    """Every name of a tag table, in the spelling of the tree."""

    table: TagTable

    def index(self, axis: Axis) -> NameIndex:
        """Return the index of one kind of names; it is made once."""
        match axis:
            case Axis.FILE:
                return self._files
            case Axis.FUNCTION:
                return self._functions
            case Axis.MODULE:
                return self._modules

    @cached_property
    def _files(self) -> NameIndex:
        paths = paths_of(self.table.file.values)
        return NameIndex.from_column(self.table.file, paths, sorted(set(paths), key=_components))

    @cached_property
    def _functions(self) -> NameIndex:
        return _sorted_index(self.table, Axis.FUNCTION)

    @cached_property
    def _modules(self) -> NameIndex:
        return _sorted_index(self.table, Axis.MODULE)

    @cached_property
    def root(self) -> Directory:
        """The directory of all source files."""
        components = [_components(path) for path in self._files.names]
        return _directory(components, 0, Span(0, len(components)))

    @cached_property
    def passing(self) -> dict[str, Slots]:
        """Slots whose file is spelled through a directory that it is not in.

        `drivers/iommu/amd/../iommu-pages.h` passes through `drivers/iommu/amd`: the VFS looks
        that directory up, so it has to exist while the codetag does, with or without files.
        """
        number: dict[str, list[int]] = {}
        for value, name in enumerate(self.table.file.values):
            for directory in _passed(name):
                number.setdefault(directory, []).append(value)
        return {
            directory: np.flatnonzero(np.isin(self.table.file.ids, values))
            for directory, values in number.items()
        }

    def directory(self, path: str) -> Directory | None:
        """Return the directory of source files at a path, "" being the root."""
        here: Directory | int | None = self.root
        for name in _components(path) if path else ():
            here = here.entries.get(name) if isinstance(here, Directory) else None
        if isinstance(here, Directory):
            return here
        return Directory(Span(0, 0), {}) if path in self.passing else None


# By id(): a Names keeps its table, so that no other table has the id while the entry is there.
_shared: WeakValueDictionary[int, Names] = WeakValueDictionary()


def names_of(table: TagTable) -> Names:
    """Return the names of a table; all who use one at a time share it."""
    names = _shared.get(id(table))
    if names is None:
        names = _shared[id(table)] = Names(table)
    return names


def entry_of(axis: Axis, name: str) -> str:
    """Return the entry of the tree that stands for a name in a query."""
    return path_of(name) if axis is Axis.FILE else entry_name(name)


def _sorted_index(table: TagTable, axis: Axis) -> NameIndex:
    column = axis.column(table)
    spelled = [entry_name(name) for name in axis.spellings(column.values)[0]]
    return NameIndex.from_column(column, spelled, sorted(set(spelled)))


def _components(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _directory(paths: list[tuple[str, ...]], depth: int, span: Span) -> Directory:
    """Make the directory whose files are the paths of a span, all alike up to depth."""
    entries: dict[str, Directory | int] = {}
    for name, below in _groups(paths, depth, span):
        is_file = below.last - below.first == 1 and len(paths[below.first]) == depth + 1
        entries[name] = below.first if is_file else _directory(paths, depth + 1, below)
    return Directory(span, entries)


def _groups(paths: list[tuple[str, ...]], depth: int, span: Span) -> Iterator[tuple[str, Span]]:
    """Split a span by the name at depth; a path that ends there belongs to the directory."""
    first = span.first
    while first < span.last and len(paths[first]) == depth:
        first += 1
    while first < span.last:
        name, last = paths[first][depth], first + 1
        while last < span.last and paths[last][depth] == name:
            last += 1
        yield name, Span(first, last)
        first = last


def _passed(file: str) -> Iterator[str]:
    """List the directories that a spelling leaves again through `..`."""
    here: list[str] = []
    for name in file.split("/"):
        if name == "..":
            yield "/".join(here)
            del here[-1:]
        elif name not in ("", "."):
            here.append(name)
