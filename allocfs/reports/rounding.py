"""The sizes that a rounded number can stand for.

numfmt rounds away from zero, to one decimal below 10 and to none above. The kernel rounds to the
nearest, to three digits (string_get_size() in lib/string_helpers.c).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from allocfs.formats.textgrammar import S64

_EXACT = re.compile(rb"0|-?[1-9][0-9]*")
_NUMBER = re.compile(rb"(-?)(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,3}))?")
_UNIT = re.compile(rb"([KMGTPE])i?B?")
_POWERS = b" KMGTPE"
_HALVES = (500, 50, 5)  # thousandths that the kernel adds before it cuts off the rest
_LEAST = (100_000, 10_000, 1_000)  # thousandths from which it prints so many decimals
_MOST = (1_023_999, 99_999, 9_999)


class Size(NamedTuple):
    """A size, and the least and the greatest that it can be."""

    value: int
    low: int
    high: int

    @property
    def is_exact(self) -> bool:
        """Tell whether it can be nothing else."""
        return self.low == self.high


def read_size(number: bytes, unit: bytes, spaced: bool) -> Size | None:
    """Read a number with a unit, or none; a space between them is the kernel's style.

    Return None if it is no size of 64 bits.
    """
    if unit in (b"", b"B"):
        return _exact(number, bool(unit))
    found, letter = _NUMBER.fullmatch(number), _UNIT.fullmatch(unit)
    if found is None or letter is None:
        return None
    decimals = found[3] or b""
    steps, places, power = int(found[2] + decimals), len(decimals), _POWERS.index(letter[1])
    bounds = _kernel if spaced else _numfmt
    low, high = bounds(steps, places, power) or _any(steps, places, power)
    if found[1]:
        low, high = -high, -low
    return Size((low + high) // 2, low, high) if low in S64 and high in S64 else None


def _exact(number: bytes, of_bytes: bool) -> Size | None:
    whole, point, decimals = number.partition(b".")
    if point and not (of_bytes and not decimals.strip(b"0")):
        return None
    if not _EXACT.fullmatch(whole) or int(whole) not in S64:
        return None
    return Size(int(whole), int(whole), int(whole))


def _numfmt(steps: int, places: int, power: int) -> tuple[int, int] | None:
    """Bound a number that numfmt wrote: rounded away from zero; None if it does not write so."""
    if places > 1:
        return None
    unit, tens = 1024**power, 10**places
    if 10 < steps < (1024, 100)[places]:
        return (steps - 1) * unit // tens + 1, steps * unit // tens
    if (steps, places) == (10, 0):  # 9.91 becomes 10
        return 99 * unit // 10 + 1, 10 * unit
    if (steps, places) == (10, 1):  # and 1023.1 of the unit below becomes 1.0
        return 1023 * unit // 1024 + 1, unit
    return None


def _kernel(steps: int, places: int, power: int) -> tuple[int, int] | None:
    """Bound a number that the kernel wrote: rounded to the nearest; None likewise."""
    if places >= len(_HALVES):
        return None
    half, middle = _HALVES[places], steps * 10 ** (3 - places)
    low, high = max(middle - half, _LEAST[places]), min(middle + half - 1, _MOST[places])
    if low > high:
        return None
    below = 1024 ** (power - 1)
    return -(-1024 * low // 1000) * below, -(-1024 * (high + 1) // 1000) * below - 1


def _any(steps: int, places: int, power: int) -> tuple[int, int]:
    """Bound a number that was rounded up, down or to the nearest."""
    unit, tens = 1024**power, 10**places
    return (steps - 1) * unit // tens + 1, -(-(steps + 1) * unit // tens) - 1
