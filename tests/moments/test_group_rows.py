"""The rows of groups as a rendered file has them."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.moments.groups import GroupBackend
from allocfs.query.language import parse
from allocfs.tags.rows import Change, Rows, Trends
from allocfs.tags.table import Ints, Slots, Sums
from tests.moments.test_groups import counted
from tests.support.selection_oracle import (
    FakeBackend,
)


class DiffOfSlots(FakeBackend):
    """A diff in which each codetag had as many bytes as its slot."""

    def rows(self, slots: Slots, sums: Sums) -> Rows:
        before = Sums(slots.astype(np.int64), slots.astype(np.uint64), sums.accurate)
        marks = self.marks(slots)
        assert marks is not None
        return Rows(self.tags.table, slots, sums, change=Change(before, 2.0, marks))

    def trends_of_groups(self, slots: Slots, sizes: Ints) -> Trends | None:
        ints, floats = np.zeros(len(sizes), dtype=np.int64), sizes.astype(np.float64)
        return Trends(ints, ints, ints, ints, floats, floats, floats, ints, floats)


def test_rendered_rows_have_all_that_the_base_says_of_their_codetags() -> None:
    tags = [one._replace(mark="new") for one in counted(("a", 1), ("b", 2), ("a", 4))]
    tags[1] = tags[1]._replace(mark="moved")
    backend = GroupBackend(DiffOfSlots(tags, [0, 1, 2]), parse("group=module"))
    slots = backend.tags.slots[:1]
    rows = backend.rows(slots, backend.sums(slots))
    assert rows.groups
    assert rows.change
    assert rows.trends
    assert (rows.groups.names, rows.groups.heads) == (("module",), ["a"])
    assert (rows.groups.tags.tolist(), rows.groups.total) == ([2], 7)
    assert rows.change.before.bytes.tolist() == [2]
    assert [flags.tolist() for flags in rows.change.marks] == [[True], [False], [False], [False]]
    assert (rows.change.seconds, rows.trends.slope.tolist()) == (2.0, [2.0])


def test_rows_of_the_present_have_no_change_and_no_trend(store: CodetagStore) -> None:
    backend = GroupBackend(store, parse("group=all"))
    slots = backend.tags.slots
    rows = backend.rows(slots, backend.sums(slots))
    assert (rows.change, rows.trends, rows.pairs) == (None, None, None)
    assert backend.marks(slots) is None
    assert backend.trends(slots) is None


def test_all_else_is_that_of_the_base(store: CodetagStore) -> None:
    backend = GroupBackend(store, parse("group=all"))
    changes: list[int] = []
    backend.on_change(lambda: changes.append(store.content_id))
    store.unload("xfs")
    assert changes == [2]
    assert backend.describe() == store.describe()
    assert (backend.cpus, backend.staleness) == (store.cpus, store.staleness)
    backend.sums(backend.tags.slots)
    assert backend.counters_read == store.counters_read > 0
    assert backend.values_id() == store.values_id()
    assert backend.values_ns() is not None
    backend.accept_late()
    backend.require_tags()


def test_a_query_without_a_group_has_no_rows(store: CodetagStore) -> None:
    with pytest.raises(ValueError, match="expected a query with a group"):
        GroupBackend(store, parse("module=xfs"))


def test_the_bytes_of_all_rows_may_need_more_than_64_bits() -> None:
    base = FakeBackend(counted(("a", 2**62), ("b", 2**62), ("c", 2**62)), [0, 1, 2])
    backend = GroupBackend(base, parse("group=module"))
    groups = backend.rows(backend.tags.slots[:1], backend.sums(backend.tags.slots[:1])).groups
    assert groups is not None
    assert groups.total == 3 * 2**62


def test_the_codetags_of_rows_are_those_that_are_chosen() -> None:
    tags = counted(("a", 1), ("b", 2), ("a", 3))
    tags[0] = tags[0]._replace(accurate=False)
    backend = GroupBackend(FakeBackend(tags, [0, 1, 2]), parse("group=module,accurate=yes"))
    assert backend.codetags(backend.tags.slots).tolist() == [2, 1]
