"""Moments with values and times of the test's choice, and a source that can fail or be late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import SourceFailed, SourceLate
from allocfs.moments.moment import Moment, Taken
from allocfs.tags.table import Codetag, Pairs, Slots, Sums, TagList, TagTable

S = 10**9
UTC_0 = 1_800_000_000 * S  # the time of the wall clock when the boot clock was at 0
CODETAGS = (
    Codetag("mm/a.c", 1, "a"),
    Codetag("mm/a.c", 2, "b"),
    Codetag("mm/a.c", 2, "b"),
    Codetag("fs/x.c", 7, "x", "xfs"),
)


def tag_list(content_id: int = 1, tags: Sequence[Codetag] = CODETAGS) -> TagList:
    """Make a list of some tags."""
    return TagList.from_slots(content_id, TagTable.from_tags(tags), np.arange(len(tags)))


def moment(
    boot_ns: int,
    nbytes: int = 0,
    tags: TagList | None = None,
    pairs: Pairs | None = None,
    utc_ns: int | None = None,
) -> Moment:
    """Make a moment in which tag n has nbytes + n bytes."""
    utc_ns = UTC_0 + boot_ns if utc_ns is None else utc_ns
    tags = tag_list() if tags is None else tags
    each = np.arange(len(tags.slots), dtype=np.int64)
    sums = Sums(nbytes + each, each.astype(np.uint64), each != 1)
    return Moment(tags, sums, pairs, Taken(boot_ns, utc_ns), "source fake")


class FakeClock:
    """A boot clock that is set by the test; a sleep moves it on."""

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now_ns += round(seconds * S)


class FakeSource(CodetagStore):
    """A store of which every pass fails for some time, or is late once."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(TagTable.from_tags(CODETAGS), cpus=2)
        self.clock = clock
        self.error = ""
        self.late_for = 0.0  # seconds
        self.passes = 0

    def sums(self, slots: Slots) -> Sums:
        """Sum the counters, unless the source is made to fail or to be late."""
        if self.late_for:
            raise SourceLate("late", self._answer)
        if self.error:
            raise SourceFailed(self.error)
        self.passes += 1
        return super().sums(slots)

    def values_ns(self) -> int:
        """Return the time of the fake clock."""
        return self.clock()

    async def _answer(self) -> None:
        await self.clock.sleep(self.late_for)
        self.late_for = 0.0
