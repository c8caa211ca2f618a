"""Measure calls without work for the daemon: the cost of the way there and back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from allocfs.compare.clients import Design
from allocfs.compare.runs import LIVE, Mounts
from allocfs.compare.syscalls import Calls, CountedWork
from allocfs.kernel.abi import MERGED

_ROUNDS, _REPEATS = 10, 500  # each round repeats each call back to back
_PAST_THE_END = 1 << 40  # an offset at which every file has ended


@dataclass(frozen=True)
class Transport:
    """Median wall times, in ns, of calls without work for the daemon."""

    open_close: float  # of a file that needs no selection
    pread: float  # past the end of a file
    ioctl: float  # CONTENT_ID
    cached_open_close: float  # with max_age, of a file whose attributes the kernel has
    cached_pread: float

    def cost(self, design: Design, work: CountedWork) -> float | None:
        """Return the time of the same calls without work.

        None for the modes of max_age: there the kernel answers most calls without the daemon.
        """
        if design not in LIVE:
            return None
        return work.opens * self.open_close + work.preads * self.pread + work.ioctls * self.ioctl


def measure_transport(mounts: Mounts) -> Transport:
    """Repeat each call back to back, as the questions are repeated."""
    calls, live, periodic = Calls(), mounts.live, mounts.periodic
    records = [calls.open(f"{mount.root}/records") for mount in (live, periodic)]
    text = calls.open(f"{live.root}/allocinfo")
    times = _medians(
        partial(_open_close, calls, f"{live.root}/.allocfs/version"),
        partial(calls.pread, records[0], 1, _PAST_THE_END),
        partial(calls.ioctl, text, MERGED.content_id_number, bytes(8)),
        partial(_open_close, calls, f"{periodic.root}/records"),
        partial(calls.pread, records[1], 1, _PAST_THE_END),
    )
    for fd in (*records, text):
        calls.close(fd)
    return Transport(*times)


def _open_close(calls: Calls, path: str) -> None:
    calls.close(calls.open(path))


def _medians(*acts: Callable[[], object]) -> list[float]:
    times: list[list[int]] = [[] for _ in acts]
    for _ in range(_ROUNDS):
        for act, taken in zip(acts, times, strict=True):
            for _ in range(_REPEATS):
                began = time.perf_counter_ns()
                act()
                taken.append(time.perf_counter_ns() - began)
    return [statistics.median(taken) for taken in times]
