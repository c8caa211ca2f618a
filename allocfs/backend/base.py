"""What every backend offers: a table of codetags, which of them are loaded, and sums.

A codetag has a *slot*: its row in the backend's `TagTable`. A slot keeps its codetag for as
long as a module stays loaded; after an unload it may be given to another codetag. That is
why whoever keeps slots also keeps the content_id at which they were taken, and asks
`Backend.all_loaded_since` before using them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.intp]
Ints = NDArray[np.int64]
Uints = NDArray[np.uint64]
Flags = NDArray[np.bool_]


class Codetag(NamedTuple):
    """One call site that allocates memory."""

    file: str  # as the kernel spells it, `./` and `..` included
    line: int
    function: str
    module: str = ""  # empty for built-in code
    extra: str = ""  # unknown `key:value` pairs of the text, separated by a space


class Sums(NamedTuple):
    """The counters of some codetags, each summed over all CPUs at one instant."""

    bytes: Ints
    calls: Uints
    accurate: Flags


class Bounds(NamedTuple):
    """What the bytes of some codetags can be at most and at least, known without summing."""

    low: Ints
    high: Ints


@dataclass(frozen=True)
class NameColumn:
    """A column of names in which each distinct name is kept once.

    `values[ids[slot]]` is the name at `slot`.
    """

    values: tuple[str, ...]
    ids: NDArray[np.int32]

    @classmethod
    def of(cls, names: Iterable[str]) -> NameColumn:
        """Collect names, numbering the distinct ones in order of appearance."""
        numbers: dict[str, int] = {}
        ids = [numbers.setdefault(name, len(numbers)) for name in names]
        return cls(tuple(numbers), np.array(ids, dtype=np.int32))


@dataclass(frozen=True)
class TagTable:
    """The codetags a backend knows of, loaded or not, by slot."""

    file: NameColumn
    line: Uints
    function: NameColumn
    module: NameColumn
    extra: NameColumn

    @classmethod
    def of(cls, tags: Sequence[Codetag]) -> TagTable:
        """Make a table in which `tags[n]` has slot n."""
        return cls(
            NameColumn.of(tag.file for tag in tags),
            np.array([tag.line for tag in tags], dtype=np.uint64),
            NameColumn.of(tag.function for tag in tags),
            NameColumn.of(tag.module for tag in tags),
            NameColumn.of(tag.extra for tag in tags),
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
            self.extra.values[self.extra.ids[slot]],
        )


@dataclass(frozen=True)
class TagList:
    """Which codetags are loaded at one content_id, in the kernel's order.

    `rank[slot]` is a codetag's number in that order, -1 if it is not loaded.
    """

    content_id: int
    table: TagTable
    slots: Slots
    rank: Ints

    @classmethod
    def of(cls, content_id: int, table: TagTable, slots: Slots) -> TagList:
        """Number the loaded slots in their order."""
        rank = np.full(len(table), -1, dtype=np.int64)
        rank[slots] = np.arange(len(slots))
        return cls(content_id, table, slots, rank)

    def in_order(self, slots: Slots) -> Slots:
        """Keep the loaded ones of some slots, in the kernel's order."""
        rank = self.rank[slots]
        order = np.argsort(rank, kind="stable")
        return slots[order[np.searchsorted(rank[order], 0) :]]


def ignore_change() -> None:
    """Take no notice of a change of content_id."""


class Backend(Protocol):
    """A source of codetags and counters.

    Between two calls of renew() `tags` stays as it is, so that what one request works out from
    it fits together. The methods about counters may raise SourceFailed.

    A backend may have `sum_into(slots, totals, accurate)`, which puts what sums() returns into
    rows of bytes and calls and into flags; views use it where it is.

    `counters_read` counts the per-CPU tag counters summed on behalf of readers since the mount;
    a bytes/calls pair is one counter, as it is one struct in the kernel.
    """

    cpus: int
    counters_read: int
    changed: Callable[[], None]  # called after content_id has changed

    @property
    def tags(self) -> TagList:
        """The codetags loaded now."""
        ...

    def renew(self) -> None:
        """Take in what has changed at the source; called when a request begins."""
        ...

    def sums(self, slots: Slots) -> Sums:
        """Sum the counters of these codetags over all CPUs, now."""
        ...

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these codetags count every allocation; sums nothing."""
        ...

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these codetags; sums nothing."""
        ...

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held the same codetag ever since content_id."""
        ...

    def describe(self) -> str:
        """Say what is served and how, one `name value` pair a line."""
        ...


def unnoticed(backend: Backend) -> float:
    """Return for how many seconds a change of the tags may go unnoticed if nobody asks.

    A backend that learns of changes from its source only when it is asked has an attribute
    `unnoticed`; all others tell at once.
    """
    return float(getattr(backend, "unnoticed", math.inf))


def may_be_late(backend: Backend) -> bool:
    """Tell whether a backend may raise SourceLate; one that may says so by an attribute."""
    return bool(getattr(backend, "may_be_late", False))


def extra_stats(backend: Backend) -> dict[str, int]:
    """Return the counts that only some kinds of backends have, by their names in `stats`."""
    counts: Callable[[], dict[str, int]] = getattr(backend, "extra_stats", dict)
    return counts()
