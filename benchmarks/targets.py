"""The performance targets of a mount, and whether the results meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.cases import BASELINE, LIVE, PERIODIC, TMPFS
from benchmarks.counters import ALL, CASE, LATER
from benchmarks.growth import PER_COUNTER
from benchmarks.moments import COUNTERS, DIFF_QUERY, PLAIN_QUERY, QUERY, SNAPSHOT, TAKE
from benchmarks.samples import Result
from benchmarks.startup import BARE, READY

SMALL = "rapl.c, 2 records"
COUNTER_SIZE = 16  # struct alloc_tag_counters: bytes and calls, of 8 bytes each


@dataclass(frozen=True)
class Target:
    """A ratio: its measured value and its largest acceptable value."""

    name: str
    reached: float
    most: float

    @property
    def passed(self) -> bool:
        """Whether the ratio is acceptable."""
        return self.reached <= self.most


class Medians:
    """The medians of results, indexed by case and side."""

    def __init__(self, results: Iterable[Result]) -> None:
        """Index some results."""
        self._found = {(result.case, result.side): result.samples.median for result in results}

    def median(self, case: str, side: str) -> float:
        """Return the median of a side. Raises KeyError if it was not measured."""
        return self._found[case, side]

    def ratio(self, case: str, side: str, to: str) -> float:
        """Return the median of a side divided by that of another."""
        return self.median(case, side) / self.median(case, to)

    def sides(self, case: str) -> list[str]:
        """List the sides of a case in the order of measurement. Raises KeyError without any."""
        sides = [side for measured, side in self._found if measured == case]
        if not sides:
            raise KeyError(case)
        return sides


def judge(results: Iterable[Result]) -> list[Target]:
    """Compare the results with the targets, without those of which a case was not measured."""
    medians = Medians(results)
    targets = []
    for rule in _RULES:
        with suppress(KeyError):  # one of its cases was not measured
            targets.append(rule(medians))
    return targets


def _live_open(medians: Medians) -> Target:
    reached = medians.ratio(f"open+pread+close {SMALL}", LIVE, BASELINE)
    return Target("1 live, open+pread+close of two records / C libfuse", reached, 1.5)


def _live_pread(medians: Medians) -> Target:
    reached = medians.ratio(f"pread {SMALL}", LIVE, BASELINE)
    return Target("1 live, pread of two records / C libfuse", reached, 1.5)


def _periodic_open(medians: Medians) -> Target:
    reached = medians.ratio(f"open+pread+close {SMALL}", PERIODIC, TMPFS)
    return Target("2 max_age=1s, open+pread+close of two records / tmpfs", reached, 1.5)


def _periodic_pread(medians: Medians) -> Target:
    reached = medians.ratio(f"pread {SMALL}", PERIODIC, TMPFS)
    return Target("2 max_age=1s, pread of two records / tmpfs", reached, 2.0)


def _records_and_text(medians: Medians) -> Target:
    records = medians.median("read all of records", LIVE)
    text = medians.median("read all of allocinfo", LIVE)
    return Target("3 live, all records / text of the same mount", records / text, 1 / 5)


def _size_query(medians: Medians) -> Target:
    reached = medians.ratio(CASE, LATER, ALL)
    return Target("4 counters summed for min_size=1M under traffic / all", reached, 0.1)


def _growth(medians: Medians) -> Target:
    case = "tags: open+pread+close rapl.c"
    least, *_, most = medians.sides(case)
    return Target(f"5 file query, {most} / {least}", medians.ratio(case, most, least), 1.2)


def _memory(medians: Medians) -> Target:
    reached = medians.median(f"CPUs: {PER_COUNTER}", "224 CPUs") / COUNTER_SIZE
    return Target("6 memory beyond bare imports / counters, 224 CPUs", reached, 1.3)


def _startup(medians: Medians) -> Target:
    return Target("7 start-up / bare imports", medians.ratio("start-up", READY, BARE), 2.5)


def _snapshot(medians: Medians) -> Target:
    reached = medians.ratio(TAKE, SNAPSHOT, COUNTERS)
    return Target("8 snapshot / read of all counters, 224 CPUs", reached, 1.5)


def _difference(medians: Medians) -> Target:
    reached = medians.ratio(QUERY, DIFF_QUERY, PLAIN_QUERY)
    return Target("9 query of a difference to now / of the present", reached, 2.0)


_RULES: tuple[Callable[[Medians], Target], ...] = (
    _live_open,
    _live_pread,
    _periodic_open,
    _periodic_pread,
    _records_and_text,
    _size_query,
    _growth,
    _memory,
    _startup,
    _snapshot,
    _difference,
)
