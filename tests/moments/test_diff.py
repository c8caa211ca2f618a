"""Differences of two kernels, compared with a plain matching of codetags in dicts.

A codetag whose line moved is the next one that is left over in its function, on both sides.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import TagGone
from allocfs.formats.text import parse
from allocfs.moments.diff import DiffBackend
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.identities import Identities
from allocfs.moments.moment import Moment, take
from allocfs.tags.table import Codetag, Marks, Slots, Sums, TagList, TagTable
from tests.conftest import TAGS
from tests.support.moment_model import Key, Known, Value, Values, known, signed

Change = tuple[Codetag, int, int, bool, Value, str]
"""A codetag, its bytes, calls and accuracy in a difference, its values before, and its mark."""

LINES = st.builds(
    lambda nbytes, calls, file, line, module, function, pair: (
        f"{nbytes:12} {calls:8} {file}:{line}{module} func:{function} {pair}\n"
    ),
    st.sampled_from([0, 1, -1, 5, 2**63 - 1, -(2**63)]),
    st.sampled_from([0, 1, 2, 2**64 - 1]),
    st.sampled_from(["a.c", "b.c"]),
    st.integers(1, 4),
    st.sampled_from(["", " [xfs]"]),
    st.sampled_from(["f", "g"]),
    st.sampled_from(["", "", "accurate:no "]),
)
TEXTS = st.lists(LINES, max_size=10).map(
    lambda lines: f"allocinfo - version: 2.0\n{''.join(lines)}"
)


def frozen(text: str) -> FrozenBackend:
    listing = parse(text.encode(), "a text")
    every = np.arange(len(listing.table), dtype=np.intp)
    tags = TagList.from_slots(1, listing.table, every)
    return FrozenBackend(Moment(tags, listing.sums, listing.pairs, None, "a text"))


def left_over(values: Values, others: Values) -> dict[tuple[str, str, str], list[Key]]:
    """List the codetags that the other moment lacks, by function, each function by line."""
    found: defaultdict[tuple[str, str, str], list[Key]] = defaultdict(list)
    for key in sorted(values.keys() - others.keys(), key=lambda key: (key.tag.line, key.number)):
        found[key.tag.file, key.tag.function, key.tag.module].append(key)
    return found


def partners(before: Known, after: Known) -> dict[Key, Key]:
    """Return the codetag before of each one after whose line moved."""
    old, new = left_over(before.values, after.values), left_over(after.values, before.values)
    pairs = (zip(new[name], old[name], strict=False) for name in old.keys() & new.keys())
    return dict(pair for each in pairs for pair in each)


def plain_changes(before: Known, after: Known) -> list[Change]:
    """Return all changes: of the codetags after, then of those that are gone."""
    moved = partners(before, after)
    changes = []
    for key, value in after.values.items():
        old = before.values.get(moved.get(key, key))
        mark = "moved" if key in moved else "new" if old is None else ""
        changes.append(change(key, old, value, mark))
    taken = {*after.values, *moved.values()}
    gone = [(key, value) for key, value in before.values.items() if key not in taken]
    return changes + [change(key, value, Value(), "gone") for key, value in gone]


def change(key: Key, old: Value | None, new: Value, mark: str) -> Change:
    old = old or Value()
    nbytes, calls = signed(new.bytes - old.bytes), signed(new.calls - old.calls)
    return key.tag, nbytes, calls, new.accurate and old.accurate, old, mark


def found_changes(diff: DiffBackend) -> list[Change]:
    slots = diff.tags.slots
    rows = diff.rows(slots, diff.sums(slots))
    assert rows.change is not None
    sums, before, marks = (
        list(zip(*(column.tolist() for column in columns), strict=True))
        for columns in (rows.sums, rows.change.before, rows.change.marks)
    )
    return [
        (diff.tags.table.tag(slot), *sums[n], Value(*before[n]), name_of(*marks[n]))
        for n, slot in enumerate(slots.tolist())
    ]


def name_of(*marks: bool) -> str:
    assert sum(marks) <= 1
    return next((name for name, mark in zip(Marks._fields, marks, strict=True) if mark), "")


def differs(change: Change) -> bool:
    return change[1] != 0 or change[2] != 0


@given(TEXTS, TEXTS)
def test_moved_codetags_are_matched_in_the_order_of_their_function(first: str, second: str) -> None:
    before, after = frozen(first), frozen(second)
    expected = plain_changes(known(first.encode(), 0), known(second.encode(), 0))
    identities = Identities(before.tags)
    assert found_changes(DiffBackend(identities, before, after, whole=True)) == expected
    some = found_changes(DiffBackend(identities, before, after))
    assert some == [change for change in expected if differs(change)]


@given(TEXTS, TEXTS, TEXTS)
def test_a_difference_does_not_depend_on_the_lists_seen_before(
    other: str, first: str, second: str
) -> None:
    before, after = frozen(first), frozen(second)
    identities = Identities(frozen(other).tags)
    DiffBackend(identities, after, before)
    expected = plain_changes(known(first.encode(), 0), known(second.encode(), 0))
    diff = DiffBackend(identities, before, after, whole=True)
    assert found_changes(diff) == expected
    assert diff.accurate(diff.tags.slots).tolist() == [each[3] for each in expected]


def test_codetags_whose_line_moved_keep_their_order() -> None:
    before, after = (
        frozen("".join(f"{size} 1 a.c:{line} func:f \n" for line, size in lines))
        for lines in ([(10, 100), (20, 200), (30, 300)], [(12, 101), (20, 200), (33, 305)])
    )
    changes = found_changes(DiffBackend(Identities(before.tags), before, after))
    assert [(tag.line, nbytes, mark) for tag, nbytes, *_, mark in changes] == [
        (12, 1, "moved"),
        (33, 5, "moved"),
    ]


def test_a_codetag_of_a_module_that_was_loaded_again_is_the_same(store: CodetagStore) -> None:
    identities = Identities(store.tags)
    every = store.tags.slots
    empty = FrozenBackend(Moment(store.tags, store.sums(every), None, None, "at the beginning"))
    diff = DiffBackend(identities, empty, store)
    (slot,) = (n for n in diff.tags.slots.tolist() if diff.tags.table.tag(n).module == "ext4")
    store.unload("ext4")
    assert diff.marks(np.array([slot])).gone.tolist() == [True]
    store.load("ext4")
    store.count(*(np.array([number]) for number in (7, 0, 5, 1)))
    assert diff.sums(np.array([slot])).bytes.tolist() == [5]
    assert diff.all_loaded_since(0, np.array([slot]))


@pytest.mark.parametrize("is_late", [False, True])
def test_a_difference_is_as_late_as_its_ends(is_late: bool) -> None:
    before, after = (CodetagStore(TagTable.from_tags(TAGS), cpus=2) for _ in range(2))
    after.may_be_late = is_late
    assert DiffBackend(Identities(before.tags), before, after).may_be_late == is_late


class LateStore(CodetagStore):
    """A store that finds out only when it sums that a module is gone, as the ioctls do."""

    goes = ""

    def sums(self, slots: Slots) -> Sums:
        if self.goes:
            module, self.goes = self.goes, ""
            self.unload(module)
            raise TagGone("a module was unloaded")
        return super().sums(slots)


def test_a_module_that_is_found_to_be_gone_counts_as_zero() -> None:
    store = LateStore(TagTable.from_tags(TAGS), cpus=1)
    store.count(np.array([5]), np.array([0]), np.array([100]), np.array([2]))
    diff = DiffBackend(Identities(store.tags), FrozenBackend(take(store)), store)
    slots = diff.tags.slots
    store.goes = "xfs"
    assert diff.sums(slots).bytes.tolist() == [0, 0, 0, 0, 0, -100, 0, 0]
    assert diff.marks(slots).gone.tolist() == [False] * 5 + [True] * 2 + [False]
