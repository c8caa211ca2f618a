"""An open file: a fixed selection of tags in one representation, read at any offset."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from allocfs.backend.base import Backend, Slots, Sums, TagList, Uints
from allocfs.errors import TagGone
from allocfs.records import (
    COUNTERS_SIZE,
    RECORD_SIZE,
    RecordEncoder,
    Records,
    counters_records,
    fill,
)
from allocfs.stats import Stats

FEW = 64  # so many records are kept with an open file, 14 KiB, and only filled in


class Selection(NamedTuple):
    """Which tags a file holds, in which order, as decided at one content_id."""

    content_id: int
    slots: Slots


class View(Protocol):
    """What can be read of an open file."""

    def read(self, offset: int, size: int) -> bytes:
        """Return up to size bytes from an offset, fewer only at the end of the file."""
        ...


def sums_of(backend: Backend, selection: Selection) -> Sums:
    """Sum the selected tags now; raise TagGone if one of their modules was unloaded since."""
    sums = backend.sums(selection.slots)
    if not backend.all_loaded_since(*selection):
        raise TagGone("a module of these records was unloaded after the file was opened")
    return sums


class _FixedView:
    """Records of one size: record N is at offset N times that size."""

    record_size: int

    def __init__(self, backend: Backend, selection: Selection, stats: Stats) -> None:
        self._backend = backend
        self._selection = selection
        self._stats = stats

    def read(self, offset: int, size: int) -> bytes:
        """Sum and encode the records that a range of bytes touches, and no others."""
        first = offset // self.record_size
        last = min(-(-(offset + size) // self.record_size), len(self._selection.slots))
        if first >= last:
            return b""
        touched = Selection(self._selection.content_id, self._selection.slots[first:last])
        sums = sums_of(self._backend, touched)
        self._stats.records_served += last - first
        skipped = offset - first * self.record_size
        return self._encode(first, touched.slots, sums)[skipped : skipped + size]

    def _encode(self, first: int, slots: Slots, sums: Sums) -> bytes:
        raise NotImplementedError


class RecordsView(_FixedView):
    """The 224-byte records of the kernel's ioctl."""

    record_size = RECORD_SIZE

    def __init__(
        self, backend: Backend, selection: Selection, stats: Stats, encoder: RecordEncoder
    ) -> None:
        """Fix the tags; nothing is encoded or summed before it is read."""
        super().__init__(backend, selection, stats)
        self._encoder = encoder
        self._kept: Records | None = None  # all records, if they are few

    def _encode(self, first: int, slots: Slots, sums: Sums) -> bytes:
        if len(self._selection.slots) > FEW:
            records = self._encoder.templates(slots)
        else:
            if self._kept is None:
                self._kept = self._encoder.templates(self._selection.slots)
            records = self._kept[first : first + len(slots)]
        fill(records, sums)
        return records.tobytes()


class CountersView(_FixedView):
    """The 32-byte records for those who know the tags already."""

    record_size = COUNTERS_SIZE

    def __init__(
        self, backend: Backend, selection: Selection, stats: Stats, index: Uints
    ) -> None:
        """Fix the tags; `index` holds the numbers of their records in /records."""
        super().__init__(backend, selection, stats)
        self._index = index

    def _encode(self, first: int, slots: Slots, sums: Sums) -> bytes:
        return counters_records(self._index[first : first + len(slots)], sums).tobytes()


class RenderedView:
    """A file without fixed records: rendered at a read from offset 0, then read from that.

    As with the kernel's seq_files, whoever reads from the start gets new values, and whoever
    reads on gets the rest of one rendering.
    """

    def __init__(self, render: Callable[[], bytes]) -> None:
        """Render nothing before the first read."""
        self._render = render
        self._rendered: bytes | None = None

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of the rendering, made anew if the part is its beginning."""
        if offset == 0 or self._rendered is None:
            self._rendered = self._render()
        return self._rendered[offset : offset + size]


def record_numbers(tags: TagList, slots: Slots) -> Uints:
    """Return the numbers that some tags' records have in /records."""
    return tags.rank[slots].astype(np.uint64)
