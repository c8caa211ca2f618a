"""An open file: a fixed selection of tags in one representation, read at any offset."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from allocfs.backend.base import Backend
from allocfs.errors import TagGone
from allocfs.formats.records import COUNTERS_SIZE, RECORD_SIZE, RecordEncoder, counters_records
from allocfs.tags.table import Flags, Ints, Slots, Sums, TagList, Uints
from allocfs.vfs.limits import Budget, Charge
from allocfs.vfs.stats import Stats
from allocfs.vfs.templates import Templates

# What holding a file takes, in bytes: its objects, and for each tag a slot, sums and a flag.
_HELD_FILE = 2048
_HELD_TAG = 26

SumInto = Callable[[Slots, Ints, Flags], None]


class Selection(NamedTuple):
    """Which tags a file holds, in which order, as decided at one content_id.

    Files that are opened more than once share `templates`.
    """

    content_id: int
    slots: Slots
    templates: Templates | None = None


class View(Protocol):
    """What can be read of an open file."""

    def read(self, offset: int, size: int) -> bytes:
        """Return up to size bytes from an offset, fewer only at the end of the file."""
        ...

    def size(self) -> int:
        """Return how many bytes can be read, rendering them if that takes it."""
        ...


class Summed(Protocol):
    """The tags of a file with their sums."""

    selection: Selection

    def sums(self, first: int, last: int) -> Sums:
        """Return the sums of tags number first to last, the last excluded.

        Raises TagGone if one was unloaded after it was selected.
        """
        ...

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Put what sums() returns into rows of bytes and calls, and into flags."""
        ...


class FreshSums:
    """Sums that are taken anew whenever they are asked for."""

    __slots__ = ("_backend", "selection")

    def __init__(self, backend: Backend, selection: Selection) -> None:
        """Sum nothing yet."""
        self.selection = selection
        self._backend = backend

    def sums(self, first: int, last: int) -> Sums:
        """Sum tags now."""
        slots = self.selection.slots[first:last]
        sums = self._backend.sums(slots)
        self._refuse_gone(slots)
        return sums

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Sum tags now, into arrays; not every backend has a `sum_into` that does so itself."""
        slots = self.selection.slots[first:last]
        direct: SumInto | None = getattr(self._backend, "sum_into", None)
        if direct is None:
            _put(self._backend.sums(slots), totals, accurate)
        else:
            direct(slots, totals, accurate)
        self._refuse_gone(slots)

    def _refuse_gone(self, slots: Slots) -> None:
        # Asked after summing: a backend may find out only then that a module is gone.
        if not self._backend.all_loaded_since(self.selection.content_id, slots):
            raise TagGone("a module of these records was unloaded after the file was opened")


class HeldSums:
    """Sums that are taken once, when first asked for, and then stay as they are."""

    def __init__(self, fresh: FreshSums, budget: Budget) -> None:
        """Sum nothing yet. Raises TooMuchKept."""
        self.selection = fresh.selection
        count = len(self.selection.slots)
        self._charge = budget.charge(_HELD_FILE + count * _HELD_TAG)
        self._fresh = fresh
        self._held = Sums(
            np.zeros(count, dtype=np.int64),
            np.zeros(count, dtype=np.uint64),
            np.zeros(count, dtype=np.bool_),
        )
        self._have = np.zeros(count, dtype=np.bool_)

    def sums(self, first: int, last: int) -> Sums:
        """Sum those tags that have not been summed yet."""
        lacking = first + np.flatnonzero(~self._have[first:last])
        if len(lacking):
            self._take(int(lacking[0]), int(lacking[-1]) + 1)
        nbytes, calls, accurate = self._held
        return Sums(nbytes[first:last], calls[first:last], accurate[first:last])

    def sum_into(self, first: int, last: int, totals: Ints, accurate: Flags) -> None:
        """Copy the sums, once they are taken, into arrays."""
        _put(self.sums(first, last), totals, accurate)

    def _take(self, first: int, last: int) -> None:
        """Sum a stretch of tags, keeping what is held of it."""
        lacking = ~self._have[first:last]
        for held, fresh in zip(self._held, self._fresh.sums(first, last), strict=True):
            np.copyto(held[first:last], fresh, where=lacking)
        self._have[first:last] = True


def _put(sums: Sums, totals: Ints, accurate: Flags) -> None:
    totals[:, 0] = sums.bytes
    totals[:, 1] = sums.calls.view(np.int64)
    accurate[:] = sums.accurate


class _Cut(NamedTuple):
    """A record of which a read returned the beginning, up to an offset."""

    offset: int
    record: bytes


class _FixedView:
    """Records of one size: record N is at offset N times that size."""

    __slots__ = ("_count", "_cut", "_stats", "_summed")
    record_size: int

    def __init__(self, summed: Summed, stats: Stats) -> None:
        self._summed = summed
        self._stats = stats
        self._count = len(summed.selection.slots)
        self._cut: _Cut | None = None

    def size(self) -> int:
        """Return the size of all records."""
        return self._count * self.record_size

    def read(self, offset: int, size: int) -> bytes:
        """Sum and encode the records that a range of bytes touches, and no others.

        Whoever reads on from within a record gets the rest of that record as it was: the kernel
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

    def __init__(self, summed: Summed, stats: Stats, encoder: RecordEncoder) -> None:
        """Fix the tags; nothing is encoded or summed before it is read."""
        super().__init__(summed, stats)
        self._templates = summed.selection.templates or Templates(encoder, summed.selection.slots)

    def _encode(self, first: int, last: int) -> bytes:
        template = self._templates.of(first, last)
        self._summed.sum_into(first, last, template.totals, template.accurate)
        return template.records.tobytes()


