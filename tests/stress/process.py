"""The resources of a daemon, and the errors in its log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Figures(NamedTuple):
    """The resources of one process at one moment."""

    memory: int  # bytes resident
    descriptors: int
    threads: int

    @classmethod
    def from_process(cls, process: int) -> Figures:
        """Read the figures of a process id from /proc."""
        proc = Path("/proc") / str(process)
        status = dict(re.findall(r"^(\w+):\s+(\d+)", (proc / "status").read_text(), re.MULTILINE))
        descriptors = len(list((proc / "fd").iterdir()))
        return cls(int(status["VmRSS"]) * 1024, descriptors, int(status["Threads"]))

    def __str__(self) -> str:
        return (
            f"{self.memory / 2**20:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads"
        )


def error_lines(log: Path) -> list[str]:
    """Return the lines of a log that report errors or belong to tracebacks."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in lines if re.search(r" (ERROR|CRITICAL) |^    \| ", line)]
