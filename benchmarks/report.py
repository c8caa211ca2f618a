"""Results as Markdown tables for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from benchmarks.samples import Result
from benchmarks.targets import Target


@dataclass(frozen=True)
class Machine:
    """The machine of the measurements; `load` is its 1-minute average before and after them."""

    cpu: str
    cpus: int
    kernel: str
    python: str
    load: tuple[float, float]


def table_lines(cases: Iterable[Sequence[Result]]) -> Iterator[str]:
    """Make tables with a line for each case; a new table begins where the sides change."""
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
    """Format a median with three digits, and with half the spread if there were several runs."""
    median = three_digits(result.samples.median)
    several = len(result.samples.values) > 1
    return f"{median} ±{result.samples.spread / 2:.0%}" if several else median


def three_digits(value: float) -> str:
    """Format a number with three digits, or with all digits before the point if it has more.

    A zero before the point counts as a digit.
    """
    before = len(f"{abs(value):.0f}")
    return f"{value:.{max(0, 3 - before)}f}"


def describe(machine: Machine) -> str:
    """Describe the machine in one line."""
    return (
        f"{machine.cpu}, one of {machine.cpus} CPUs, Linux {machine.kernel},"
        f" Python {machine.python};"
        f" load {machine.load[0]:.1f} before, {machine.load[1]:.1f} after"
    )


def summary_lines(targets: Iterable[Target]) -> Iterator[str]:
    """Make a table with a line for each target."""
    yield _row("bar", ["reached", "at most", ""])
    yield _row("---", ["---:", "---:", "---"])
    for target in targets:
        verdict = "PASS" if target.passed else "below"
        yield _row(target.name, [f"{target.reached:.2f}", f"{target.most:.2f}", verdict])


def as_json(machine: Machine, results: Sequence[Result], targets: Sequence[Target]) -> str:
    """Return all values in the order of measurement. Programs read the keys, so they stay."""
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
    judged = [
        {
            "what": target.name,
            "reached": target.reached,
            "most": target.most,
            "passed": target.passed,
        }
        for target in targets
    ]
    return json.dumps({"machine": asdict(machine), "results": found, "bars": judged}, indent=1)


def _row(head: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join([head, *cells])} |"
