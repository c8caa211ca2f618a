"""The sums of a selection: taken at each read, or once.

A backend takes them; backend/counterstore.py is the one that adds up the CPUs itself.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from allocfs.backend.base import Backend, put_sums
from allocfs.tags.table import Flags, Ints, Slots, Sums
from allocfs.vfs.limits import Budget
from allocfs.vfs.stale import require_loaded
from allocfs.vfs.templates import Templates

# The memory of a file with cached sums, in bytes: its objects, and for each tag a slot, sums and
# a flag.
_CACHED_FILE = 2048
_CACHED_TAG = 26


class Selection(NamedTuple):
    """The tags of a file, in their order, as selected at one content_id.

    Files that are opened more than once share `templates`.
    """

    content_id: int
    slots: Slots
    templates: Templates | None = None
    rank: Ints | None = None  # of all slots at that content_id, as in TagList

    def numbers(self) -> Ints:
        """Return the numbers of the tags in /records at that content_id."""
        assert self.rank is not None
        return self.rank[self.slots]


class SumSource(Protocol):
    """A selection with its sums."""

    selection: Selection

    def sums(self, first: int, last: int) -> Sums:
        """Return the sums of tags number first to last, the last excluded.

        Raises TagGone if one was unloaded after it was selected.
        """
        ...

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Write the same sums into rows of bytes and calls, and into flags."""
        ...


class LiveSums:
    """Sums that are taken anew at each read."""

    __slots__ = ("_backend", "selection")

    def __init__(self, backend: Backend, selection: Selection) -> None:
        """Sum nothing yet."""
        self.selection = selection
        self._backend = backend

    def sums(self, first: int, last: int) -> Sums:
        """Sum tags now."""
        slots = self.selection.slots[first:last]
        sums = self._backend.sums(slots)
        # After summing: a backend may find out only then that a module is gone.
        require_loaded(self._backend, self.selection.content_id, slots)
        return sums

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Sum tags now, into arrays."""
        slots = self.selection.slots[first:last]
        self._backend.sum_into(slots, totals, accurate)
        require_loaded(self._backend, self.selection.content_id, slots)


class FixedSums:
    """Sums of the tags whose values differ, all taken at once.

    Under traffic a tag that was selected by one sum may differ no more at the next.
    """

    def __init__(self, live: LiveSums, budget: Budget) -> None:
        """Sum a selection, and leave out the tags that do not differ. Raises TooMuchMemory."""
        count = len(live.selection.slots)
        self._reservation = budget.reserve(_CACHED_FILE + count * _CACHED_TAG)
        sums = live.sums(0, count)
        differs = sums.growth() != 0
        slots = live.selection.slots[differs]
        self.selection = live.selection._replace(slots=slots, templates=None)
        self._sums = sums.of(differs)

    def sums(self, first: int, last: int) -> Sums:
        """Return the sums of tags number first to last, the last excluded."""
        return self._sums.of(slice(first, last))

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Copy the sums into arrays."""
        put_sums(self.sums(first, last), totals, accurate)


class CachedSums:
    """Sums that are taken once, at the first read, and then stay."""

    def __init__(self, live: LiveSums, budget: Budget) -> None:
        """Sum nothing yet. Raises TooMuchMemory."""
        self.selection = live.selection
        count = len(self.selection.slots)
        self._reservation = budget.reserve(_CACHED_FILE + count * _CACHED_TAG)
        self._live = live
        self._cached = Sums.zeros(count)
        self._present = np.zeros(count, dtype=np.bool_)

    def sums(self, first: int, last: int) -> Sums:
        """Sum the tags that have not been summed yet."""
        missing = first + np.flatnonzero(~self._present[first:last])
        if len(missing):
            self._take(int(missing[0]), int(missing[-1]) + 1)
        return self._cached.of(slice(first, last))

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Copy the sums, taking those that are missing, into arrays."""
        put_sums(self.sums(first, last), totals, accurate)

    def _take(self, first: int, last: int) -> None:
        """Sum a stretch of tags, keeping the sums that are there already."""
        missing = ~self._present[first:last]
        for cached, live in zip(self._cached, self._live.sums(first, last), strict=True):
            # The calls of a difference are signed.
            np.copyto(cached[first:last], live.view(cached.dtype), where=missing)
        self._present[first:last] = True
