"""Measure alternatives side by side, and describe the spread of the measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True)
class Samples:
    """The values of several runs, in the order of measurement."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)

    @property
    def spread(self) -> float:
        """The width of the middle half of the values, relative to the median."""
        ordered = sorted(self.values)
        quarter = len(ordered) // 4
        return (ordered[-1 - quarter] - ordered[quarter]) / self.median if self.median else 0.0


@dataclass(frozen=True)
class Result:
    """The values of one side of a case, in `unit`."""

    case: str
    side: str
    unit: str
    samples: Samples


def interleave(sides: Mapping[str, Measure], runs: int) -> dict[str, Samples]:
    """Run all sides in turn, so that a disturbance of the machine affects all of them alike.

    The first turn warms up and is not counted. Every other turn goes backwards, so that no side
    always follows the same one.
    """
    values: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(runs + 1):
        for name in list(sides)[:: -1 if turn % 2 else 1]:
            value = sides[name]()
            if turn:
                values[name].append(value)
    return {name: Samples(tuple(found)) for name, found in values.items()}


def compare(case: str, unit: str, sides: Mapping[str, Measure], runs: int) -> list[Result]:
    """Measure the sides of a case, interleaved."""
    found = interleave(sides, runs)
    return [Result(case, side, unit, samples) for side, samples in found.items()]
