"""Groups as a backend, compared with sums in plain Python, one codetag after the other."""

from __future__ import annotations

from collections import defaultdict
from posixpath import dirname

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.counterstore import CodetagStore
from allocfs.moments.groups import GroupBackend
from allocfs.query.language import parse
from allocfs.query.selection import judge_counters
from allocfs.tags.spelling import path_of
from allocfs.tags.table import Codetag, TagTable
from tests.conftest import TAGS
from tests.support.selection_oracle import PATHS, Counted, FakeBackend, Term, expected
from tests.support.selection_strategies import (
    ACCURATE,
    ANOMALIES,
    PAIR_TERMS,
    STATE_TERMS,
    TAG_TERMS,
    backends,
    sum_terms,
)

GROUPS = ["module", "file", "function", "site", "dir", "dir:1", "dir:2", "all"]
INACCURATE = np.array([1, 6], dtype=np.intp)


def row_of(group: str, tag: Codetag) -> Codetag:
    """Return the row of a codetag: the fields that the group fixes."""
    key, _, depth = group.partition(":")
    match key:
        case "module":
            return Codetag("", 0, "", tag.module)
        case "file":
            return Codetag(path_of(tag.file), 0, "")
        case "function":
            return Codetag("", 0, tag.function)
        case "dir":
            parts = dirname(path_of(tag.file)).split("/")
            return Codetag("/".join(parts[: int(depth)] if depth else parts) or ".", 0, "")
        case "all":
            return Codetag("", 0, "")
        case _:
            return tag


