"""An open file: a fixed selection of tags in one representation, read at any offset."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from allocfs.backend.base import Backend
from allocfs.formats.records import (
    COUNTERS_SIZE,
    RECORD_SIZE,
    TREND_SIZE,
    RecordEncoder,
    counters_records,
    trend_records,
)
from allocfs.vfs.limits import Budget, Reservation
from allocfs.vfs.stats import Stats
from allocfs.vfs.sums import SumSource
from allocfs.vfs.templates import Templates


class View(Protocol):
    """The contents of an open file."""

    def read(self, offset: int, size: int) -> bytes:
        """Return up to size bytes from an offset, fewer only at the end of the file."""
        ...

    def size(self) -> int:
        """Return the number of bytes of the file, rendering it if need be."""
        ...


class _Cut(NamedTuple):
    """A record of which a read returned the beginning, up to an offset."""

    offset: int
    record: bytes


class _FixedView:
    """Records of one size: record N is at offset N times that size."""

    __slots__ = ("_count", "_cut", "_stats", "_summed")
    record_size: int

    def __init__(self, summed: SumSource, stats: Stats) -> None:
        self._summed = summed
        self._stats = stats
        self._count = len(summed.selection.slots)
        self._cut: _Cut | None = None

    def size(self) -> int:
        """Return the size of all records."""
        return self._count * self.record_size

    def read(self, offset: int, size: int) -> bytes:
        """Sum and encode the records that a range of bytes touches, and no others.

        A read that goes on within a record gets the rest of that record as it was: the kernel
        splits a large pread() at the pages of its buffer, which is anywhere in a record.
        """
        first = offset // self.record_size
        last = min(-(-(offset + size) // self.record_size), self._count)
        if first >= last:
            return b""
        self._stats.records_served += last - first
        encoded = self._encode(first, last)
        skipped = offset - first * self.record_size
        if skipped and self._cut is not None and self._cut.offset == offset:
            encoded = self._cut.record + encoded[self.record_size :]
        end = offset + size
        cuts = end % self.record_size and end < self.size()
        self._cut = _Cut(end, encoded[-self.record_size :]) if cuts else None
        return encoded[skipped : skipped + size]

    def _encode(self, first: int, last: int) -> bytes:
        raise NotImplementedError


class RecordsView(_FixedView):
    """The 224-byte records of the kernel's ioctl."""

    __slots__ = ("_templates",)
    record_size = RECORD_SIZE

    def __init__(self, summed: SumSource, stats: Stats, encoder: RecordEncoder) -> None:
        """Fix the tags; nothing is encoded or summed before it is read."""
        super().__init__(summed, stats)
        selection = summed.selection
        self._templates = selection.templates or Templates(encoder, selection.slots)

    def _encode(self, first: int, last: int) -> bytes:
        template = self._templates.between(first, last)
        self._summed.sum_into(first, last, template.totals, template.accurate)
        return template.records.tobytes()


class CountersView(_FixedView):
    """The 32-byte records for clients that know the tags already."""

    __slots__ = ("_backend", "_numbers")
    record_size = COUNTERS_SIZE

    def __init__(self, summed: SumSource, stats: Stats, backend: Backend) -> None:
        """Fix the tags of a backend, and the numbers of their records in /records."""
        super().__init__(summed, stats)
        self._numbers = summed.selection.numbers().view(np.uint64)
        self._backend = backend

    def _encode(self, first: int, last: int) -> bytes:
        sums = self._summed.sums(first, last)
        slots = self._summed.selection.slots[first:last]
        marks, rounding = self._backend.marks(slots), self._backend.rounding(slots)
        return counters_records(self._numbers[first:last], sums, marks, rounding).tobytes()


class TrendView(_FixedView):
    """The 96-byte records of trends."""

    __slots__ = ("_backend", "_numbers")
    record_size = TREND_SIZE

    def __init__(self, summed: SumSource, stats: Stats, backend: Backend) -> None:
        """Fix the tags of a trend, and their numbers in its list."""
        super().__init__(summed, stats)
        self._numbers = summed.selection.numbers().view(np.uint64)
        self._backend = backend

    def _encode(self, first: int, last: int) -> bytes:
        sums = self._summed.sums(first, last)
        slots = self._summed.selection.slots[first:last]
        trends, rounding = self._backend.trends(slots), self._backend.rounding(slots)
        assert trends is not None
        return trend_records(self._numbers[first:last], sums, trends, rounding).tobytes()


class _Rendering(NamedTuple):
    """A rendering, and its share of the budget."""

    text: bytes
    reservation: Reservation


class WholeView:
    """A file without fixed records, rendered once."""

    def __init__(self, render: Callable[[], bytes], budget: Budget) -> None:
        """Render nothing before it is read or measured."""
        self._render = render
        self._budget = budget

    def size(self) -> int:
        """Return the size of the rendering. Raises TooMuchMemory."""
        return len(self._rendering.text)

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of the rendering. Raises TooMuchMemory."""
        return self._rendering.text[offset : offset + size]

    @cached_property
    def _rendering(self) -> _Rendering:
        text = self._render()
        return _Rendering(text, self._budget.reserve(len(text)))
