"""A moment as a backend: the values of then, whatever the source does."""

from __future__ import annotations

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.moment import Moment, take
from tests.support.moment_fakes import S, moment


def count(store: CodetagStore, slots: list[int], nbytes: int) -> None:
    each = np.full(len(slots), nbytes, dtype=np.int64)
    store.count(np.array(slots), np.zeros(len(slots), dtype=np.intp), each, each)


def test_values_stay_while_the_source_goes_on(store: CodetagStore) -> None:
    count(store, [0, 5], 100)
    frozen = FrozenBackend(take(store))
    tags, read = store.tags, store.counters_read
    count(store, [0, 5], 1)
    store.unload("xfs")
    assert frozen.tags is tags
    assert frozen.sums(np.array([5, 0, 1])).bytes.tolist() == [100, 100, 0]
    assert frozen.bounds(np.array([0])).low.tolist() == [100]
    assert frozen.accurate(np.array([5, 0])).all()
    assert frozen.all_loaded_since(0, tags.slots)
    assert (frozen.counters_read, store.counters_read) == (0, read)


def test_values_are_by_slot_though_a_list_has_another_order(store: CodetagStore) -> None:
    store.unload("xfs")
    store.load("xfs")  # in the same place
    store.unload("ext4")
    count(store, [5], 7)
    frozen = FrozenBackend(take(store))
    assert frozen.sums(np.array([6, 5])).bytes.tolist() == [0, 7]


def test_pairs_and_the_time_are_those_of_the_moment() -> None:
    frozen = FrozenBackend(moment(3 * S, pairs=["", "k:1", "", "k:2"]))
    assert frozen.pairs(np.array([3, 0])) == ["k:2", ""]
    assert frozen.values_ns() == 3 * S
    assert frozen.describe().startswith("source fake\nfrozen 2027-01-15T08:00:03.000Z")


def test_the_time_may_not_be_known() -> None:
    known = moment(0)
    unknown = Moment(known.tags, known.sums, None, None, "source fake")
    assert FrozenBackend(unknown).values_ns() is None
    assert "time unknown" in FrozenBackend(unknown).describe()
