"""Sizes, numbers and durations: their forms, units and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.units import (
    S64,
    U64,
    format_size,
    number_in_range,
    parse_duration,
    parse_number,
    parse_size,
    parse_span,
)

TOP_S64 = 9223372036854775807

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
def test_a_size_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a size in bytes"):
        parse_size(text)


@pytest.mark.parametrize("text", ["9223372036854775808", "-9223372036854775809", "8388608T"])
def test_a_size_that_no_counter_can_reach_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"from -9223372036854775808 to 9223372036854775807$"):
        parse_size(text)


def test_the_ranges_are_those_of_64_bits() -> None:
    assert (S64[0], S64[-1]) == (-TOP_S64 - 1, TOP_S64)
    assert (U64[0], U64[-1]) == (0, 2 * TOP_S64 + 1)


def test_a_number_is_in_its_range_after_its_unit_is_applied() -> None:
    allowed = range(1, 4097)
    assert parse_number("4K", allowed, "pages") == 4096
    for text in ("0", "5K", "-1"):
        with pytest.raises(ValueError, match=r"^expected pages, from 1 to 4096$"):
            parse_number(text, allowed, "pages")


def test_digits_are_multiplied_by_a_unit() -> None:
    assert number_in_range("007", range(100), "tags") == 7
    assert number_in_range("3", range(100), "tags", 10) == 30
    with pytest.raises(ValueError, match=r"^expected tags, from 0 to 99$"):
        number_in_range("10", range(100), "tags", 10)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("10", 10.0), ("10s", 10.0), ("0.2", 0.2), ("200ms", 0.2), ("1.5s", 1.5)],
)
def test_a_duration_is_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "s", "-1", "+1", ".5", "1.", "1 s", "1m", "1h", "1S", "1e3", "inf", "nan", "٣"]
)
def test_a_duration_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected seconds such as 0\.2 or 200ms$"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("90s", 90 * 10**9),
        ("1d", 86_400 * 10**9),
        ("1d2h3m4s5ms", 93_784_005_000_000),
        ("1.5h", 5_400 * 10**9),
        ("0.1s", 10**8),
        ("0.000000001s", 1),
    ],
)
def test_a_length_of_time_is_read_exactly(text: str, ns: int) -> None:
    assert parse_span(text) == ns


@pytest.mark.parametrize(
    "text", ["", "s", "10", "-1s", "1s1m", "1s1s", "1S", "1.s", ".5s", "1 s", "1s\n", "1h,1m", "٣s"]
)
def test_another_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90s, 10m, 1h30m or 1d"):
        parse_span(text)
