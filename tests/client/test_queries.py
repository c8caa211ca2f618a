"""Queries from text and keyword arguments."""

from __future__ import annotations

from glob import escape

import numpy as np
import pytest

from allocfs.client.queries import Condition, query_name, records_path
from allocfs.errors import BadQuery
from allocfs.query.language import parse
from allocfs.query.places import Place


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ({}, ""),
        ({"module": None}, ""),
        ({"module": "xfs", "min_size": "1M"}, "module=xfs,min_size=1M"),
        ({"file": "fs/xfs/*.c"}, "file=fs%2Fxfs%2F*.c"),
        ({"function": "a,b|c%d"}, "function=a%2Cb%7Cc%25d"),
        ({"function": escape("a*[b]?")}, "function=a[*][%5B]b][?]"),
        ({"module": ["xfs", "ext4"], "line": (7, "10-20")}, "module=ext4|xfs,line=7|10-20"),
        ({"accurate": False, "anomaly": True}, "accurate=no,anomaly=yes"),
        ({"min_size": 2**20, "max_calls": np.int64(3)}, "min_size=1M,max_calls=3"),
        ({"pair.error_size": "1-"}, "pair.error_size=1-"),
        ({"group": "dir:2", "sort": "-bytes", "limit": 5}, "group=dir:2,sort=-bytes,limit=5"),
    ],
)
def test_keywords_are_written_as_a_query_has_them(
    conditions: dict[str, Condition], name: str
) -> None:
    assert query_name(None, conditions) == (name and query_name(name, {}))
    assert not name or parse(query_name(name, {})) == parse(name)


def test_text_and_keywords_must_both_hold() -> None:
    assert query_name("module!=xfs,sort=-bytes", {"module": "*fs"}) == query_name(
        "module=*fs,module!=xfs,sort=-bytes", {}
    )


@pytest.mark.parametrize("value", ["90%", "90", 90, 90.0])
def test_a_percentage_may_have_its_sign(value: Condition) -> None:
    assert query_name(None, {"rising": value}, {Place.TREND}) == "rising=90"


def test_a_slope_may_have_a_slash() -> None:
    assert query_name(None, {"min_slope": "10M/h"}, {Place.TREND}) == "min_slope=10M_per_h"


@pytest.mark.parametrize(
    ("query", "conditions", "message"),
    [
        ("moduel=xfs", {}, "'moduel=xfs': expected one of the keys file, function, module"),
        (None, {"min_size": "1X"}, "'min_size=1X': expected a size in bytes"),
        (None, {"module": []}, "'module=': expected a value after the ="),
        (None, {"limit": True}, "'limit=yes': expected a number of records"),
        (None, {"state": "new"}, "'state=new': state is for queries below /diff"),
        ("sort=-slope", {}, "'sort=-slope': sort=slope is for queries below /trend"),
    ],
)
def test_a_malformed_query_is_explained(
    query: str | None, conditions: dict[str, Condition], message: str
) -> None:
    with pytest.raises(BadQuery) as caught:
        query_name(query, conditions)
    assert str(caught.value).startswith(message)


def test_the_path_of_a_query_without_conditions_has_none() -> None:
    assert records_path("/m", "", {}) == "/m/records"
    assert records_path("/m", None, {"limit": 1}) == "/m/query/limit=1/records"
