"""Orders: their words, and the order of the rows of a group."""

from __future__ import annotations

from typing import get_args

import pytest

from allocfs.query.order import SORT_KEYS, SUM_ORDERS, TREND_ORDERS, Sort, SortKey, parse_sort


@pytest.mark.parametrize(("word", "key"), SORT_KEYS.items())
def test_a_minus_reverses_an_order(word: str, key: SortKey) -> None:
    assert parse_sort(word) == Sort(key)
    assert parse_sort(f"-{word}") == Sort(key, descending=True)
    assert str(parse_sort(f"-{word}")) == f"-{key}"


@pytest.mark.parametrize("text", ["", "-", "names", "--bytes", "+calls", "Bytes"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected bytes, calls, file, slope, rising, or one of"):
        parse_sort(text)


def test_an_order_is_by_sums_by_trends_or_by_names() -> None:
    assert set(get_args(SortKey)) - SUM_ORDERS - TREND_ORDERS == {"file"}


def test_rows_are_ordered_by_all_names_instead_of_files() -> None:
    assert Sort("file", descending=True).of_rows() == Sort("names", descending=True)
    assert Sort("bytes").of_rows() == Sort("bytes")
