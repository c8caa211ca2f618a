"""The performance targets of read(), and whether the results meet them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from allocfs.compare.clients import Design
from allocfs.compare.published import MAX_FACTOR, Check
from allocfs.compare.runs import Results

# By the number of the scenario: the least ratio of the text's wall time to that of read().
TIMES_LESS_THAN_TEXT = {1: 50.0, 2: 50.0, 3: 5.0}
# The numbers of the scenarios.
NO_MORE_THAN_IOCTL = (1, 2)
FEWER_AND_LESS_THAN_IOCTL = (4, 5, 6, 7)


@dataclass(frozen=True)
class Target:
    """A target; `reached` is the measured value in words."""

    expected: str
    reached: str
    passed: bool


def judge(results: Results, checks: Sequence[Check]) -> list[Target]:
    """Compare the results with all targets."""
    return [
        *(_against_text(results, number, times) for number, times in TIMES_LESS_THAN_TEXT.items()),
        *(_no_more_than_ioctl(results, number) for number in NO_MORE_THAN_IOCTL),
        *(_fewer_calls(results, number) for number in FEWER_AND_LESS_THAN_IOCTL),
        *(_less_than_ioctl(results, number) for number in FEWER_AND_LESS_THAN_IOCTL),
        *map(_predicted, checks),
    ]


def wall(results: Results, number: int, design: Design) -> float:
    """Return the median wall time in ns."""
    return median(results[number, design].walls)


def _against_text(results: Results, number: int, times: float) -> Target:
    ratio = wall(results, number, Design.TEXT) / wall(results, number, Design.READ)
    return Target(
        f"{number}: read() takes {times:g} times less than the text",
        f"{ratio:.1f} times",
        ratio >= times,
    )


def _no_more_than_ioctl(results: Results, number: int) -> Target:
    share = _share_of_ioctl(results, number)
    return Target(
        f"{number}: read() takes no more than the ioctl", f"{share:.2f} of it", share <= 1
    )


def _less_than_ioctl(results: Results, number: int) -> Target:
    share = _share_of_ioctl(results, number)
    return Target(f"{number}: read() takes less than the ioctl", f"{share:.4f} of it", share < 1)


def _share_of_ioctl(results: Results, number: int) -> float:
    return wall(results, number, Design.READ) / wall(results, number, Design.IOCTL)


def _fewer_calls(results: Results, number: int) -> Target:
    read = results[number, Design.READ].work.calls
    ioctl = results[number, Design.IOCTL].work.calls
    return Target(
        f"{number}: read() makes fewer calls than the ioctl",
        f"{read:,} instead of {ioctl:,}",
        read < ioctl,
    )


def _predicted(check: Check) -> Target:
    return Target(
        f"{check.scenario.number}: the predicted ratio is within a factor of {MAX_FACTOR:g}",
        f"{check.ratio:.1f}, published {check.published_ratio:.1f}, a factor of {check.factor:.2f}",
        check.factor <= MAX_FACTOR,
    )
