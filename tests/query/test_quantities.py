"""Quantities in queries: counts, limits and lines."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.query.quantities import (
    format_rate,
    format_share,
    parse_count,
    parse_decimal,
    parse_limit,
    parse_lines,
    parse_rate,
    parse_share,
)
from tests.test_units import NOT_NUMBERS, NOT_UNITS

TOP_U64 = 18446744073709551615


@pytest.mark.parametrize("text", [*NOT_NUMBERS, *NOT_UNITS])
@pytest.mark.parametrize("parse", [parse_count, parse_limit, parse_lines, parse_rate])
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


def test_digits_alone_are_a_decimal() -> None:
    assert [parse_decimal(text) for text in ("007", "", "-1", "\u0663", "1K")] == [7, *[None] * 4]


@pytest.mark.parametrize(
    ("text", "rate", "canonical"),
    [
        ("0_per_d", 0, "0"),
        ("1K", 1024, "1K"),
        ("1Ki_per_s", 1024, "1K"),
        ("-60_per_min", -1, "-1"),
        ("100/h", Fraction(1, 36), "100_per_h"),
        ("60/h", Fraction(1, 60), "1_per_min"),
        ("-1M_per_d", Fraction(-1048576, 86400), "-1M_per_d"),
        ("9223372036854775807_per_d", Fraction(TOP_U64 // 2, 86400), f"{TOP_U64 // 2}_per_d"),
    ],
)
def test_a_slope_is_exact_in_bytes_per_second(text: str, rate: Fraction, canonical: str) -> None:
    assert parse_rate(text) == rate
    assert format_rate(parse_rate(text)) == canonical
    assert parse_rate(canonical) == rate


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["s", "min", "h", "d"]))
def test_every_slope_can_be_written(size: int, unit: str) -> None:
    rate = parse_rate(f"{size}_per_{unit}")
    assert parse_rate(format_rate(rate)) == rate


@pytest.mark.parametrize(
    "text", ["1_per_week", "1_per_", "1_", "1/", "_per_h", "1 /h", "1_per_h_per_h"]
)
def test_a_slope_over_another_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a slope in bytes per second such as"):
        parse_rate(text)


def test_a_slope_that_no_counter_can_reach_is_refused() -> None:
    with pytest.raises(ValueError, match=r"to 9223372036854775807$"):
        parse_rate("9223372036854775808_per_d")


@pytest.mark.parametrize(
    ("text", "share", "canonical"),
    [
        ("90", Fraction(9, 10), "90"),
        ("90%", Fraction(9, 10), "90"),
        ("090.50%25", Fraction(905, 1000), "90.5"),
        ("%39", Fraction(9, 100), "9"),
        ("0.000001", Fraction(1, 10**8), "0.000001"),
        ("0", 0, "0"),
        ("100.0%", 1, "100"),
    ],
)
def test_a_percentage_is_an_exact_share(text: str, share: Fraction, canonical: str) -> None:
    assert parse_share(text) == share
    assert format_share(parse_share(text)) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "%", "101", "100.000001", "-1", "+1", ".5", "5.", "1e1", "0.0000001", "\u0663", "9%25%"],
)
def test_another_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a percentage such as .* from 0 to 100$"):
        parse_share(text)
