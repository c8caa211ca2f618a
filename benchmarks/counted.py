"""How many counters a query by size sums, while the counters change."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.measure import Result, Samples
from benchmarks.mounts import Mounted, allocfs

OPTIONS = "cpus=224,rate=100000"
QUERY = "query/min_size=1M/records"
CASE = f"counters summed to open {QUERY}"
FIRST, LATER, ALL = "first", "later", "all counters"
PAUSE = 0.2  # seconds of traffic between two queries


def counters_of_size_query(top: Path, runs: int) -> list[Result]:
    """Open the query again and again; nothing is read, so all that is summed is for it."""
    with allocfs(top / "counted", OPTIONS) as mounted:
        read = [_counters_read(mounted) for _ in range(runs + 1)]
        every = mounted.stat("tags") * mounted.stat("cpus")
    found = {FIRST: read[:1], LATER: read[1:], ALL: [float(every)]}
    return [Result(CASE, side, "", Samples(tuple(values))) for side, values in found.items()]


def _counters_read(mounted: Mounted) -> float:
    time.sleep(PAUSE)
    before = mounted.stat("counters_read")
    with (mounted.path / QUERY).open("rb"):
        return mounted.stat("counters_read") - before
