"""A moment: the values of all codetags at one time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from allocfs.backend.base import Backend
from allocfs.clock import age_clock_ns
from allocfs.errors import SourceFailed, TagGone
from allocfs.tags.rounding import Partial, Rounding
from allocfs.tags.table import Pairs, Sums, TagList

MOST_PASSES = 5  # over a list that loses a module meanwhile
_NS = 1_000_000_000


class Taken(NamedTuple):
    """The time of a moment, by two clocks, in nanoseconds.

    Moments are ordered by the boot clock, which no step of the wall clock moves.
    """

    boot_ns: int
    utc_ns: int

    @classmethod
    def at_utc(cls, utc_ns: int) -> Taken:
        """Place a time of the wall clock on the boot clock, as the two run now."""
        return cls(age_clock_ns() - time.time_ns() + utc_ns, utc_ns)

    def __str__(self) -> str:
        return format_utc(self.utc_ns)


@dataclass(frozen=True, eq=False)
class Moment:
    """The values of all codetags at one time: 17 bytes a tag, beside a list that moments share.

    Element n of `sums`, `pairs` and `rounding` is of `tags.slots[n]`. `taken` is None where
    the time is not known.
    """

    tags: TagList
    sums: Sums
    pairs: Pairs | None
    taken: Taken | None
    source: str
    rounding: Rounding | None = None
    partial: Partial | None = None

    @property
    def nbytes(self) -> int:
        """The bytes of the values."""
        columns = (*self.sums, *(self.rounding or ()))
        return sum(column.nbytes for column in columns)


def take(backend: Backend, tags: TagList | None = None) -> Moment:
    """Sum all codetags of a backend now, or those of a part of its list, in one pass.

    Call renew() before. Raises SourceFailed and SourceLate. If a module goes meanwhile, all
    codetags that are left are summed.
    """
    for _ in range(MOST_PASSES):
        tags = tags or backend.tags
        try:
            sums = backend.sums(tags.slots)
        except TagGone:
            backend.renew()
            tags = None
            continue
        if backend.all_loaded_since(tags.content_id, tags.slots):
            boot_ns = backend.values_ns()
            taken = None if boot_ns is None else _taken(boot_ns)
            pairs, rounding = backend.pairs(tags.slots), backend.rounding(tags.slots)
            values = _contiguous(sums), pairs, taken, backend.describe(), rounding
            return Moment(tags, *values, backend.partial)
        backend.renew()
        tags = None
    raise SourceFailed(f"a module was unloaded in each of {MOST_PASSES} passes over all codetags")


def format_utc(utc_ns: int) -> str:
    """Write a time as `2026-11-25T10:00:00.000Z`, cut to milliseconds."""
    seconds, rest = divmod(utc_ns, _NS)
    stamp = datetime.fromtimestamp(seconds, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def _taken(boot_ns: int) -> Taken:
    return Taken(boot_ns, time.time_ns() - age_clock_ns() + boot_ns)


def _contiguous(sums: Sums) -> Sums:
    """Copy the columns: sums() may return every second number of a larger array."""
    return Sums(sums.bytes.copy(), sums.calls.copy(), sums.accurate.copy())
