"""Results as curves: medians over a number, such as that of the records read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from benchmarks.samples import Result

Curve = list[tuple[int, float]]

_NUMBER = re.compile(r"\d+")


def by_case(results: Iterable[Result], start: str) -> dict[str, Curve]:
    """Return a curve for each side, over the number after `start` in the name of the case."""
    return _curves((result.side, _after(result, start), result) for result in results)


def by_side(results: Iterable[Result], start: str) -> dict[str, Curve]:
    """Return a curve for each case that begins with `start`, over the number in the side."""
    return _curves((_after(result, start), result.side, result) for result in results)


def _after(result: Result, start: str) -> str:
    """Return the rest of the case's name; "" if it begins differently or is not a time."""
    timed = result.unit == "us" and result.case.startswith(start)
    return result.case.removeprefix(start) if timed else ""


def _curves(points: Iterable[tuple[str, str, Result]]) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for name, label, result in points:
        number = _NUMBER.search(label)
        if name and number:
            curves.setdefault(name, []).append((int(number[0]), result.samples.median))
    return curves
