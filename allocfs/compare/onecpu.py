"""Pin the process to one CPU, so that timings repeat."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def on_one_cpu() -> Iterator[None]:
    """Run this process and the daemons that it starts on one CPU.

    Otherwise the scheduler may put the daemon on another CPU. If that CPU is idle, waking it up
    can make a round trip ten times as long.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