class CountersView(_FixedView):
    """The 32-byte records for those who know the tags already."""

    __slots__ = ("_numbers",)
    record_size = COUNTERS_SIZE

    def __init__(self, summed: Summed, stats: Stats, numbers: Uints) -> None:
        """Fix the tags; `numbers` are those of their records in /records."""
        super().__init__(summed, stats)
        self._numbers = numbers

    def _encode(self, first: int, last: int) -> bytes:
        sums = self._summed.sums(first, last)
        return counters_records(self._numbers[first:last], sums).tobytes()


class _Kept(NamedTuple):
    """A rendering, and its share of the budget."""

    text: bytes
    charge: Charge


class RenderedView:
    """A file without fixed records: rendered at a read from offset 0, then read from that.

    As with the kernel's seq_files, whoever reads from the start gets new values, and whoever
    reads on gets the rest of one rendering. Who has found its end is done with it.
    """

    __slots__ = ("_budget", "_kept", "_render", "_size")

    def __init__(self, render: Callable[[], bytes], budget: Budget) -> None:
        """Render nothing before the first read."""
        self._render = render
        self._budget = budget
        self._kept: _Kept | None = None
        self._size: int | None = None  # of the last rendering

    def size(self) -> int:
        """Return the size of a new rendering. Raises TooMuchKept."""
        return len(self._renew().text)

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of the rendering, made anew if the part is its beginning.

        Raises TooMuchKept.
        """
        if offset and self._size is not None and offset >= self._size:
            self._kept = None
            return b""
        kept = self._renew() if offset == 0 or self._kept is None else self._kept
        return kept.text[offset : offset + size]

    def _renew(self) -> _Kept:
        self._kept = None
        text = self._render()
        self._kept = _Kept(text, self._budget.charge(len(text)))
        self._size = len(text)
        return self._kept


class WholeView:
    """A file without fixed records, rendered once."""

    def __init__(self, render: Callable[[], bytes], budget: Budget) -> None:
        """Render nothing before it is read or measured."""
        self._render = render
        self._budget = budget

    def size(self) -> int:
        """Return the size of the rendering. Raises TooMuchKept."""
        return len(self._kept.text)

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of the rendering. Raises TooMuchKept."""
        return self._kept.text[offset : offset + size]

    @cached_property
    def _kept(self) -> _Kept:
        text = self._render()
        return _Kept(text, self._budget.charge(len(text)))


def record_numbers(tags: TagList, slots: Slots) -> Uints:
    """Return the numbers that some tags' records have in /records."""
    return tags.rank[slots].astype(np.uint64)
