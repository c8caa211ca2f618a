"""Quantities in queries: counts, limits and lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from allocfs.query.quantities import parse_count, parse_limit, parse_lines
from tests.test_units import NOT_NUMBERS, NOT_UNITS

TOP_U64 = 18446744073709551615


@pytest.mark.parametrize("text", [*NOT_NUMBERS, *NOT_UNITS])
@pytest.mark.parametrize("parse", [parse_count, parse_limit, parse_lines])
def test_what_is_not_a_plain_number_is_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a"):
        parse(text)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_count, "18446744073709551616"),
        (parse_count, "16777216T"),
        (parse_count, "-1"),
        (parse_lines, "18446744073709551616"),
        (parse_lines, "1-18446744073709551616"),
    ],
)
def test_a_number_that_no_counter_can_reach_is_refused(
    parse: Callable[[str], object], text: str
) -> None:
    with pytest.raises(ValueError, match=r"from .* to "):
        parse(text)


def test_a_count_has_all_of_64_bits_and_units() -> None:
    assert parse_count(str(TOP_U64)) == TOP_U64
    assert [parse_count(text) for text in ("0", "5", "2K", "1Mi")] == [0, 5, 2048, 1048576]


def test_a_limit_is_at_least_one_record() -> None:
    assert [parse_limit(text) for text in ("1", "0100", str(TOP_U64))] == [1, 100, TOP_U64]
    for text in ("0", "00", str(TOP_U64 + 1)):
        with pytest.raises(ValueError, match="from 1 to"):
            parse_limit(text)
    for text in ("-1", "1K"):
        with pytest.raises(ValueError, match="number of records"):
            parse_limit(text)


@pytest.mark.parametrize(
    ("text", "first", "last", "canonical"),
    [
        ("12", 12, 12, "12"),
        ("10-20", 10, 20, "10-20"),
        ("7-7", 7, 7, "7"),
        ("0-007", 0, 7, "0-7"),
        (f"0-{TOP_U64}", 0, TOP_U64, f"0-{TOP_U64}"),
    ],
)
def test_lines_are_one_or_a_range(text: str, first: int, last: int, canonical: str) -> None:
    lines = parse_lines(text)
    assert (lines.first, lines.last, str(lines)) == (first, last, canonical)


def test_a_range_of_lines_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="9 is above 3"):
        parse_lines("9-3")


@pytest.mark.parametrize("text", ["-3", "3-", "1-2-3", "1--2", "1K", "a-b"])
def test_what_is_not_a_range_of_lines_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a line"):
        parse_lines(text)
