"""The clock for the age of values."""

from __future__ import annotations

import time


def age_clock_ns() -> int:
    """Return the nanoseconds since the boot, including suspends.

    CLOCK_MONOTONIC stops during a suspend, so values read before it would pass for fresh after
    it; CLOCK_REALTIME can be set.
    """
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
