"""Selection, compared with a plain filter over one codetag after the other."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.base import Backend
from allocfs.query.language import EVERYTHING, Query, parse
from allocfs.query.order import SortKey
from allocfs.query.selection import (
    accurate_tags,
    chosen_now,
    judge_counters,
    matching_tags,
)
from allocfs.tags.table import Codetag, Slots
from tests.support.selection_oracle import TOP_U64, Counted, FakeBackend, Term, expected, in_order
from tests.support.selection_strategies import ALL_TERMS, TAG_TERMS, backends, sum_terms

SORTS = [f"{sign}{key}" for key in get_args(SortKey) for sign in ("", "-")]


def judge(query: Query, backend: Backend, slots: Slots) -> Slots:
    return judge_counters(query, backend, accurate_tags(query, backend, slots))


def selected(text: str, backend: FakeBackend) -> list[int]:
    """Return the slots that a query selects, after checking that none is summed twice."""
    query = parse(text)
    backend.summed = []
    source: Backend = backend
    slots = judge(query, source, matching_tags(query, backend.tags))
    assert len(set(backend.summed)) == len(backend.summed)
    return list(slots.tolist())


@given(backends(), st.lists(TAG_TERMS, min_size=1, max_size=4))
def test_names_and_lines_select_as_a_filter_does(backend: FakeBackend, terms: list[Term]) -> None:
    query = parse(",".join(text for text, _ in terms))
    slots = matching_tags(query, backend.tags)
    assert slots.tolist() == expected(backend, terms)
    assert slots.dtype == np.intp
    assert backend.summed == []


@given(
    backends(),
    ALL_TERMS,
    st.sampled_from([None, *SORTS]),
    st.sampled_from([None, 1, 2, 3, 5, TOP_U64]),
)
def test_a_query_selects_sorts_and_limits_as_a_filter_does(
    backend: FakeBackend, terms: list[Term], sort: str | None, limit: int | None
) -> None:
    texts = [text for text, _ in terms]
    texts += [f"sort={sort}"] if sort else []
    texts += [f"limit={limit}"] if limit else []
    slots = expected(backend, terms)
    if sort:
        slots = in_order(backend, slots, sort)
    assert selected(",".join(texts or ["line!=99"]), backend) == slots[:limit]


@given(backends(), sum_terms(("size",)))
def test_only_what_bounds_leave_open_is_summed(backend: FakeBackend, sizes: list[Term]) -> None:
    selected(",".join(text for text, _ in sizes) or "line!=99", backend)

    def is_open(one: Counted) -> bool:
        ends = [one._replace(bytes=value, below=0, above=0) for value in (one.low, one.high)]
        never = any(not any(holds(end) for end in ends) for _, holds in sizes)
        always = all(holds(end) for end in ends for _, holds in sizes)
        return not never and not always

    loaded = backend.tags.slots.tolist()
    assert backend.summed == [slot for slot in loaded if is_open(backend.counted[slot])]


def counted(*values: tuple[int, int, int]) -> FakeBackend:
    """Make a backend from the low bound, bytes and high bound of each codetag."""
    tags = [
        Counted(Codetag("mm/slub.c", n, "f"), size, n, True, size - low, high - size, f"n:{n}")
        for n, (low, size, high) in enumerate(values)
    ]
    return FakeBackend(tags, list(range(len(tags))))


@pytest.mark.parametrize(
    ("query", "answer", "summed"),
    [
        ("min_size=10", [1, 2, 3], [1, 3, 4]),
        ("max_size=9", [0, 4], [1, 3, 4]),
        ("min_size=10,max_size=11", [1, 3], [1, 3, 4]),
        ("min_size=10,limit=1", [1], [1]),
        ("min_size=10,limit=2", [1, 2], [1, 3, 4]),
        ("min_calls=3", [3, 4], [0, 1, 2, 3, 4]),
        ("min_size=10,min_calls=3", [3], [1, 2, 3, 4]),
        ("min_size=100", [], []),
        ("line=2|3", [2, 3], []),
        ("limit=2", [0, 1], []),
        ("sort=-file", [4, 3, 2, 1, 0], []),
        ("accurate=yes", [0, 1, 2, 3, 4], []),
        ("pair.n=2-", [2, 3, 4], []),
        ("pair.n=2-,limit=1", [2], []),
        ("pair.n!=2-,sort=-file", [1, 0], []),
        ("pair.n=-3,min_size=10", [1, 2, 3], [1, 3]),
        ("pair.n=1-,sort=-bytes,limit=1", [2], [2]),
        ("pair.m!=1", [], []),
        ("sort=-bytes", [2, 1, 3, 4, 0], [0, 1, 2, 3, 4]),
        ("sort=-bytes,limit=1", [2], [2]),
        ("sort=-bytes,limit=2", [2, 1], [1, 2, 3, 4]),
        ("sort=bytes,limit=1", [0], [0]),
        ("sort=-calls,limit=1", [4], [0, 1, 2, 3, 4]),
        ("min_size=10,sort=-bytes,limit=1", [2], [2]),
        ("min_size=10,sort=-bytes,limit=2", [2, 1], [1, 2, 3, 4]),
        ("state=new", [], []),
        ("state!=new|gone|moved", [0, 1, 2, 3, 4], []),
        ("state=grown,limit=2", [0, 1], [0, 1, 2, 3, 4]),
        ("state!=gone,state=shrunk,min_size=10", [], [1, 2, 3, 4]),
        ("anomaly=yes", [0], [0, 1, 2, 3, 4]),
        ("anomaly=no,min_size=100", [], []),
        ("min_slope=0,rising=0", [0, 1, 2, 3, 4], []),
        ("sort=slope,limit=1,min_size=10", [1], [1]),
        ("sort=file,min_size=10,limit=1", [1], [1]),
        ("sort=-file,min_size=10,limit=1", [3], [4, 3]),
    ],
)
def test_as_little_is_summed_as_the_answer_needs(
    query: str, answer: list[int], summed: list[int]
) -> None:
    backend = counted((0, 1, 5), (8, 11, 12), (20, 20, 21), (9, 10, 15), (7, 9, 12))
    assert selected(query, backend) == answer
    assert backend.summed == summed


@pytest.mark.parametrize("sort", ["bytes", "-bytes"])
def test_a_limit_among_equals_takes_the_first_in_the_kernels_order(sort: str) -> None:
    backend = counted((5, 5, 9), (5, 5, 5), (1, 5, 5), (5, 5, 5))
    assert selected(f"sort={sort},limit=2", backend) == [0, 1]
    assert selected(f"sort={sort}", backend) == [0, 1, 2, 3]


@pytest.mark.parametrize("sort", ["bytes", "-bytes", "calls", "-calls", "file", "-file"])
def test_many_equals_keep_the_kernels_order(sort: str) -> None:
    tags = [Counted(Codetag("mm/slub.c", 1, "f"), n % 2, n % 2) for n in range(100)]
    backend = FakeBackend(tags, list(range(99, -1, -1)))
    slots = selected(f"sort={sort}", backend)
    assert slots == in_order(backend, backend.tags.slots.tolist(), sort)


def test_a_codetag_that_may_not_match_keeps_no_other_out_of_the_limit() -> None:
    backend = counted((8, 9, 11), (12, 12, 12))
    assert selected("min_size=10,sort=bytes,limit=1", backend) == [1]


def test_sizes_compare_as_signed_numbers_and_calls_as_unsigned() -> None:
    tags = [
        Counted(Codetag("mm/slub.c", 1, "f"), -4096, TOP_U64, above=1, below=1),
        Counted(Codetag("mm/slub.c", 2, "f"), 4096, 1, above=1, below=1),
    ]
    backend = FakeBackend(tags, [0, 1])
    assert selected("max_size=-1", backend) == [0]
    assert selected("min_size=1", backend) == [1]
    assert selected("min_calls=2", backend) == [0]
    assert selected("sort=bytes", backend) == [0, 1]
    assert selected("sort=calls", backend) == [1, 0]


@pytest.mark.parametrize(
    "query",
    ["file=drivers%2Famd%2F..%2Fpages.h", "file=drivers%2Fpages.h", "file=*%2Fpages.h"],
)
def test_a_source_file_answers_to_its_path_and_to_the_kernels_spelling(query: str) -> None:
    tags = [Counted(Codetag(file, 1, "f")) for file in ("drivers/amd/../pages.h", "mm/slub.c")]
    backend = FakeBackend(tags, [1, 0])
    assert selected(query, backend) == [0]
    assert selected(query.replace("=", "!="), backend) == [1]


def test_sorting_by_file_puts_both_spellings_of_a_path_together() -> None:
    files = ["include/linux/slab.h", "./include/linux/slab.h", "fs/a.c", "include/linux/slab.h"]
    tags = [Counted(Codetag(file, 9 - n, "f")) for n, file in enumerate(files)]
    assert selected("sort=file", FakeBackend(tags, [0, 1, 2, 3])) == [2, 3, 1, 0]


def test_slots_keep_the_order_they_are_given_in() -> None:
    backend = counted((0, 1, 5), (0, 1, 5), (0, 2, 5))
    slots = np.array([2, 1, 0], dtype=np.intp)
    assert judge(EVERYTHING, backend, slots).tolist() == [2, 1, 0]
    assert judge(parse("min_size=1"), backend, slots).tolist() == [2, 1, 0]
    assert judge(parse("sort=bytes"), backend, slots).tolist() == [1, 0, 2]


def test_rows_without_codetags_are_left_out_if_the_choice_varies() -> None:
    backend = counted((1, 1, 1), (2, 2, 2), (3, 3, 3))
    backend.sizes = {0: 1, 2: 5}
    rows = parse("group=site,accurate=yes,sort=-bytes,limit=2").row_query
    assert judge(rows, backend, backend.tags.slots).tolist() == [2, 0]
    rows = parse("group=site,sort=-bytes,limit=2").row_query
    assert judge(rows, backend, backend.tags.slots).tolist() == [2, 1]


def test_rows_are_sorted_by_all_of_their_names() -> None:
    names = [("b.c", 1, "", ""), ("", 0, "g", "b"), ("", 0, "f", "b"), ("", 0, "f", "a")]
    backend = FakeBackend([Counted(Codetag(*name)) for name in names], [0, 1, 2, 3])
    rows = parse("group=all,sort=file").row_query
    assert judge(rows, backend, backend.tags.slots).tolist() == [3, 2, 1, 0]
    rows = parse("group=all,sort=-file").row_query
    assert judge(rows, backend, backend.tags.slots).tolist() == [0, 1, 2, 3]


def test_a_choice_of_codetags_is_by_accuracy_and_pairs() -> None:
    tags = [Counted(Codetag("mm/slub.c", n, "f"), accurate=n > 0, pairs=f"n:{n}") for n in range(4)]
    backend = FakeBackend(tags, [3, 2, 1, 0])
    query = parse("accurate=yes,pair.n=-2")
    assert chosen_now(query, backend, backend.tags.slots).tolist() == [False, True, True, False]
    assert chosen_now(EVERYTHING, backend, backend.tags.slots).all()


def test_a_source_without_pairs_has_no_codetag_with_one() -> None:
    backend = FakeBackend([Counted(Codetag("mm/slub.c", 1, "f"))], [0])
    assert selected("pair.n=*", backend) == []
    assert selected("pair.n!=*", backend) == []
