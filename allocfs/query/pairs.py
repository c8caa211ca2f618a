"""Conditions on the `key:value` pairs of a codetag: ranges of numbers, and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from allocfs.query.patterns import Pattern, parse_pattern, union
from allocfs.tags.pairs import pairs_of
from allocfs.tags.spelling import escape
from allocfs.units import U64, format_size, parse_number

PREFIX = "pair."  # of the keys of a query

_SPECIAL_IN_KEY = "/,|%=!"
_NUMBER = "[0-9]+(?:[KMGT]i?)?"
_RANGE = re.compile(rf"(?P<exact>{_NUMBER})|(?P<low>{_NUMBER})?-(?P<high>{_NUMBER})?")
_EXPECTED = "a number such as 12 or 64K, or numbers such as 1-9, 1- or -9"
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}")  # more digits cannot be a number of 64 bits


class NumberRange(NamedTuple):
    """Whole numbers, both ends included; None is no end."""

    low: int | None
    high: int | None

    def __str__(self) -> str:
        low, high = ("" if end is None else format_size(end) for end in self)
        return low if low == high else f"{low}-{high}"

    def has(self, value: str) -> bool:
        """Tell whether a value is a whole number in the range."""
        if _WHOLE_NUMBER.fullmatch(value) is None:
            return False
        number = int(value)
        above = self.low is None or number >= self.low
        return above and (self.high is None or number <= self.high)


PairValue = NumberRange | Pattern


def parse_pair_value(text: str) -> PairValue:
    """Read an alternative of a condition; raise ValueError, saying why, if it is none."""
    found = _RANGE.fullmatch(text)
    if found is None or text == "-":
        return parse_pattern(text)
    low, high = (_end(found["exact"] or found[name]) for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        raise ValueError(f"expected numbers from low to high, and {low} is above {high}")
    return NumberRange(low, high)


def format_pair_value(value: PairValue) -> str:
    """Write an alternative; a pattern that looks like numbers gets its first character escaped."""
    text = str(value)
    if isinstance(value, Pattern) and text != "-" and _RANGE.fullmatch(text):
        return escape(text[0], text[0]) + text[1:]
    return text


def format_pair_key(key: str) -> str:
    """Write the key of a pair as the key of a term."""
    return PREFIX + escape(key, _SPECIAL_IN_KEY)


@dataclass(frozen=True)
class PairCondition:
    """A pair has one of some values; if not wanted, it has none of them, but it is there."""

    key: str
    wanted: bool
    values: frozenset[PairValue]

    @property
    def patterns(self) -> list[Pattern]:
        """The alternatives that are not numbers."""
        return [value for value in self.values if isinstance(value, Pattern)]

    def holds(self, text: str) -> bool:
        """Judge the pairs of a codetag, as the text has them."""
        value = pairs_of(text).get(self.key)
        return value is not None and self._matches(value) == self.wanted

    def _matches(self, value: str) -> bool:
        ranges = (one for one in self.values if isinstance(one, NumberRange))
        return any(one.has(value) for one in ranges) or bool(self._pattern_matches(value))

    @cached_property
    def _pattern_matches(self) -> Callable[[str], object]:
        return union(self.patterns)


def _end(digits: str | None) -> int | None:
    return None if digits is None else parse_number(digits, U64, _EXPECTED)
