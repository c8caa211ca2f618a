"""The numbers of a query: sizes, counts, and ranges of lines.

Every reader raises ValueError, saying what was expected.
"""

from __future__ import annotations

import re
from typing import NamedTuple

S64 = range(-(2**63), 2**63)
U64 = range(2**64)

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_NUMBER = re.compile(r"(-?[0-9]+)(?:([KMGT])i?)?")
_LINES = re.compile(r"([0-9]+)(?:-([0-9]+))?")


class LineRange(NamedTuple):
    """Lines of a source file, the last one included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def parse_size(text: str) -> int:
    """Read a number of bytes, which may be below zero; K is 1024."""
    return _parse_number(text, S64, "a size in bytes such as 4096, 64K, 1Mi or -1")


def parse_count(text: str) -> int:
    """Read a number of calls; K is 1024."""
    return _parse_number(text, U64, "a count such as 1000 or 64K")


def parse_limit(text: str) -> int:
    """Read how many records are wanted, at least one."""
    expected = "a number of records such as 20"
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"expected {expected}")
    return _in_range(text, range(1, 2**64), expected)


def parse_lines(text: str) -> LineRange:
    """Read a line number, or a range of them as `first-last`."""
    expected = "a line such as 120, or lines such as 100-120"
    found = _LINES.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {expected}")
    first, last = (_in_range(digits, U64, expected) for digits in (found[1], found[2] or found[1]))
    if last < first:
        raise ValueError(f"expected lines from low to high, and {first} is above {last}")
    return LineRange(first, last)


def format_size(size: int) -> str:
    """Write a size with the largest unit that divides it, as `parse_size` reads it."""
    unit = max((u for u in _UNITS if size % _UNITS[u] == 0), key=_UNITS.__getitem__)
    return f"{size // _UNITS[unit]}{unit}" if size else "0"


def _parse_number(text: str, allowed: range, expected: str) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {expected}")
    return _in_range(found[1], allowed, expected, _UNITS[found[2] or ""])


def _in_range(digits: str, allowed: range, expected: str, unit: int = 1) -> int:
    number = int(digits) * unit
    if number not in allowed:
        raise ValueError(f"expected {expected}, from {allowed[0]} to {allowed[-1]}")
    return number
