"""Results for people, as tables of Markdown, and for programs, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from benchmarks.bars import Bar
from benchmarks.measure import Result


@dataclass(frozen=True)
class Machine:
    """Where it was measured; the load is the average of one minute, before and after."""

    cpu: str
    cpus: int
    kernel: str
    python: str
    load: tuple[float, float]


def table_lines(cases: Iterable[Sequence[Result]]) -> Iterator[str]:
    """Make tables with a line for each case, beginning a new one where the sides change."""
    sides: list[str] = []
    for results in cases:
        if sides != [result.side for result in results]:
            sides = [result.side for result in results]
            yield ""
            yield _row("", sides)
            yield _row("---", ["---:"] * len(sides))
        unit = f", {results[0].unit}" if results[0].unit else ""
        yield _row(results[0].case + unit, map(figure, results))


def figure(result: Result) -> str:
    """Write a median to three digits, with half the spread where there were several runs."""
    median = three_digits(result.samples.median)
    several = len(result.samples.values) > 1
    return f"{median} ±{result.samples.spread / 2:.0%}" if several else median


def three_digits(value: float) -> str:
    """Round to three digits, counting the one before the point, or to all before the point."""
    before = len(f"{abs(value):.0f}")
    return f"{value:.{max(0, 3 - before)}f}"


def describe(machine: Machine) -> str:
    """Say in a line where it was measured."""
    return (
        f"{machine.cpu}, one of {machine.cpus} CPUs, Linux {machine.kernel},"
        f" Python {machine.python};"
        f" load {machine.load[0]:.1f} before, {machine.load[1]:.1f} after"
    )


def summary_lines(bars: Iterable[Bar]) -> Iterator[str]:
    """Make a table with a line for each bar."""
    yield _row("bar", ["reached", "at most", ""])
    yield _row("---", ["---:", "---:", "---"])
    for bar in bars:
        verdict = "PASS" if bar.passed else "below"
        yield _row(bar.what, [f"{bar.reached:.2f}", f"{bar.most:.2f}", verdict])


def as_json(machine: Machine, results: Sequence[Result], bars: Sequence[Bar]) -> str:
    """Return all values in the order in which they were measured."""
    found = [
        {
            "case": result.case,
            "side": result.side,
            "unit": result.unit,
            "median": result.samples.median,
            "spread": result.samples.spread,
            "values": result.samples.values,
        }
        for result in results
    ]
    judged = [{**asdict(bar), "passed": bar.passed} for bar in bars]
    return json.dumps({"machine": asdict(machine), "results": found, "bars": judged}, indent=1)


def _row(head: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join([head, *cells])} |"
