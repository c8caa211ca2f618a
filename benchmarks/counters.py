"""Count the counters that a query by size sums while their values change."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.mounts import DaemonMount, allocfs_mount
from benchmarks.samples import Result, Samples

OPTIONS = "cpus=224,rate=100000"
QUERY = "query/min_size=1M/records"
CASE = f"counters summed to open {QUERY}"
FIRST, LATER, ALL = "first", "later", "all counters"
PAUSE = 0.2  # seconds of traffic between two queries


def counters_of_size_query(top: Path, runs: int) -> list[Result]:
    """Open the query repeatedly, without reading: all counters summed are for its condition."""
    with allocfs_mount(top / "counted", OPTIONS) as mount:
        read = [_counters_read(mount) for _ in range(runs + 1)]
        total = mount.stat("tags") * mount.stat("cpus")
    found = {FIRST: read[:1], LATER: read[1:], ALL: [float(total)]}
    return [Result(CASE, side, "", Samples(tuple(values))) for side, values in found.items()]


def _counters_read(mount: DaemonMount) -> float:
    time.sleep(PAUSE)
    before = mount.stat("counters_read")
    with (mount.path / QUERY).open("rb"):
        return mount.stat("counters_read") - before
