"""Slots: a listed codetag keeps its slot, and no other codetag gets it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocfs.tags.slots import TagSlots, codetags_of, consecutive
from allocfs.tags.table import Codetag, TagTable

BUILT_IN = [Codetag("mm/slub.c", 10, "alloc"), Codetag("mm/slub.c", 10, "alloc")]
XFS = [Codetag("fs/xfs/a.c", 1, "f", "xfs"), Codetag("fs/xfs/b.c", 2, "g", "xfs")]
EXT4 = [Codetag("fs/ext4/a.c", 1, "f", "ext4")]


def listed(slots: TagSlots) -> list[Codetag]:
    """Return the codetags of the current list in its order."""
    return [slots.tags.table.tag(slot) for slot in slots.tags.slots.tolist()]


def test_a_table_is_its_codetags() -> None:
    tags = [*BUILT_IN, *XFS, Codetag("./x.h", 2**64 - 1, "h", "m")]
    assert codetags_of(TagTable.from_tags(tags)) == tags
    assert codetags_of(TagTable.from_tags(tags), np.array([4, 0])) == [tags[4], tags[0]]


def test_the_first_list_has_the_slots_from_0_on() -> None:
    slots = TagSlots(TagTable.from_tags([*BUILT_IN, *XFS]), content_id=7)
    assert slots.tags.slots.tolist() == [0, 1, 2, 3]
    assert slots.tags.content_id == 7
    assert slots.all_loaded_since(7, slots.tags.slots)


def test_the_same_list_is_no_change() -> None:
    slots = TagSlots(TagTable.from_tags([*BUILT_IN, *XFS]))
    slots.take(TagTable.from_tags([*BUILT_IN, *XFS]))
    assert slots.tags.content_id == 1
    assert slots.tags.slots.tolist() == [0, 1, 2, 3]


def test_another_order_is_a_change_in_which_all_stay_loaded() -> None:
    slots = TagSlots(TagTable.from_tags([*XFS, *EXT4]))
    slots.take(TagTable.from_tags([*EXT4, *XFS]))
    assert slots.tags.content_id == 2
    assert slots.tags.slots.tolist() == [2, 0, 1]
    assert slots.tags.rank.tolist() == [1, 2, 0]
    assert slots.all_loaded_since(1, slots.tags.slots)


def test_codetags_that_are_alike_are_told_apart_by_their_order() -> None:
    slots = TagSlots(TagTable.from_tags([*BUILT_IN, *XFS]))
    slots.take(TagTable.from_tags([XFS[0], *BUILT_IN]))
    assert slots.tags.slots.tolist() == [2, 0, 1]


def test_a_codetag_that_is_gone_stays_gone_for_those_who_knew_it() -> None:
    slots = TagSlots(TagTable.from_tags([*BUILT_IN, *XFS]))
    xfs = slots.tags.slots[2:]
    slots.take(TagTable.from_tags(BUILT_IN))
    assert not slots.all_loaded_since(1, xfs)
    assert slots.all_loaded_since(1, slots.tags.slots)
    slots.take(TagTable.from_tags([*BUILT_IN, *XFS]))
    assert slots.tags.content_id == 3
    assert slots.tags.slots.tolist() == [0, 1, 2, 3]
    assert not slots.all_loaded_since(1, xfs)
    assert slots.all_loaded_since(3, xfs)


def test_a_free_slot_is_given_to_another_codetag() -> None:
    slots = TagSlots(TagTable.from_tags([*XFS, *BUILT_IN]))
    slots.take(TagTable.from_tags([*BUILT_IN, *EXT4]))
    assert slots.tags.slots.tolist() == [2, 3, 0]
    assert listed(slots) == [*BUILT_IN, *EXT4]
    assert not slots.all_loaded_since(1, slots.tags.slots[2:])


def test_a_source_can_have_numbers_of_its_own() -> None:
    slots = TagSlots(TagTable.from_tags(BUILT_IN), content_id=5)
    slots.take(TagTable.from_tags(BUILT_IN), content_id=9)
    assert slots.tags.content_id == 9
    assert slots.all_loaded_since(5, slots.tags.slots)


MODULES = [BUILT_IN, XFS, EXT4, [EXT4[0]._replace(module="m")] * 3]
orders = st.lists(st.sampled_from(range(len(MODULES))), unique=True)


@settings(derandomize=True, deadline=None)
@given(st.lists(orders, min_size=1, max_size=12))
def test_no_slot_that_is_said_to_be_loaded_has_changed_hands(lists: list[list[int]]) -> None:
    """Follow each codetag through lists in which whole modules appear and disappear."""
    tables = [[tag for number in modules for tag in MODULES[number]] for modules in lists]
    slots = TagSlots(TagTable.from_tags(tables[0]))
    known = []
    for place, table in enumerate(tables):
        if place:
            before = slots.tags.content_id
            slots.take(TagTable.from_tags(table))
            assert (slots.tags.content_id != before) == (table != tables[place - 1])
        assert listed(slots) == table
        known.append((place, slots.tags))
        for then, tags in known:
            for slot in tags.slots.tolist():
                tag = tags.table.tag(slot)
                stayed = all(tag in later for later in tables[then : place + 1])
                here = tags.slots[tags.slots == slot]
                assert slots.all_loaded_since(tags.content_id, here) == stayed
                if stayed:
                    assert slots.tags.table.tag(slot) == tag
        assert len(slots.tags.table) == max(map(len, tables[: place + 1]))


@given(st.integers(0, 20), st.integers(0, 20))
def test_consecutive_slots_are_a_slice_that_picks_them(first: int, count: int) -> None:
    rows = consecutive(np.arange(first, first + count))
    assert rows is not None
    assert np.arange(100)[rows].tolist() == list(range(first, first + count))


@given(st.lists(st.integers(0, 5), max_size=6))
def test_a_slice_always_picks_the_slots_it_stands_for(slots: list[int]) -> None:
    rows = consecutive(np.array(slots, dtype=np.intp))
    assert rows is None or np.arange(100)[rows].tolist() == slots


@pytest.mark.parametrize("slots", [[0, 2], [1, 0], [0, 0, 2], [0, 2, 1, 3], [3, 3]])
def test_others_are_not(slots: list[int]) -> None:
    assert consecutive(np.array(slots)) is None
