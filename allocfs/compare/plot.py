"""Plot the wall times of a comparison on a logarithmic scale."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from allocfs.compare.clients import Design
from allocfs.compare.comparison import Comparison, Spread
from allocfs.wholefiles import write_over

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NS = 1e-9
_COLOURS = {
    Design.TEXT: "#8c8c8c",
    Design.IOCTL: "#c44e52",
    Design.READ: "#1f4e9c",
    Design.COUNTERS: "#4c8ad9",
    Design.FIRST: "#2e7d4f",
    Design.CACHED: "#79c495",
}


def save_plot(comparison: Comparison, path: str) -> None:
    """Draw a point for each scenario and design; the suffix of `path` determines the format."""
    mpl.rcdefaults()  # not the settings of a matplotlibrc in the present directory
    mpl.rcParams["svg.hashsalt"] = "allocfs"  # the same figures give the same file
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    rows = [comparison.rows(scenario) for scenario in comparison.scenarios]
    for place, design in enumerate(Design):
        _draw(axes, [each[place].wall for each in rows], place, design)
    _label(axes, comparison)
    figure.legend(loc="outside lower center", ncols=3)
    kind = Path(path).suffix.removeprefix(".")
    data = BytesIO()
    figure.savefig(data, format=kind, metadata={"Date": None} if kind == "svg" else None)
    write_over(Path(path), data.getvalue())


def _draw(axes: Axes, walls: list[Spread], place: int, design: Design) -> None:
    shift = (place + 0.5) / len(Design) - 0.5
    axes.errorbar(
        [wall.median * _NS for wall in walls],
        [number + 0.7 * shift for number in range(len(walls))],
        xerr=[
            [(wall.median - wall.low) * _NS for wall in walls],
            [(wall.high - wall.median) * _NS for wall in walls],
        ],
        fmt="o",
        color=_COLOURS[design],
        label=design,
    )


def _label(axes: Axes, comparison: Comparison) -> None:
    titles = [f"{scenario.number}. {scenario.title}" for scenario in comparison.scenarios]
    axes.set_yticks(range(len(titles)), titles)
    axes.set_yticks([number + 0.5 for number in range(len(titles) - 1)], minor=True)
    axes.grid(axis="y", which="minor")
    axes.tick_params(axis="y", which="both", length=0)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("wall time in seconds, median and quartiles")
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    store = comparison.store
    axes.set_title(f"{store.tags:,} tags on {store.cpus} CPUs")
