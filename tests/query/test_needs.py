"""The needs of queries: sums, or other values of the moment."""

from __future__ import annotations

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.query.language import parse
from allocfs.query.selection import (
    needs_sums,
    needs_values,
)
from tests.query.test_selection import judge


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("module=xfs,line=1,accurate=no,sort=file,limit=1", False),
        ("min_size=0", True),
        ("max_size=0", True),
        ("min_calls=0", True),
        ("max_calls=0", True),
        ("sort=bytes", True),
        ("sort=-calls", True),
        ("anomaly=no", True),
        ("state=new|grown", True),
        ("state=new|gone|moved,min_slope=1,rising=1,sort=slope", False),
        ("group=all,sort=-file", False),
        ("group=all,sort=bytes", True),
    ],
)
def test_only_counters_and_their_order_need_sums(query: str, needed: bool) -> None:
    assert needs_sums(parse(query)) == needed


def test_pairs_need_values_but_no_sums() -> None:
    assert not needs_sums(parse("pair.n=1"))
    assert needs_values(parse("pair.n=1"))
    assert needs_values(parse("min_size=1"))
    assert not needs_values(parse("module=xfs,line=1,accurate=no,sort=file,limit=1"))
    assert parse("pair.n=1").selects_by_value
    assert not parse("sort=bytes").selects_by_value


@pytest.mark.parametrize(
    ("query", "values", "selects"),
    [
        ("state=new", True, True),
        ("anomaly=no", True, True),
        ("min_slope=0", True, True),
        ("rising=0", True, True),
        ("sort=slope", True, False),
        ("group=all,sort=file,limit=1,module=xfs", False, False),
        ("group=all,sort=bytes", True, False),
        ("group=all,accurate=yes", True, True),
        ("group=all,pair.n=1", True, True),
        ("group=all,min_size=1", True, True),
    ],
)
def test_values_are_needed_and_decide_the_number_of_records(
    query: str, values: bool, selects: bool
) -> None:
    assert needs_values(parse(query)) == values
    assert needs_values(parse(query).row_query) == values
    assert parse(query).selects_by_value == selects
    assert parse(query).row_query.selects_by_value == selects


def test_nothing_has_a_mark_or_a_trend_outside_of_diffs_and_trends(store: CodetagStore) -> None:
    every = store.tags.slots
    for text in ("state=new|gone|moved", "max_slope=0", "rising=0"):
        assert judge(parse(text), store, every).tolist() == []
    for text in ("state!=new", "sort=slope", "sort=-rising"):
        assert judge(parse(text), store, every).tolist() == every.tolist()
