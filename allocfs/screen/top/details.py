"""The details of a row: its call sites, and how its bytes moved over the ticks."""

from __future__ import annotations

import numpy as np

from allocfs.screen.top.view import Row, sparkline
from allocfs.screen.top.watch import Watch
from allocfs.units import human_size

_MOST = 5  # call sites that are listed


def details(watch: Watch, row: Row) -> str:
    """Write what is known of a row."""
    times = np.array([values.time for values in watch.ticks])
    nbytes = [int(values.bytes[row.members].sum()) for values in watch.ticks]
    numbers = {
        "now": human_size(nbytes[-1]),
        "min": human_size(min(nbytes)),
        "max": human_size(max(nbytes)),
        "slope": f"{human_size(_slope(times, nbytes), '+')}/s",
        "since start": human_size(nbytes[-1] - int(watch.start.bytes[row.members].sum()), "+"),
    }
    lines = [row.name, "  ".join(f"{name} {value}" for name, value in numbers.items())]
    return "\n".join([*lines, sparkline(nbytes), *_sites(watch, row)])


def _slope(times: np.ndarray[tuple[int], np.dtype[np.float64]], nbytes: list[int]) -> float:
    """Return the slope of the line of least squares, in bytes per second."""
    since = times - times.mean()
    spread = float((since**2).sum())
    return float((since * (np.array(nbytes, dtype=np.float64))).sum()) / spread if spread else 0.0


def _sites(watch: Watch, row: Row) -> list[str]:
    """List the largest call sites of a row."""
    sizes = watch.now.bytes[row.members]
    largest = row.members[np.argsort(-sizes, kind="stable")[:_MOST]]
    lines = []
    for number in largest.tolist():
        record = watch.names.records[number]
        names = [record[name].decode("utf-8", "replace") for name in ("filename", "function")]
        size = human_size(int(watch.now.bytes[number]))
        lines.append(f"{size:>10}  {names[0]}:{record['lineno']} {names[1]}")
    if len(row.members) > _MOST:
        lines.append(f"{'':>10}  and {len(row.members) - _MOST} more call sites")
    return lines
