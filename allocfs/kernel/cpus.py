"""How many CPUs the kernel has counters for."""

from __future__ import annotations

import os
import re
from pathlib import Path

POSSIBLE_CPUS = Path("/sys/devices/system/cpu/possible")


def possible_cpus(file: Path = POSSIBLE_CPUS) -> int:
    """Count the CPUs that the kernel sums over, from a list such as `0-3,8`."""
    try:
        spans = re.findall(r"([0-9]+)(?:-([0-9]+))?", file.read_text())
    except OSError:  # no sysfs in this container
        return os.cpu_count() or 1
    return sum(int(last or first) - int(first) + 1 for first, last in spans)