def signed(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


def listed(rows: GroupBackend) -> list[Codetag]:
    return [rows.tags.table.tag(slot) for slot in rows.tags.slots.tolist()]


def grouped(group: str, store: CodetagStore) -> dict[Codetag, list[int]]:
    """Return the loaded slots of each row, in the order of the rows."""
    members: dict[Codetag, list[int]] = {}
    for slot in store.tags.slots.tolist():
        members.setdefault(row_of(group, store.table.tag(slot)), []).append(slot)
    return members


MODULES = st.sampled_from(["xfs", "ext4"])
EVENTS = st.tuples(
    st.integers(0, len(TAGS) - 1),
    st.integers(0, 3),
    st.sampled_from([0, 1, -1, 5000, -(2**60), 2**60]),
    st.sampled_from([0, 1, -1, 2**61]),
)
STEPS = st.lists(MODULES | EVENTS, max_size=8)


def take_step(store: CodetagStore, step: str | tuple[int, int, int, int]) -> None:
    """Load or unload a module, or count an event of a loaded codetag."""
    if isinstance(step, str):
        loaded = any(store.table.tag(slot).module == step for slot in store.tags.slots)
        (store.unload if loaded else store.load)(step)
    elif store.tags.rank[step[0]] >= 0:
        store.count(*(np.array([number]) for number in step))


def check_values(group: str, store: CodetagStore, rows: GroupBackend) -> None:
    """Compare the rows and their values with those of the codetags."""
    members = grouped(group, store)
    every = rows.tags.slots
    assert listed(rows) == list(members)
    assert rows.members(every).tolist() == [len(slots) for slots in members.values()]
    sums, bounds = rows.sums(every), rows.bounds(every)
    for n, slots in enumerate(members.values()):
        each = store.sums(np.array(slots))
        assert sums.bytes[n] == signed(sum(each.bytes.tolist()))
        assert sums.calls[n] == sum(each.calls.tolist()) % 2**64
        assert sums.accurate[n] == all(each.accurate)
        assert bounds.low[n] <= sums.bytes[n] <= bounds.high[n]
    assert rows.accurate(every).tolist() == sums.accurate.tolist()


@given(st.sampled_from(GROUPS), STEPS)
def test_rows_are_the_sums_of_the_loaded_codetags(
    group: str, steps: list[str | tuple[int, int, int, int]]
) -> None:
    store = CodetagStore(TagTable.from_tags(TAGS), 4, INACCURATE)
    rows = GroupBackend(store, parse(f"group={group}"))
    check_values(group, store, rows)
    for step in steps:
        take_step(store, step)
        rows.renew()
        check_values(group, store, rows)


@given(st.sampled_from(GROUPS), st.lists(MODULES, max_size=8))
def test_a_row_keeps_its_slot_while_it_has_codetags(group: str, modules: list[str]) -> None:
    store = CodetagStore(TagTable.from_tags(TAGS), 4)
    rows = GroupBackend(store, parse(f"group={group}"))
    kept = {tag: (slot, 1) for tag, slot in zip(listed(rows), rows.tags.slots, strict=True)}
    for module in modules:
        take_step(store, module)
        rows.renew()
        content_id = rows.tags.content_id
        assert content_id == store.content_id
        present = dict(zip(listed(rows), rows.tags.slots.tolist(), strict=True))
        for tag, (slot, since) in kept.items():
            loaded = [rows.all_loaded_since(n, np.array([slot])) for n in range(1, content_id)]
            if tag in present:
                assert present[tag] == slot
                assert loaded == [n >= since for n in range(1, content_id)]
            elif slot not in present.values():
                assert not any(loaded)
        kept = {tag: kept.get(tag, (slot, content_id)) for tag, slot in present.items()}


def test_the_table_of_rows_stays_while_the_list_of_codetags_does(store: CodetagStore) -> None:
    rows = GroupBackend(store, parse("group=module"))
    before = rows.tags
    rows.renew()
    assert rows.tags is before
    store.unload("xfs")
    rows.renew()
    assert rows.tags is not before


def test_a_change_of_the_list_is_followed_without_a_renewal(store: CodetagStore) -> None:
    rows = GroupBackend(store, parse("group=module"))
    xfs = rows.tags.slots[1:2]
    store.unload("xfs")
    assert not rows.all_loaded_since(1, xfs)
    assert rows.sums(xfs).bytes.tolist() == [0]
    assert rows.members(xfs).tolist() == [0]


@st.composite
def group_terms(draw: st.DrawFn) -> tuple[list[Term], list[Term], list[Term]]:
    """Draw conditions on names and lines, on accuracy and pairs, and on rows."""
    by_value = draw(st.lists(st.sampled_from(ACCURATE), max_size=1))
    by_value += draw(st.lists(PAIR_TERMS, max_size=1))
    on_rows = draw(sum_terms()) + draw(st.lists(STATE_TERMS, max_size=2))
    on_rows += draw(st.lists(st.sampled_from(ANOMALIES), max_size=1))
    return draw(st.lists(TAG_TERMS, max_size=1)), by_value, on_rows


def plain_rows(
    group: str, base: FakeBackend, names: list[Term], values: list[Term]
) -> list[Counted]:
    """Sum the codetags that meet all terms; without terms on values each row has codetags."""
    members: defaultdict[Codetag, list[Counted]] = defaultdict(list)
    for slot in expected(base, names):
        one = base.counted[slot]
        row = members[row_of(group, one.tag)]
        if all(holds(one) for _, holds in values):
            row.append(one)
    return [sum_of(tag, chosen) for tag, chosen in members.items() if chosen]


def sum_of(tag: Codetag, chosen: list[Counted]) -> Counted:
    marks = {one.mark for one in chosen}
    mark = "moved" if "moved" in marks else next(iter(marks)) if len(marks) == 1 else ""
    return Counted(
        tag,
        signed(sum(one.bytes for one in chosen)),
        sum(one.calls for one in chosen) % 2**64,
        all(one.accurate for one in chosen),
        mark=mark,
    )


def order_of(sort: str, row: Counted) -> tuple[object, ...]:
    if "file" not in sort:
        return (row.bytes if "bytes" in sort else row.calls,)
    path = PATHS.get(row.tag.file) or path_of(row.tag.file)
    return path, row.tag.line, row.tag.function, row.tag.module


@given(
    backends(),
    st.sampled_from(GROUPS),
    group_terms(),
    st.sampled_from(["bytes", "-bytes", "calls", "-calls", "file", "-file"]),
    st.sampled_from([1, 2, 99]),
)
def test_a_query_with_a_group_selects_rows_as_a_filter_does(
    base: FakeBackend,
    group: str,
    terms: tuple[list[Term], list[Term], list[Term]],
    sort: str,
    limit: int,
) -> None:
    names, values, on_rows = terms
    texts = [text for kind in terms for text, _ in kind]
    query = parse(",".join([*texts, f"group={group},sort={sort},limit={limit}"]))
    rows = GroupBackend(base, query)
    slots = judge_counters(query.row_query, rows, rows.tags.slots)
    plain = [
        row
        for row in plain_rows(group, base, names, values)
        if all(holds(row) for _, holds in on_rows)
    ]
    plain.sort(key=lambda row: order_of(sort, row), reverse=sort[0] == "-")
    assert [rows.tags.table.tag(slot) for slot in slots.tolist()] == [
        row.tag for row in plain[:limit]
    ]
    sums = rows.sums(slots)
    assert sums.bytes.tolist() == [row.bytes for row in plain[:limit]]
    assert sums.accurate.tolist() == [row.accurate for row in plain[:limit]]


def counted(*values: tuple[str, int]) -> list[Counted]:
    """Make codetags of modules with bytes and as many calls."""
    return [
        Counted(Codetag("mm/slub.c", n, "f", module), size, abs(size))
        for n, (module, size) in enumerate(values)
    ]


def test_no_codetag_is_summed_twice_for_a_selection_of_rows() -> None:
    base = FakeBackend(counted(("a", 1), ("b", 2), ("a", 3)), [0, 1, 2])
    query = parse("group=module,min_size=3,sort=-bytes")
    rows = GroupBackend(base, query)
    assert judge_counters(query.row_query, rows, rows.tags.slots).tolist() == [0]
    assert sorted(base.summed) == [0, 2]  # the bounds of b decide


def test_bounds_that_are_not_known_stay_so() -> None:
    limits = np.iinfo(np.int64)
    tags = counted(("a", 1), ("a", 2), ("b", 3), ("c", 2**61), ("c", 2**61), ("d", -4))
    tags[1] = tags[1]._replace(above=2**64)
    base = FakeBackend(tags, list(range(len(tags))))
    rows = GroupBackend(base, parse("group=module"))
    low, high = rows.bounds(rows.tags.slots)
    assert low.tolist() == [limits.min, 3, limits.min, -4]
    assert high.tolist() == [limits.max, 3, limits.max, -4]


def test_differences_keep_their_signs() -> None:
    base = FakeBackend(
        [one._replace(calls=2**64 - 5) for one in counted(("a", 1), ("a", 2))], [0, 1]
    )
    base.diff = True
    rows = GroupBackend(base, parse("group=all"))
    sums = rows.sums(rows.tags.slots)
    assert sums.calls.dtype == np.dtype(np.int64)
    assert sums.calls.tolist() == [-10]
