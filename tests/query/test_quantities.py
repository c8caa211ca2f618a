"""Quantities in queries: sizes, counts, limits and lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.query.quantities import parse_count, parse_limit, parse_lines
from allocfs.units import format_size, parse_size

TOP_S64 = 9223372036854775807
TOP_U64 = 18446744073709551615

NOT_NUMBERS = ["", "-", "+1", "--1", "1_000", "1.5M", "1e3", "0x10", "1 ", " 1", "1\n", "٣", "²"]
NOT_UNITS = ["K", "1k", "1i", "1KB", "1KiB", "1K1", "1P"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("-0", 0),
        ("007", 7),
        ("1K", 1024),
        ("1Ki", 1024),
        ("3M", 3145728),
        ("3Mi", 3145728),
        ("2G", 2147483648),
        ("2Gi", 2147483648),
        ("1T", 1099511627776),
        ("1Ti", 1099511627776),
        ("-2K", -2048),
        (str(TOP_S64), TOP_S64),
        ("-9223372036854775808", -TOP_S64 - 1),
        ("-8388608T", -TOP_S64 - 1),
    ],
)
def test_a_size_counts_in_powers_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1, "1"),
        (1023, "1023"),
        (1024, "1K"),
        (1536, "1536"),
        (-2048, "-2K"),
        (1 << 20, "1M"),
        (1 << 40, "1T"),
        (1 << 50, "1024T"),
    ],
)
def test_a_size_is_written_with_the_largest_unit_that_divides_it(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(-TOP_S64 - 1, TOP_S64) | st.integers(-100, 100).map(lambda n: n << 20))
def test_a_written_size_reads_as_the_same_size(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize("text", [*NOT_NUMBERS, *NOT_UNITS])
@pytest.mark.parametrize("parse", [parse_size, parse_count, parse_limit, parse_lines])
def test_what_is_not_a_plain_number_is_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a"):
        parse(text)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_size, "9223372036854775808"),
        (parse_size, "-9223372036854775809"),
        (parse_size, "8388608T"),
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
