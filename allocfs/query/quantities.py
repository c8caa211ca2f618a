"""The numbers of a query: counts, limits, ranges of lines, slopes and shares; not its keys.

The keys are in terms.py, and language.py says which values each takes.

Every reader raises ValueError, naming the expected form.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from allocfs.tags.spelling import unescape
from allocfs.units import S64, U64, format_size, number_in_range, parse_number

_LINES = re.compile(r"([0-9]+)(?:-([0-9]+))?")

_RATE_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}  # each a multiple of the one before
_RATE = re.compile(r"([^/_]+)(?:(?:/|_per_)(s|min|h|d))?")

_DECIMALS = 6  # of a percentage
_MOST_EXACT = f"99.{'9' * _DECIMALS}"
_PERCENTAGE = re.compile(rf"[0-9]+(?:\.[0-9]{{1,{_DECIMALS}}})?")


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
    if parse_decimal(text) is None:
        raise ValueError(f"expected {expected}")
    return number_in_range(text, range(1, 2**64), expected)


def parse_decimal(text: str) -> int | None:
    """Read plain digits, None if there is anything else."""
    return int(text) if text.isascii() and text.isdecimal() else None


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


def parse_rate(text: str) -> Fraction:
    """Read a slope in bytes per second, such as `64K` or `100_per_h`; exact."""
    expected = "a slope in bytes per second such as 64K or -1, or such as 10M_per_h or 1K_per_min"
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {expected}")
    return Fraction(parse_number(found[1], S64, expected), _RATE_UNITS[found[2] or "s"])


def format_rate(rate: Fraction) -> str:
    """Write a slope that parse_rate() read, over the shortest time in which it is whole bytes."""
    unit = next(unit for unit, s in _RATE_UNITS.items() if (rate * s).denominator == 1)
    size = format_size(int(rate * _RATE_UNITS[unit]))
    return size if unit == "s" else f"{size}_per_{unit}"


def parse_share(text: str) -> Fraction:
    """Read an escaped percentage such as `90`, `99.5` or `90%`; return a share of 1.

    A percent sign at the end needs no escape, because no digits follow it.
    """
    plain = unescape(text.removesuffix("%"))
    digits = plain if text.endswith("%") else plain.removesuffix("%")
    if _PERCENTAGE.fullmatch(digits) is None or Fraction(digits) > 100:
        raise ValueError(f"expected a percentage such as 90 or {_MOST_EXACT}, from 0 to 100")
    return Fraction(digits) / 100


def format_share(share: Fraction) -> str:
    """Write a share that parse_share() read as a percentage without a percent sign."""
    whole, rest = divmod(int(share * 100 * 10**_DECIMALS), 10**_DECIMALS)
    return f"{whole}.{rest:0{_DECIMALS}d}".rstrip("0").rstrip(".")
