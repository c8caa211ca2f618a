"""The sums of a selection: live at each read, or taken once; never those of another tag."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import TagGone, TooMuchMemory
from allocfs.tags.table import Slots, Sums, TagTable
from allocfs.vfs.limits import Budget
from allocfs.vfs.sums import CachedSums, FixedSums, LiveSums, Selection
from tests.conftest import TAGS

CPUS = 4
CHOSEN = np.array([0, 5, 6, 7])


def add(store: CodetagStore, slot: int, nbytes: int, calls: int = 1) -> None:
    store.count(np.array([slot]), np.array([0]), np.array([nbytes]), np.array([calls]))


@pytest.fixture
def live(store: CodetagStore) -> LiveSums:
    for slot in range(len(TAGS)):
        add(store, slot, 100 * slot)
    return LiveSums(store, Selection(store.content_id, CHOSEN))


def cached(live: LiveSums, budget: Budget | None = None) -> CachedSums:
    return CachedSums(live, budget or Budget(1 << 20))


def bytes_of(source: LiveSums | CachedSums, first: int, last: int) -> list[int]:
    nbytes: list[int] = source.sums(first, last).bytes.tolist()
    return nbytes


def test_live_sums_are_of_the_moment_of_each_read(live: LiveSums, store: CodetagStore) -> None:
    assert bytes_of(live, 0, 4) == [0, 500, 600, 700]
    assert bytes_of(live, 1, 3) == [500, 600]
    add(store, 5, 11)
    assert bytes_of(live, 1, 3) == [511, 600]
    assert store.counters_read == (4 + 2 + 2) * CPUS


def test_both_ways_to_sum_give_the_same(live: LiveSums, store: CodetagStore) -> None:
    for source in (live, cached(live)):
        totals, accurate = np.empty((3, 2), np.int64), np.empty(3, np.bool_)
        source.sum_into(1, 4, totals, accurate)
        nbytes, calls, flags = source.sums(1, 4)
        assert totals[:, 0].tolist() == nbytes.tolist() == [500, 600, 700]
        assert totals[:, 1].tolist() == calls.tolist() == [1, 1, 1]
        assert accurate.tolist() == flags.tolist() == [True] * 3


def test_tags_of_an_unloaded_module_are_gone_and_others_are_not(
    live: LiveSums, store: CodetagStore
) -> None:
    store.unload("xfs")
    for first, last in ((0, 2), (2, 3), (0, 4)):
        with pytest.raises(TagGone):
            live.sums(first, last)
        with pytest.raises(TagGone):
            live.sum_into(
                first, last, np.empty((last - first, 2), np.int64), np.empty(last - first, np.bool_)
            )
    assert bytes_of(live, 3, 4) == [700]
    store.load("xfs")
    with pytest.raises(TagGone):
        live.sums(1, 2)
    assert bytes_of(live, 0, 1) == [0]


class VanishingStore(CodetagStore):
    """A store that unloads a module while it sums, as a kernel can."""

    def sums(self, slots: Slots) -> Sums:
        summed = super().sums(slots)
        self.unload("xfs")
        return summed


def test_a_module_that_is_unloaded_during_the_sum_is_noticed() -> None:
    store = VanishingStore(TagTable.from_tags(TAGS), cpus=CPUS)
    live = LiveSums(store, Selection(store.content_id, CHOSEN))
    with pytest.raises(TagGone):
        live.sums(1, 2)


def test_cached_sums_are_taken_once_and_stay(live: LiveSums, store: CodetagStore) -> None:
    source = cached(live)
    assert store.counters_read == 0
    assert bytes_of(source, 1, 2) == [500]
    for slot in CHOSEN.tolist():
        add(store, slot, 1)
    assert bytes_of(source, 0, 3) == [1, 500, 601]
    assert bytes_of(source, 0, 4) == [1, 500, 601, 701]
    add(store, 0, 1000)
    assert bytes_of(source, 0, 4) == [1, 500, 601, 701]


def test_cached_sums_sum_the_missing_tags_and_those_between_them(
    live: LiveSums, store: CodetagStore
) -> None:
    source = cached(live)
    for first, last, summed in ((1, 2, 1), (1, 2, 0), (0, 3, 3), (0, 4, 1), (0, 4, 0)):
        before = store.counters_read
        source.sums(first, last)
        assert store.counters_read - before == summed * CPUS, (first, last)


def test_cached_sums_of_an_unloaded_module_stay_and_missing_ones_are_gone(
    live: LiveSums, store: CodetagStore
) -> None:
    source = cached(live)
    source.sums(1, 2)
    store.unload("xfs")
    assert bytes_of(source, 1, 2) == [500]
    with pytest.raises(TagGone):
        source.sums(1, 3)
    assert bytes_of(source, 3, 4) == [700]
    assert bytes_of(source, 1, 2) == [500]


def test_cached_sums_count_towards_the_budget_until_they_are_dropped(live: LiveSums) -> None:
    budget = Budget(1 << 20)
    source = cached(live, budget)
    reserved = budget.used
    assert reserved == 2048 + 26 * len(CHOSEN)
    source.sums(0, 4)
    assert budget.used == reserved
    del source
    assert budget.used == 0


def test_cached_sums_beyond_the_budget_are_refused(live: LiveSums, store: CodetagStore) -> None:
    budget = Budget(2048)
    with pytest.raises(TooMuchMemory):
        cached(live, budget)
    assert (budget.used, store.counters_read) == (0, 0)


def test_a_selection_without_tags_has_no_sums(store: CodetagStore) -> None:
    live = LiveSums(store, Selection(1, np.empty(0, dtype=np.intp)))
    for source in (live, cached(live)):
        assert bytes_of(source, 0, 0) == []
    assert store.counters_read == 0


class Difference(CodetagStore):
    """A store whose calls are differences, which have a sign."""

    def sums(self, slots: Slots) -> Sums:
        nbytes, calls, accurate = super().sums(slots)
        return Sums(nbytes, calls.view(np.int64), accurate)


def test_cached_differences_of_calls_keep_their_bits() -> None:
    store = Difference(TagTable.from_tags(TAGS), CPUS)
    add(store, 5, 7, calls=-3)
    source = cached(LiveSums(store, Selection(store.content_id, CHOSEN)))
    totals, accurate = np.empty((4, 2), np.int64), np.empty(4, np.bool_)
    source.sum_into(0, 4, totals, accurate)
    assert totals.tolist() == [[0, 0], [7, -3], [0, 0], [0, 0]]


def test_fixed_sums_leave_out_the_tags_that_differ_no_more(store: CodetagStore) -> None:
    budget = Budget(10_000)
    each = np.array([5, 7], dtype=np.int64)
    store.count(np.array([2, 6]), np.array([0, 0]), each, each)
    tags = store.tags
    selection = Selection(tags.content_id, np.array([1, 2, 6]), None, tags.rank)
    fixed = FixedSums(LiveSums(store, selection), budget)
    assert fixed.selection.slots.tolist() == [2, 6]
    store.count(np.array([2, 6]), np.array([0, 0]), each, each)
    assert fixed.sums(0, 2).bytes.tolist() == [5, 7]
    assert fixed.sums(1, 2).calls.tolist() == [7]
    assert budget.used > 0
    del fixed
    assert budget.used == 0
