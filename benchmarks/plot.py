"""Plot the results: the cost of a read on each side, and the growth of costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.curves import Curve, by_case, by_side
from benchmarks.samples import Result


def plot(results: Sequence[Result], path: Path) -> None:
    """Write a plot in the format of the path's suffix."""
    with mpl.rc_context({"font.size": 9, "svg.hashsalt": "allocfs"}):
        figure = Figure(figsize=(11, 8), layout="constrained")
        (opens, preads), (tags, cpus) = figure.subplots(2, 2)
        records = "records read"
        _draw(opens, by_case(results, "open+pread+close records, "), "open, pread, close", records)
        _draw(preads, by_case(results, "pread records, "), "pread alone", records)
        _draw(tags, by_side(results, "tags: "), "more and more codetags, 8 CPUs", "codetags")
        _draw(cpus, by_side(results, "CPUs: "), "more and more CPUs, 3219 codetags", "CPUs")
        figure.savefig(path, dpi=120)


def _draw(axes: Axes, curves: dict[str, Curve], title: str, number: str) -> None:
    for name, curve in curves.items():
        axes.plot(*zip(*curve, strict=True), marker="o", markersize=3, label=name)
    axes.set(title=title, xlabel=number, ylabel="microseconds", xscale="log", yscale="log")
    if curves:
        axes.legend()
        axes.grid(alpha=0.3)
