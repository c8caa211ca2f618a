"""The clock by which values age."""

from __future__ import annotations

import time


def age_clock_ns() -> int:
    """Return nanoseconds since the boot, those in which the machine slept included.

    So what was read before a suspend is old after it. Nobody can set this clock.
    """
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
