"""The cost of moments: a snapshot beside a read of all counters, differences beside the present."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.mounts import allocfs_mount
from benchmarks.samples import Measure, Result, compare

SNAPSHOT, COUNTERS = "mkdir of a snapshot", "read of all counters"
TAKE = "all values of 3,219 tags on 224 CPUs"
DIFF_QUERY, PLAIN_QUERY = "below a difference to now", "of the present"
_TERMS = "module=btrfs,sort=-bytes,limit=10"
QUERY = f"open, read and close query/{_TERMS}/records"
FROZEN = "below a difference of two snapshots"
TURNS = 10  # in each run: a turn takes a few milliseconds
_US = 1_000_000


def moments(top: Path, runs: int) -> Iterator[list[Result]]:
    """Measure the sides of each case interleaved, in microseconds."""
    with allocfs_mount(top / "moments", "cpus=224,max_age=0,max_snapshots=100000") as mounted:
        yield compare(TAKE, "us", _takes(mounted.path), runs * TURNS)
        yield compare(QUERY, "us", _queries(mounted.path), runs * TURNS)


def _takes(mountpoint: Path) -> dict[str, Measure]:
    numbers = count()

    def take() -> None:
        os.mkdir(mountpoint / "snapshots" / str(next(numbers)))

    return {
        COUNTERS: lambda: _time(lambda: _read(mountpoint / "counters/records")),
        SNAPSHOT: lambda: _time(take),
    }


def _queries(mountpoint: Path) -> dict[str, Measure]:
    tops = {PLAIN_QUERY: "", DIFF_QUERY: "diff/0", FROZEN: "diff/0..1"}
    paths = {side: mountpoint / top / "query" / _TERMS / "records" for side, top in tops.items()}
    return {side: partial(_time, partial(_read, path)) for side, path in paths.items()}


def _time(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * _US


def _read(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    offset = 0
    while data := os.pread(file, 1 << 20, offset):
        offset += len(data)
    os.close(file)
