"""The numbers of a query: counts, limits, and ranges of lines.

Every reader raises ValueError, naming the expected form.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from allocfs.units import U64, number_in_range, parse_number

_LINES = re.compile(r"([0-9]+)(?:-([0-9]+))?")


class LineRange(NamedTuple):
    """Lines of a source file, the last one included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def parse_count(text: str) -> int:
    """Read a number of calls; K is 1024."""
    return parse_number(text, U64, "a count such as 1000 or 64K")


def parse_limit(text: str) -> int:
    """Read a number of records, at least one."""
    expected = "a number of records such as 20"
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"expected {expected}")
    return number_in_range(text, range(1, 2**64), expected)


def parse_lines(text: str) -> LineRange:
    """Read a line number, or a range of them as `first-last`."""
    expected = "a line such as 120, or lines such as 100-120"
    found = _LINES.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {expected}")
    first, last = (
        number_in_range(digits, U64, expected) for digits in (found[1], found[2] or found[1])
    )
    if last < first:
        raise ValueError(f"expected lines from low to high, and {first} is above {last}")
    return LineRange(first, last)
