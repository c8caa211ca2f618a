"""Queries by size of which rounded bytes decide the answer, against all that bytes can be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.query.doubt import doubt, doubtful, is_by_size
from allocfs.query.language import parse
from allocfs.query.selection import judge_counters
from allocfs.tags.rounding import UNLIMITED, Rounding
from allocfs.tags.table import Codetag, Slots
from tests.support.selection_oracle import Counted, FakeBackend

QUERIES = ["min_size=5", "max_size=5", "min_size=3,max_size=6", "sort=-bytes,limit=2"]
QUERIES += ["sort=bytes,limit=1", "min_size=4,sort=-bytes,limit=1"]


class Rounded(FakeBackend):
    """A backend whose bytes were rounded."""

    def __init__(self, values: list[tuple[int, int, int]]) -> None:
        tags = [Codetag("a.c", line, "f") for line in range(len(values))]
        super().__init__(
            [Counted(tag, n) for tag, (n, _, _) in zip(tags, values, strict=True)],
            list(range(len(values))),
        )
        self.distances = np.array(values, dtype=np.int64).reshape(-1, 3)

    def rounding(self, slots: Slots) -> Rounding | None:
        return Rounding(self.distances[slots, 1], self.distances[slots, 2])


@given(
    st.sampled_from(QUERIES),
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=3
    ),
)
def test_no_doubt_is_left_out(text: str, values: list[tuple[int, int, int]]) -> None:
    """Every codetag whose own bytes can change whether the query has it is found."""
    query, backend = parse(text), Rounded(values)
    slots = backend.tags.slots
    found = set(doubtful(query, backend, slots).tolist())
    told = set(judge_counters(query, backend, slots).tolist())
    ranges = [range(n - below, n + above + 1) for n, below, above in values]
    for slot, own in enumerate(ranges):
        for size in own:
            other = [(n, 0, 0) for n, _, _ in values]
            other[slot] = (size, 0, 0)
            answer = set(judge_counters(query, Rounded(other), slots).tolist())
            if (slot in answer) != (slot in told) and not _is_tie(other, values, slot):
                assert slot in found, (values, size)


def _is_tie(
    other: list[tuple[int, int, int]], values: list[tuple[int, int, int]], slot: int
) -> bool:
    """Tell whether a number became equal to another: then the order of the list decides."""
    sizes = [n for n, _, _ in other]
    return sizes.count(sizes[slot]) > 1 or [n for n, _, _ in values].count(values[slot][0]) > 1


def test_exact_bytes_leave_no_doubt() -> None:
    for text, values in product(QUERIES, [[(5, 0, 0), (4, 0, 0), (6, 0, 0)]]):
        backend = Rounded(values)
        assert doubtful(parse(text), backend, backend.tags.slots).tolist() == []


def test_an_end_that_is_not_known_is_a_doubt() -> None:
    backend = Rounded([(5, 0, UNLIMITED), (5, UNLIMITED, 0), (5, 1, 1)])
    assert doubtful(parse("min_size=9"), backend, backend.tags.slots).tolist() == [0]
    assert doubtful(parse("max_size=2"), backend, backend.tags.slots).tolist() == [1]


def test_other_queries_are_not_judged() -> None:
    backend = Rounded([(5, 4, 4)])
    for text in ("module=xfs", "min_calls=5", "sort=-bytes", "sort=calls,limit=1"):
        assert not is_by_size(parse(text))
        assert doubtful(parse(text), backend, backend.tags.slots).tolist() == []
    assert backend.summed == []


@pytest.mark.parametrize(("count", "words"), [(1, "1 codetag belongs"), (2, "2 codetags belong")])
def test_a_doubt_is_told(count: int, words: str) -> None:
    assert doubt(count) == f"whether {words} here depends on how bytes were rounded"
