"""The vocabulary of all rooms: codetags, their table, their list, and sums.

A codetag has a *slot*: its row in a TagTable. A slot keeps its codetag for as long as a module
stays loaded; after an unload the slot may be given to another codetag. So code that keeps slots
also keeps the content_id at which it took them, and asks `Backend.all_loaded_since` before it
uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.intp]
Ints = NDArray[np.int64]
Uints = NDArray[np.uint64]
Flags = NDArray[np.bool_]

Pairs = Sequence[str]
"""The unknown `key:value` pairs of some codetags, separated by a space; empty where none are."""


class Codetag(NamedTuple):
    """One call site that allocates memory."""

    file: str  # as the kernel spells it, `./` and `..` included
    line: int
    function: str
    module: str = ""  # empty for built-in code


class Sums(NamedTuple):
    """The counters of some codetags, each summed over all CPUs at one instant.

    In a difference of two moments `calls` is signed.
    """

    bytes: Ints
    calls: Uints | Ints
    accurate: Flags

    @classmethod
    def zeros(cls, count: int, accurate: bool = False) -> Sums:
        """Make the sums of some codetags that have nothing, to put others into."""
        nbytes, calls = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.uint64)
        return cls(nbytes, calls, np.full(count, accurate))

    def of(self, which: Slots | Flags | slice) -> Sums:
        """Return the sums of some of the codetags."""
        return Sums(self.bytes[which], self.calls[which], self.accurate[which])

    def put(self, places: Slots, sums: Sums) -> None:
        """Write sums into some places."""
        for column, values in zip(self, sums, strict=True):
            column[places] = values

    def growth(self) -> Ints:
        """Tell by how much differences are of growth: by bytes, if these are equal by calls."""
        return np.where(self.bytes != 0, self.bytes, self.calls.view(np.int64))


class Marks(NamedTuple):
    """The codetags that one of two moments lacks, and those whose line moved between them.

    Those are `unknown` that a partial list lacks.
    """

    new: Flags
    gone: Flags
    moved: Flags
    unknown: Flags


class Bounds(NamedTuple):
    """The least and the most bytes that some codetags can have, known without summing."""

    low: Ints
    high: Ints


@dataclass(frozen=True, eq=False)
class NameColumn:
    """A column of names that holds each distinct name once.

    `values[ids[slot]]` is the name at `slot`.
    """

    values: tuple[str, ...]
    ids: NDArray[np.int32]

    @classmethod
    def from_names(cls, names: Iterable[str]) -> NameColumn:
        """Collect names, numbering the distinct ones in order of appearance."""
        numbers: dict[str, int] = {}
        ids = [numbers.setdefault(name, len(numbers)) for name in names]
        return cls(tuple(numbers), np.array(ids, dtype=np.int32))


@dataclass(frozen=True, eq=False)
class TagTable:
    """The codetags a backend knows of, loaded or not, by slot."""

    file: NameColumn
    line: Uints
    function: NameColumn
    module: NameColumn

    @classmethod
    def from_tags(cls, tags: Sequence[Codetag]) -> TagTable:
        """Make a table in which `tags[n]` has slot n."""
        return cls(
            NameColumn.from_names(tag.file for tag in tags),
            np.array([tag.line for tag in tags], dtype=np.uint64),
            NameColumn.from_names(tag.function for tag in tags),
            NameColumn.from_names(tag.module for tag in tags),
        )

    def __len__(self) -> int:
        return len(self.line)

    def tag(self, slot: int) -> Codetag:
        """Return one codetag."""
        return Codetag(
            self.file.values[self.file.ids[slot]],
            int(self.line[slot]),
            self.function.values[self.function.ids[slot]],
            self.module.values[self.module.ids[slot]],
        )


@dataclass(frozen=True, eq=False)
class TagList:
    """Which codetags are loaded at one content_id, in the kernel's order.

    `rank[slot]` is a codetag's number in that order, -1 if it is not loaded. In a part of a list
    it is the number in the whole list.
    """

    content_id: int
    table: TagTable
    slots: Slots
    rank: Ints

    @classmethod
    def from_slots(cls, content_id: int, table: TagTable, slots: Slots) -> TagList:
        """Number the loaded slots in their order."""
        rank = np.full(len(table), -1, dtype=np.int64)
        rank[slots] = np.arange(len(slots))
        return cls(content_id, table, slots, rank)

    def part(self, slots: Slots) -> TagList:
        """Return a list of some of the loaded slots, which keep their numbers."""
        rank = np.full(len(self.rank), -1, dtype=np.int64)
        rank[slots] = self.rank[slots]
        return TagList(self.content_id, self.table, slots, rank)

    def in_order(self, slots: Slots) -> Slots:
        """Keep the loaded ones of some slots, in the kernel's order."""
        rank = self.rank[slots]
        order = np.argsort(rank, kind="stable")
        return slots[order[np.searchsorted(rank[order], 0) :]]
