"""What a daemon takes from the machine, and what it said in its log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Figures(NamedTuple):
    """Of one process, at one moment."""

    memory: int  # bytes resident
    descriptors: int
    threads: int

    @classmethod
    def of(cls, process: int) -> Figures:
        """Look at a process."""
        proc = Path("/proc") / str(process)
        status = dict(re.findall(r"^(\w+):\s+(\d+)", (proc / "status").read_text(), re.MULTILINE))
        descriptors = len(list((proc / "fd").iterdir()))
        return cls(int(status["VmRSS"]) * 1024, descriptors, int(status["Threads"]))

    def __str__(self) -> str:
        return (
            f"{self.memory / 2**20:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads"
        )


def complaints(log: Path) -> list[str]:
    """Return the log's lines that tell of an error, and those of tracebacks."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in lines if re.search(r" (ERROR|CRITICAL) |^    \| ", line)]
