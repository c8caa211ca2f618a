"""The bars: what was set out to be reached, and what was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.cases import BASELINE, LIVE, PERIODIC, TMPFS
from benchmarks.counted import ALL, CASE, LATER
from benchmarks.growth import PER_COUNTER
from benchmarks.measure import Result
from benchmarks.startup import BARE, READY

SMALL = "rapl.c, 2 records"
COUNTER_SIZE = 16  # bytes of a pair of bytes and calls, as the kernel has it


@dataclass(frozen=True)
class Bar:
    """A ratio that was reached, and what it should be at most."""

    what: str
    reached: float
    most: float

    @property
    def passed(self) -> bool:
        """Whether the ratio is low enough."""
        return self.reached <= self.most


class Medians:
    """The medians of results, by case and side."""

    def __init__(self, results: Iterable[Result]) -> None:
        """Index some results."""
        self._found = {(result.case, result.side): result.samples.median for result in results}

    def of(self, case: str, side: str) -> float:
        """Return a median; raise KeyError if that was not measured."""
        return self._found[case, side]

    def ratio(self, case: str, side: str, to: str) -> float:
        """Return how many times one side is another."""
        return self.of(case, side) / self.of(case, to)

    def sides(self, case: str) -> list[str]:
        """List the sides of a case in the order they were measured; raise KeyError if none."""
        sides = [side for measured, side in self._found if measured == case]
        if not sides:
            raise KeyError(case)
        return sides


def bars(results: Iterable[Result]) -> list[Bar]:
    """Judge the bars of which all was measured."""
    medians = Medians(results)
    found = []
    for bar in _BARS:
        try:
            found.append(bar(medians))
        except KeyError:  # that case was not measured
            continue
    return found


def _live_open(medians: Medians) -> Bar:
    reached = medians.ratio(f"open+pread+close {SMALL}", LIVE, BASELINE)
    return Bar("1 live, open+pread+close of two records / C libfuse", reached, 1.5)


def _live_pread(medians: Medians) -> Bar:
    reached = medians.ratio(f"pread {SMALL}", LIVE, BASELINE)
    return Bar("1 live, pread of two records / C libfuse", reached, 1.5)


def _periodic_open(medians: Medians) -> Bar:
    reached = medians.ratio(f"open+pread+close {SMALL}", PERIODIC, TMPFS)
    return Bar("2 max_age=1s, open+pread+close of two records / tmpfs", reached, 1.5)


def _periodic_pread(medians: Medians) -> Bar:
    reached = medians.ratio(f"pread {SMALL}", PERIODIC, TMPFS)
    return Bar("2 max_age=1s, pread of two records / tmpfs", reached, 2.0)


def _records_and_text(medians: Medians) -> Bar:
    records = medians.of("read all of records", LIVE)
    text = medians.of("read all of allocinfo", LIVE)
    return Bar("3 live, all records / text of the same mount", records / text, 1 / 5)


def _size_query(medians: Medians) -> Bar:
    reached = medians.ratio(CASE, LATER, ALL)
    return Bar("4 counters summed for min_size=1M under traffic / all", reached, 0.1)


def _growth(medians: Medians) -> Bar:
    case = "tags: open+pread+close rapl.c"
    least, *_, most = medians.sides(case)
    return Bar(f"5 file query, {most} / {least}", medians.ratio(case, most, least), 1.2)


def _memory(medians: Medians) -> Bar:
    reached = medians.of(f"CPUs: {PER_COUNTER}", "224 CPUs") / COUNTER_SIZE
    return Bar("6 memory beyond bare imports / counters, 224 CPUs", reached, 1.3)


def _startup(medians: Medians) -> Bar:
    return Bar("7 start-up / bare imports", medians.ratio("start-up", READY, BARE), 2.5)


_BARS: tuple[Callable[[Medians], Bar], ...] = (
    _live_open,
    _live_pread,
    _periodic_open,
    _periodic_pread,
    _records_and_text,
    _size_query,
    _growth,
    _memory,
    _startup,
)
