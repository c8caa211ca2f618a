"""The printed report of a comparison: Markdown with aligned tables, readable without rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from allocfs.compare.clients import Design
from allocfs.compare.comparison import BOUNDED, Comparison, Machine, Row
from allocfs.compare.published import CPUS, MAX_FACTOR, TAGS, Check
from allocfs.compare.runs import LIVE, MAX_REPEATS, MIN_REPEATS, PERIOD, RUN_MS
from allocfs.compare.scenarios import Scenario

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns"))
_INTRODUCTION = """\
{store.tags:,} simulated tags on {store.cpus} CPUs; client and daemon run on one. In each of {runs}
rounds one design after the other is asked a question for {row[2]} ms, {row[0]} to {row[1]:,} times
in a row; 6 once, and in a third of the rounds. `wall` is the median of all times, `alone` that of
the first in each row, `less transport` is `wall` less what the same calls cost when they ask for
nothing. CPU times are means of a row. `counters` are the per-CPU counters summed. max_age is
{max_age}: `first` reads first in a period, and once; `later` is the rest of it.
"""
_COLUMNS = (
    "",
    "wall",
    "quartiles",
    "alone",
    "less transport",
    "client CPU",
    "daemon CPU",
    "calls",
    "bytes",
    "counters",
    "text/this",
)


def render(comparison: Comparison) -> str:
    """Return the whole report."""
    sections = [
        _introduction(comparison),
        _summary(comparison),
        *(_scenario(comparison, scenario) for scenario in comparison.scenarios),
        _transport(comparison),
    ]
    if comparison.machine is None:
        sections.append(f"## Inside a kernel\n\nNot predicted: {comparison.no_machine}.\n")
    else:
        sections.extend((_costs(comparison.machine), _predictions(comparison)))
        sections.append(_published(comparison))
    return "\n".join([*sections, _targets(comparison)])


def duration(ns: float) -> str:
    """Format a time with three digits and its unit."""
    size, unit = next((u for u in _UNITS if abs(ns) >= u[0]), _UNITS[-1])
    return f"{three_digits(ns / size)} {unit}"


def three_digits(number: float) -> str:
    """Format a number with three digits, or with all digits before the point if it has more."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:#.3g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table with its first column aligned to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rules = ["-" * widths[0] + "-", *("-" * width + ":" for width in widths[1:])]
    lines = ["| " + " | ".join(_aligned(row, widths)) + " |\n" for row in (header, *rows)]
    return "".join([lines[0], f"|-{'|-'.join(rules)}|\n", *lines[1:]])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    right = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    return [row[0].ljust(widths[0]), *right[1:]]


def _introduction(comparison: Comparison) -> str:
    return _INTRODUCTION.format(
        store=comparison.store,
        runs=comparison.runs,
        max_age=PERIOD,
        row=(MIN_REPEATS, MAX_REPEATS, RUN_MS),
    )


def _summary(comparison: Comparison) -> str:
    rows = [
        [_name(scenario), *(duration(row.wall.median) for row in comparison.rows(scenario))]
        for scenario in comparison.scenarios
    ]
    return "## Wall times\n\n" + table(("", *Design), rows)


def _name(scenario: Scenario) -> str:
    return f"{scenario.number}. {scenario.title}"


def _scenario(comparison: Comparison, scenario: Scenario) -> str:
    records = len(comparison.results[scenario.number, Design.READ].numbers)
    published = scenario.published
    known = (
        f"; published on {CPUS} CPUs: text {published.text:g} ms, ioctl {published.ioctl:g} ms"
        if published
        else ""
    )
    return f"## {_name(scenario)}\n\nRecords: {records:,}{known}.\n\n" + table(
        _COLUMNS, [_cells(row) for row in comparison.rows(scenario)]
    )


def _cells(row: Row) -> list[str]:
    return [
        row.design,
        duration(row.wall.median),
        f"{duration(row.wall.low)} - {duration(row.wall.high)}",
        duration(row.alone),
        "" if row.less_transport is None else duration(row.less_transport),
        duration(row.client_cpu),
        duration(row.daemon_cpu),
        f"{row.work.calls:,}",
        f"{row.work.bytes:,}",
        f"{row.work.counters:,}",
        three_digits(row.ratio),
    ]


def _transport(comparison: Comparison) -> str:
    transport = comparison.transport
    rows = [
        ("open and close", transport.open_close, transport.cached_open_close),
        ("pread past the end", transport.pread, transport.cached_pread),
        ("ioctl CONTENT_ID", transport.ioctl, None),
    ]
    cells = [[name, *("" if ns is None else duration(ns) for ns in times)] for name, *times in rows]
    return "## Calls that ask for nothing\n\n" + table(("", "live", "max_age"), cells)


def _costs(machine: Machine) -> str:
    here, published = asdict(machine.here), asdict(machine.published)
    rows = [[name, duration(here[name]), duration(published[name])] for name in here]
    header = ("", "this store", f"{TAGS:,} tags, {CPUS} CPUs")
    return "## What a kernel does, on this machine\n\n" + table(header, rows)


def _predictions(comparison: Comparison) -> str:
    rows, ahead = [], []
    for scenario in comparison.scenarios:
        times = comparison.predicted(scenario)
        rows.append([_name(scenario), *map(duration, times.values())])
        less = 1 - times[Design.IOCTL] / times[Design.READ]
        if less > 0:
            ahead.append(f"{scenario.number} (by {less:.1%})")
    return (
        "## Inside a kernel\n\nPredicted from the counted work and these costs;"
        " allocfs/compare/model.py says what is assumed.\n\n"
        + table(("", *LIVE, BOUNDED), rows)
        + f"\nThe ioctl takes less than read() in: {', '.join(ahead) or 'none'}.\n"
    )


def _published(comparison: Comparison) -> str:
    header = ("", "text", "published", "error", "ioctl", "published", "error")
    good = comparison.good_tags
    where = f"{good[0]:,} to {good[-1]:,}" if good else "no number of"
    return (
        f"## The model and what was published\n\nSystem time of commands, {TAGS:,} tags (assumed)"
        f" on {CPUS} CPUs.\n\n"
        + table((*header, "text/ioctl", "published"), list(map(_check_cells, comparison.checks)))
        + f"\nAll ratios are within a factor of {MAX_FACTOR:g} for {where} tags.\n"
    )


def _check_cells(check: Check) -> list[str]:
    return [
        _name(check.scenario),
        f"{check.text:.1f} ms",
        f"{check.published_text:g} ms",
        f"{check.text / check.published_text - 1:+.0%}",
        f"{check.ioctl:.2f} ms",
        f"{check.published_ioctl:g} ms",
        f"{check.ioctl / check.published_ioctl - 1:+.0%}",
        f"{check.ratio:.1f}",
        f"{check.published_ratio:.1f}",
    ]


def _targets(comparison: Comparison) -> str:
    verdict = {True: "PASS", False: "below"}
    rows = [
        [target.expected, target.reached, verdict[target.passed]] for target in comparison.targets
    ]
    return "## Expected and reached\n\n" + table(("", "reached", ""), rows)
