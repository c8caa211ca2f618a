"""The ioctls of /proc/allocinfo, server side: the state of one open file between two calls.

This does as the kernel does, at the kernel's cost: a GET_AT walks the tags from the first,
and the counters summed are those that the kernel would sum, no more. spec/fuseops.md lists
the rules.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from allocfs.backend.base import Backend
from allocfs.errors import BadArgument, NoMoreRecords, NoSuchCommand
from allocfs.formats.records import RECORD_SIZE, RecordEncoder, fill
from allocfs.kernel.abi import MERGED, Filter, FilterMask
from allocfs.tags.table import Flags, Slots, Sums, TagList

_SIZES = FilterMask.MIN_SIZE | FilterMask.MAX_SIZE


class _Place(NamedTuple):
    """The number of tags of a list that were passed, matching or not."""

    tags: TagList
    passed: int


class _Match(NamedTuple):
    """A tag that matches: its number among those looked at, and its counters."""

    number: int
    sums: Sums


class IoctlFile:
    """The filter and the position that the ioctls on one open file go on from."""

    def __init__(self, backend: Backend, encoder: Callable[[], RecordEncoder]) -> None:
        """Start without filter or position; `encoder` gives that of the backend's table."""
        self._backend = backend
        self._encoder = encoder
        self._filter = Filter()
        self._place: _Place | None = None

    def handle(self, command: int, data: bytes) -> bytes:
        """Answer an ioctl: take the bytes of its argument, return its new bytes.

        Raises NoSuchCommand, BadArgument, NoMoreRecords, and the exceptions of the backend.
        """
        match command:
            case MERGED.content_id_number:
                return struct.pack("@Q", self._backend.tags.content_id)
            case MERGED.get_at_number:
                return data[:-RECORD_SIZE] + self._get_at(*MERGED.decode_get_at(data))
            case MERGED.get_next_number:
                return self._get_next()
        raise NoSuchCommand(f"ioctl {command:#x} is none of allocinfo's")

    def _get_at(self, pos: int, wanted: Filter) -> bytes:
        _check(wanted)
        tags = self._backend.tags
        if pos >= len(tags.slots):
            raise NoMoreRecords(f"record {pos} of {len(tags.slots)}")
        self._filter = wanted
        try:
            return self._walk(0, pos)
        except NoMoreRecords:
            if self._place is not None:
                self._place = _Place(tags, len(tags.slots))
            raise

    def _get_next(self) -> bytes:
        passed = 0 if self._place is None else _passed_now(self._place, self._backend)
        try:
            return self._walk(passed, 0)
        except NoMoreRecords:
            self._place = None
            raise

    def _walk(self, passed: int, skip: int) -> bytes:
        """Return the record of a match after `passed` tags and `skip` other matches."""
        tags, encoder = self._backend.tags, self._encoder()
        slots = tags.slots[passed:]
        named = np.flatnonzero(_named(self._filter, self._backend, encoder, slots))
        found = _nth_match(self._filter, self._backend, slots[named], skip)
        if found is None:
            raise NoMoreRecords(f"no match after {passed} tags and {skip} matches")
        number = named[found.number]
        self._place = _Place(tags, passed + int(number) + 1)
        record = encoder.templates(slots[number : number + 1])
        fill(record, found.sums)
        return record.tobytes()


def _check(wanted: Filter) -> None:
    unknown = wanted.mask & ~sum(FilterMask)
    if unknown:
        raise BadArgument(f"bits {unknown:#x} of the filter's mask are unknown")
    if wanted.mask & _SIZES == _SIZES and wanted.min_size > wanted.max_size:
        raise BadArgument(f"min_size {wanted.min_size} is above max_size {wanted.max_size}")


def _passed_now(place: _Place, backend: Backend) -> int:
    """Translate a place into the present list: after the last tag passed that is still there.

    Tags come and go by modules, and a module's tags are consecutive, so that the last of each
    run speaks for all.
    """
    tags, now = place.tags, backend.tags
    if tags.content_id == now.content_id:
        return place.passed
    slots = tags.slots[: place.passed]
    ends = np.flatnonzero(np.diff(tags.table.module.ids[slots], append=-1))
    for end in ends[::-1]:
        last = slots[end : end + 1]
        if backend.all_loaded_since(tags.content_id, last):
            return int(now.rank[last[0]]) + 1
    return 0


def _named(wanted: Filter, backend: Backend, encoder: RecordEncoder, slots: Slots) -> Flags:
    """Tell which slots meet the criteria that need no sum."""
    table, mask = encoder.table, wanted.mask
    meets = np.ones(len(slots), dtype=np.bool_)
    if mask & FilterMask.MODNAME:
        meets &= (encoder.modname == wanted.modname)[table.module.ids[slots]]
    if mask & FilterMask.FUNCTION:
        meets &= (encoder.function == wanted.function)[table.function.ids[slots]]
    if mask & FilterMask.FILENAME:
        meets &= (encoder.filename == wanted.filename)[table.file.ids[slots]]
    if mask & FilterMask.LINENO:
        meets &= table.line[slots] == wanted.lineno
    if mask & FilterMask.INACCURATE:
        meets &= backend.accurate(slots) != bool(wanted.inaccurate)
    return meets


def _nth_match(wanted: Filter, backend: Backend, slots: Slots, skip: int) -> _Match | None:
    """Find the slot that has a wanted size after `skip` others that have.

    As many slots as there are matches still to come have to be looked at in any case, so
    summing that many together sums none in vain. Without a match all are summed.
    """
    if not wanted.mask & _SIZES:
        found = slots[skip : skip + 1]
        return _Match(skip, backend.sums(found)) if len(found) else None
    low, high = _size_range(wanted)
    passed, to_come = 0, skip + 1
    while passed < len(slots):
        batch = slots[passed : passed + to_come]
        sums = backend.sums(batch)
        passed += len(batch)
        # Below low, the difference wraps around and is above high - low.
        sized = sums.bytes.view(np.uint64) - low <= high - low
        to_come -= int(np.count_nonzero(sized))
        if to_come == 0:
            last = Sums(sums.bytes[-1:], sums.calls[-1:], sums.accurate[-1:])
            return _Match(passed - 1, last)
    return None


def _size_range(wanted: Filter) -> tuple[np.uint64, np.uint64]:
    """Return the sizes wanted, inclusive; as in the kernel, one below zero is a huge one."""
    low = wanted.min_size if wanted.mask & FilterMask.MIN_SIZE else 0
    high = wanted.max_size if wanted.mask & FilterMask.MAX_SIZE else 2**64 - 1
    return np.uint64(low), np.uint64(high)
