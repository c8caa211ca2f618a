"""The codetag store: per-CPU counters, modules, content_id."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocfs.backend.counterstore import UNSUMMED, CodetagStore
from allocfs.errors import BadControl
from allocfs.tags.table import Codetag, TagTable
from tests.conftest import TAGS

ALL = np.arange(8)


def slots(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.array(numbers, dtype=np.intp)


def count(store: CodetagStore, slot: int, cpu: int, nbytes: int, calls: int) -> None:
    events = np.array([nbytes]), np.array([calls])
    store.count(slots(slot), slots(cpu), *events)


def test_a_free_on_another_cpu_leaves_a_negative_counter_and_a_right_sum(
    store: CodetagStore,
) -> None:
    count(store, 0, 1, 100, 1)
    count(store, 0, 3, -40, -1)
    assert store.counters[0, 0].tolist() == [0, 100, 0, -40]
    assert store.sums(slots(0)).bytes.tolist() == [60]
    assert store.sums(slots(0)).calls.tolist() == [0]


def test_one_batch_may_count_one_counter_many_times(store: CodetagStore) -> None:
    store.count(slots(2, 2, 2), slots(1, 1, 0), np.array([1, 2, 4]), np.array([1, 1, 1]))
    assert store.sums(slots(2)).bytes.tolist() == [7]
    assert store.counters[2, 1].tolist() == [1, 2, 0, 0]


def test_sums_count_one_counter_for_each_tag_and_cpu(store: CodetagStore) -> None:
    store.sums(slots(0, 5, 7))
    assert store.counters_read == 3 * 4


def test_unload_and_load_change_content_id_and_order(store: CodetagStore) -> None:
    store.unload("xfs")
    assert store.content_id == 2
    assert store.tags.slots.tolist() == [0, 1, 2, 3, 4, 7]
    assert store.tags.rank[[5, 6, 7]].tolist() == [-1, -1, 5]
    store.load("xfs")
    assert store.content_id == 3
    assert store.tags.slots.tolist() == list(range(8))


def test_a_module_takes_the_lowest_free_number(store: CodetagStore) -> None:
    store.unload("xfs")
    store.unload("ext4")
    store.load("ext4")
    store.load("xfs")
    assert store.tags.slots.tolist() == [0, 1, 2, 3, 4, 7, 5, 6]


def test_a_loaded_module_starts_at_zero(store: CodetagStore) -> None:
    count(store, 5, 0, 100, 1)
    store.unload("xfs")
    store.load("xfs")
    assert store.sums(slots(5)).bytes.tolist() == [0]


def test_tags_of_an_unloaded_module_are_not_loaded_since(store: CodetagStore) -> None:
    before = store.content_id
    store.unload("xfs")
    assert not store.all_loaded_since(before, slots(5))
    assert store.all_loaded_since(before, slots(0, 7))
    store.load("xfs")
    assert not store.all_loaded_since(before, slots(5))
    assert store.all_loaded_since(store.content_id, slots(5))
    store.unload("ext4")
    assert store.all_loaded_since(store.content_id - 1, slots(5))


@pytest.mark.parametrize(
    ("action", "module"),
    [
        ("load", "xfs"),
        ("unload", "nosuch"),
        ("load", "nosuch"),
        ("unload", ""),
        ("unload", "vmlinux"),
    ],
)
def test_modules_that_cannot_be_loaded_or_unloaded_are_refused(
    store: CodetagStore, action: str, module: str
) -> None:
    with pytest.raises(BadControl):
        getattr(store, action)(module)
    assert store.content_id == 1


def test_a_change_is_announced_after_it_happened(store: CodetagStore) -> None:
    seen: list[int] = []
    store.on_change(lambda: seen.append(store.tags.content_id))
    store.unload("xfs")
    store.load("xfs")
    assert seen == [2, 3]


def test_an_inaccurate_tag_stays_so(store: CodetagStore) -> None:
    table = TagTable.from_tags([Codetag("a.c", 1, "f"), Codetag("a.c", 2, "g")])
    inaccurate = CodetagStore(table, 2, inaccurate=slots(1))
    assert inaccurate.sums(slots(0, 1)).accurate.tolist() == [True, False]


def test_load_and_unload_cycles_take_no_memory(store: CodetagStore) -> None:
    def cycle(times: int) -> None:
        for _ in range(times):
            store.unload("xfs")
            assert len(store.tags.slots) == 6
            store.load("xfs")

    cycle(100)
    tracemalloc.start()
    cycle(1000)
    before, _ = tracemalloc.get_traced_memory()
    cycle(20_000)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 4096
    assert store.content_id == 1 + 2 * 21_100


Event = tuple[int, int, int, int]


def events_of(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[list[Event]]:
    return st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3), numbers, numbers))


S64 = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3),
    st.sampled_from([sign * (UNSUMMED // 4 + n) for sign in (1, -1) for n in (-1, 0, 1)]),
    st.sampled_from([2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63)]),
)
events = events_of(st.integers(-(2**40), 2**40))


def count_all(store: CodetagStore, batch: list[Event]) -> None:
    slot, cpu, nbytes, calls = np.array(batch, dtype=np.int64).reshape(-1, 4).T
    store.count(slot, cpu, nbytes, calls)


def as_s64(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


@given(st.lists(events_of(S64), max_size=4))
@settings(deadline=None)
def test_sums_equal_those_of_a_plain_model(batches: list[list[Event]]) -> None:
    store = CodetagStore(TagTable.from_tags([Codetag("a.c", n, "f") for n in range(8)]), 4)
    nbytes, calls = [0] * 8, [0] * 8
    for batch in batches:
        count_all(store, batch)
        for slot, _, more_bytes, more_calls in batch:
            nbytes[slot] = as_s64(nbytes[slot] + more_bytes)
            calls[slot] = (calls[slot] + more_calls) % 2**64
        sums = store.sums(ALL)
        assert sums.bytes.tolist() == nbytes
        assert sums.calls.tolist() == calls
        assert (np.abs(store.counters) < UNSUMMED // 4).all()


@given(st.lists(events_of(st.integers(-1000, 1000)), max_size=4))
@settings(deadline=None)
def test_small_counts_stay_with_their_cpus(batches: list[list[Event]]) -> None:
    store = CodetagStore(TagTable.from_tags([Codetag("a.c", n, "f") for n in range(8)]), 4)
    expected = np.zeros((8, 2, 4), dtype=np.int64)
    for batch in batches:
        count_all(store, batch)
        for slot, cpu, nbytes, calls in batch:
            expected[slot, :, cpu] += nbytes, calls
    assert (store.counters == expected).all()
    assert not store.moved.any()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_cpu_moves_what_reaches_the_batch(store: CodetagStore, sign: int) -> None:
    batch = UNSUMMED // store.cpus
    count(store, 0, 2, sign * (batch - 1), 0)
    assert store.moved[0].tolist() == [0, 0]
    count(store, 0, 2, sign, 3)
    assert store.moved[0].tolist() == [sign * batch, 0]
    assert store.counters[0, :, 2].tolist() == [0, 3]


def test_many_tags_sum_as_one_by_one_in_any_order() -> None:
    store = CodetagStore(TagTable.from_tags([Codetag("a.c", n, "f") for n in range(300)]), 3)
    rng = np.random.default_rng(1)
    store.counters[:] = rng.integers(-1000, 1000, store.counters.shape)
    ordered = np.arange(300)
    for order in (ordered, ordered[::-1], rng.permutation(300), ordered[7:250], ordered[::2]):
        sums = store.sums(order)
        singly = [store.sums(order[n : n + 1]) for n in range(len(order))]
        assert sums.bytes.tolist() == [one.bytes[0] for one in singly]
        assert sums.calls.tolist() == [one.calls[0] for one in singly]


def test_sums_go_where_they_are_wanted_and_count_once() -> None:
    store = CodetagStore(TagTable.from_tags(TAGS), 4, inaccurate=slots(5))
    count(store, 5, 1, -7, 3)
    records = np.zeros((3, 4), dtype=np.int64)
    accurate = np.zeros(3, dtype=np.bool_)
    store.sum_into(slots(7, 5, 0), records[:, 1:3], accurate)
    assert records.tolist() == [[0, 0, 0, 0], [0, -7, 3, 0], [0, 0, 0, 0]]
    assert accurate.tolist() == [True, False, True]
    assert store.counters_read == 3 * 4


@given(events)
@settings(deadline=None)
def test_bounds_hold_whatever_was_counted(batch: list[Event]) -> None:
    store = CodetagStore(TagTable.from_tags([Codetag("a.c", n, "f") for n in range(8)]), 4)
    for slot, cpu, nbytes, calls in batch:
        count(store, slot, cpu, nbytes, calls)
    low, high = store.bounds(ALL)
    sums = store.sums(ALL).bytes
    assert (low <= sums).all()
    assert (sums <= high).all()
    assert (high - low <= 2 * UNSUMMED).all()


def test_bounds_sum_nothing(store: CodetagStore) -> None:
    store.bounds(ALL)
    assert store.counters_read == 0
