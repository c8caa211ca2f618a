"""Measurements that chance does not decide."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def on_one_cpu() -> Iterator[None]:
    """Run this process, and the daemons that it starts, on one CPU.

    Else chance decides where a daemon runs, and between two CPUs of which one sleeps a round trip
    can take ten times as long.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
