"""Conditions on pairs: ranges of numbers, patterns, and their canonical spelling."""

from __future__ import annotations

import pytest

from allocfs.query.language import parse
from allocfs.query.pairs import NumberRange, format_pair_value, parse_pair_value
from allocfs.query.patterns import Pattern

TOP = 2**64 - 1


@pytest.mark.parametrize(
    ("text", "low", "high", "canonical"),
    [
        ("12", 12, 12, "12"),
        ("0012", 12, 12, "12"),
        ("1-9", 1, 9, "1-9"),
        ("7-7", 7, 7, "7"),
        ("1-", 1, None, "1-"),
        ("-9", None, 9, "-9"),
        ("1024-2Mi", 1024, 2 << 20, "1K-2M"),
        (f"{TOP}-", TOP, None, f"{TOP}-"),
    ],
)
def test_numbers_are_a_range(text: str, low: int | None, high: int | None, canonical: str) -> None:
    value = parse_pair_value(text)
    assert value == NumberRange(low, high)
    assert format_pair_value(value) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("-", "-"),
        ("1-2-3", "1-2-3"),
        ("--1", "--1"),
        ("+1", "+1"),
        ("1.5", "1.5"),
        ("1X", "1X"),
        ("1*", "1*"),
        ("%31", "%31"),
        ("1%30", "%310"),
        ("%2D5", "%2D5"),
        ("%31K-", "%31K-"),
    ],
)
def test_all_else_is_a_pattern_that_is_never_written_as_numbers(text: str, canonical: str) -> None:
    value = parse_pair_value(text)
    assert isinstance(value, Pattern)
    assert format_pair_value(value) == canonical
    assert parse_pair_value(canonical) == value


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ("0", True),
        ("-5", True),
        ("007", True),
        ("8", False),
        ("", False),
        ("-", False),
        ("7.0", False),
        ("+7", False),
        ("7 ", False),
        ("\u0667", False),
        ("-" + "9" * 20, True),
        ("-" + "9" * 21, False),
        ("9" * 100_000, False),
    ],
)
def test_only_whole_numbers_are_in_a_range(value: str, inside: bool) -> None:
    assert NumberRange(None, 7).has(value) == inside


@pytest.mark.parametrize(
    ("query", "text", "holds"),
    [
        ("pair.k=1", "k:1", True),
        ("pair.k=1", "kk:1 k:2", False),
        ("pair.k=1|a*", "k:abc", True),
        ("pair.k!=1", "k:2", True),
        ("pair.k!=1", "l:2", False),
        ("pair.k!=1|a*", "k:abc", False),
        ("pair.k=1", "k:1 k:2", False),
        ("pair.a%21%3D=*", "a!=:", True),
        ("pair.K=1", "k:1", False),
        ("pair.k=%3A", "k::", True),
    ],
)
def test_a_condition_judges_the_last_pair_with_its_key(query: str, text: str, holds: bool) -> None:
    (condition,) = parse(query).pairs
    assert condition.holds(text) == holds
