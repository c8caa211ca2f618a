"""Tables and lists of codetags: distinct names once, and the kernel's order."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.tags.table import Codetag, NameColumn, TagList, TagTable

TAGS = [
    Codetag("b.c", 2, "g", "xfs"),
    Codetag("a.c", 2**64 - 1, "f"),
    Codetag("b.c", 1, "f", "xfs"),
]


def test_a_column_has_each_name_once_in_order_of_appearance() -> None:
    column = NameColumn.from_names(["b", "a", "b", "", "a"])
    assert column.values == ("b", "a", "")
    assert column.ids.tolist() == [0, 1, 0, 2, 1]


def test_a_table_returns_each_codetag_by_its_slot() -> None:
    table = TagTable.from_tags(TAGS)
    assert len(table) == len(TAGS)
    assert [table.tag(slot) for slot in range(len(TAGS))] == TAGS


def test_a_rank_is_the_number_in_the_list_and_that_of_an_unloaded_tag_is_below_0() -> None:
    tags = TagList.from_slots(7, TagTable.from_tags(TAGS), np.array([2, 0]))
    assert tags.content_id == 7
    assert tags.rank.tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("slots", "kept"),
    [([0, 1, 2], [2, 0]), ([0, 2], [2, 0]), ([1], []), ([], []), ([0], [0])],
)
def test_slots_are_put_in_the_order_of_the_list_without_those_not_loaded(
    slots: list[int], kept: list[int]
) -> None:
    tags = TagList.from_slots(1, TagTable.from_tags(TAGS), np.array([2, 0]))
    assert tags.in_order(np.array(slots, dtype=np.intp)).tolist() == kept
