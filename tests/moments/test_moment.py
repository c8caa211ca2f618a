"""Taking a moment: all codetags in one pass."""

from __future__ import annotations

import time

import numpy as np
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import SourceFailed, TagGone
from allocfs.moments.moment import Taken, format_utc, take
from allocfs.tags.table import Slots, Sums, TagTable
from tests.conftest import TAGS


def test_a_moment_takes_17_bytes_a_tag_and_shares_the_list(store: CodetagStore) -> None:
    taken = take(store)
    assert taken.nbytes == 17 * len(TAGS)
    assert taken.tags is store.tags
    assert store.counters_read == len(TAGS) * store.cpus
    assert all(column.flags.owndata and column.flags.contiguous for column in taken.sums)
    assert taken.taken is not None
    assert abs(taken.taken.utc_ns - time.time_ns()) < 5 * 10**9


def test_a_part_of_a_list_sums_no_other_tag(store: CodetagStore) -> None:
    part = store.tags.from_slots(1, store.table, np.array([5, 6]))
    assert take(store, part).tags is part
    assert store.counters_read == 2 * store.cpus


class ShrinkingStore(CodetagStore):
    """A store that unloads a module in each of its first sums."""

    passes = 0
    most = 2

    def sums(self, slots: Slots) -> Sums:
        self.passes += 1
        if self.passes <= self.most:
            module = ("xfs", "ext4", "xfs", "ext4", "xfs", "ext4")[self.passes - 1]
            self.unload(module)
            if self.passes > 1:
                self.load("ext4" if module == "xfs" else "xfs")
            raise TagGone("a module was unloaded")
        return super().sums(slots)


def test_a_module_that_goes_meanwhile_is_left_out() -> None:
    store = ShrinkingStore(TagTable.from_tags(TAGS), cpus=1)
    taken = take(store)
    assert len(taken.tags.slots) == len(store.tags.slots) == 7


def test_a_list_that_never_stays_is_a_failure() -> None:
    store = ShrinkingStore(TagTable.from_tags(TAGS), cpus=1)
    store.most = 6
    with pytest.raises(SourceFailed, match="unloaded in each of 5 passes"):
        take(store)


def test_times_are_cut_to_milliseconds() -> None:
    assert format_utc(1_764_064_800_999_999_999) == "2025-11-25T10:00:00.999Z"
    assert str(Taken(0, 0)) == "1970-01-01T00:00:00.000Z"


def test_a_time_of_the_wall_clock_has_a_place_on_the_boot_clock() -> None:
    ago = Taken.at_utc(time.time_ns() - 60 * 10**9)
    boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert abs(boot - 60 * 10**9 - ago.boot_ns) < 5 * 10**9
