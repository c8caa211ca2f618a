"""Sizes and durations as people write them.

Every reader raises ValueError, naming the expected form.
"""

from __future__ import annotations

import re
from itertools import pairwise

S64 = range(-(2**63), 2**63)
U64 = range(2**64)

_SIZE_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_NUMBER = re.compile(r"(-?[0-9]+)(?:([KMGT])i?)?")

_TIME_UNITS = {"": 1.0, "s": 1.0, "ms": 0.001}
_SPAN_UNITS = {"d": 86400 * 10**9, "h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6}
_SPAN_PART = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?(ms|[dhms])", re.ASCII)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|)", re.ASCII)


def parse_size(text: str) -> int:
    """Read a number of bytes, which may be below zero; K is 1024."""
    return parse_number(text, S64, "a size in bytes such as 4096, 64K, 1Mi or -1")


def format_size(size: int) -> str:
    """Write a size with the largest unit that divides it, as parse_size() reads it."""
    unit = max((u for u in _SIZE_UNITS if size % _SIZE_UNITS[u] == 0), key=_SIZE_UNITS.__getitem__)
    return f"{size // _SIZE_UNITS[unit]}{unit}" if size else "0"


def parse_duration(text: str) -> float:
    """Read a duration such as `10s`, `0.2` or `200ms`; return seconds."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("expected seconds such as 0.2 or 200ms")
    return float(found[1]) * _TIME_UNITS[found[2]]


def parse_span(text: str) -> int:
    """Read a length of time such as `10m`, `1h30m`, `1.5s` or `1d`; return nanoseconds.

    A larger unit stands before a smaller one, and each has its own number.
    """
    parts = list(_SPAN_PART.finditer(text))
    units = [list(_SPAN_UNITS).index(part[3]) for part in parts]
    whole = "".join(part[0] for part in parts) == text
    if not parts or not whole or any(a >= b for a, b in pairwise(units)):
        raise ValueError("expected a length of time such as 90s, 10m, 1h30m or 1d")
    return sum(_span_ns(*part.groups("")) for part in parts)


def _span_ns(digits: str, fraction: str, unit: str) -> int:
    return int(digits + fraction.ljust(9, "0")) * _SPAN_UNITS[unit] // 10**9


def parse_number(text: str, allowed: range, expected: str) -> int:
    """Read a whole number with a unit, K being 1024, in a range."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {expected}")
    return number_in_range(found[1], allowed, expected, _SIZE_UNITS[found[2] or ""])


def number_in_range(digits: str, allowed: range, expected: str, unit: int = 1) -> int:
    """Read digits, times a unit, in a range."""
    number = int(digits) * unit
    if number not in allowed:
        raise ValueError(f"expected {expected}, from {allowed[0]} to {allowed[-1]}")
    return number


def human_size(nbytes: float, sign: str = "") -> str:
    """Write a size for people with three digits and a binary unit, such as `2.08 GiB`."""
    units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    size, unit = float(nbytes), 0
    while abs(size) >= 999.5 and unit < len(units) - 1:
        size, unit = size / 1024, unit + 1
    decimals = 0 if unit == 0 or abs(size) >= 99.95 else 1 if abs(size) >= 9.995 else 2
    return f"{size:{sign}.{decimals}f} {units[unit]}"
