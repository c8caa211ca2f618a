"""Measure things side by side, and say how much the measurements vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True)
class Samples:
    """What the runs of one thing gave, in the order they were made."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)

    @property
    def spread(self) -> float:
        """How far the middle half of the values reaches, as a part of the median."""
        ordered = sorted(self.values)
        quarter = len(ordered) // 4
        return (ordered[-1 - quarter] - ordered[quarter]) / self.median if self.median else 0.0


@dataclass(frozen=True)
class Result:
    """What one side of a case took, each value in `unit`."""

    case: str
    side: str
    unit: str
    samples: Samples


def interleave(sides: Mapping[str, Measure], runs: int) -> dict[str, Samples]:
    """Run every side in turn, so that what disturbs the machine disturbs all of them alike.

    A first turn is not counted: it warms up. Every other turn goes backwards.
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
