"""Numbers of identities: the same for the same codetag in every list."""

from __future__ import annotations

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.moments.identities import Identities
from allocfs.tags.table import Codetag, TagList, TagTable
from tests.support.moment_fakes import CODETAGS, tag_list


def test_the_first_list_shares_its_table() -> None:
    tags = tag_list()
    identities = Identities(tags)
    assert identities.table is tags.table
    assert identities.numbers(tags).tolist() == [0, 1, 2, 3]


def test_a_codetag_keeps_its_number_in_other_lists() -> None:
    identities = Identities(tag_list())
    new = Codetag("mm/new.c", 1, "n")
    other = tag_list(2, [CODETAGS[3], new, CODETAGS[2], CODETAGS[0]])
    assert identities.numbers(other).tolist() == [3, 4, 1, 0]  # the first of two equal ones
    assert identities.table.tag(4) == new
    assert identities.numbers(tag_list(3)).tolist() == [0, 1, 2, 3]


def test_a_reload_changes_no_number(store: CodetagStore) -> None:
    identities = Identities(store.tags)
    before = dict(zip(store.tags.slots.tolist(), identities.numbers(store.tags), strict=True))
    store.unload("xfs")
    assert 5 not in store.tags.slots
    store.load("xfs")
    after = dict(zip(store.tags.slots.tolist(), identities.numbers(store.tags), strict=True))
    assert after == before


def test_parts_of_a_list_keep_the_numbers_of_equal_codetags() -> None:
    tags = tag_list()
    identities = Identities(tags)
    part = identities.part(tags, np.array([2, 3]))
    assert identities.numbers(part).tolist() == [2, 3]
    listed = identities.listed(np.array([3, 2]))
    assert identities.numbers(listed).tolist() == [3, 2]
    assert listed.table is identities.table


def test_slots_that_are_not_loaded_have_no_number() -> None:
    table = TagTable.from_tags(CODETAGS)
    identities = Identities(TagList.from_slots(1, table, np.array([1, 3])))
    assert len(identities.table) == 2
    assert identities.table.tag(1) == CODETAGS[3]
