"""Compile and run the C programs of the benchmarks."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.samples import Measure

SOURCES = Path(__file__).parent
# The offset in /proc/self/pagemap of the program's own pages. The file has 8 bytes for each page
# of 4 KiB, and -no-pie links the program at a fixed address, 0x400000 on x86-64.
OWN_PAGES = 0x400000 // 4096 * 8
MIN_COUNT, MAX_COUNT = 3, 200_000  # operations in one run


def compile_program(name: str, directory: Path, packages: str = "") -> Path:
    """Compile a program of this directory; return the path of the executable in `directory`."""
    program = directory / f"{name}-program"
    flags = _pkg_config(packages) if packages else []
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-no-pie", "-o", str(program)]
    subprocess.run([*command, str(SOURCES / f"{name}.c"), *flags], check=True)
    return program


def _pkg_config(packages: str) -> list[str]:
    command = ["pkg-config", "--cflags", "--libs", packages]
    return shlex.split(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@dataclass(frozen=True)
class Job:
    """An operation of client.c on a file; size and offset are in bytes."""

    operation: str
    path: str
    size: int = 1 << 20
    offset: int = 0
    processes: int = 1


@dataclass(frozen=True)
class Client:
    """The compiled client; `seconds` is the intended length of a run."""

    program: Path
    seconds: float

    def run(self, job: Job, count: int) -> float:
        """Do a job `count` times in each process; return the microseconds of one operation."""
        numbers = [job.offset, job.size, count, job.processes]
        command = [str(self.program), job.operation, job.path, *map(str, numbers)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return int(done.stdout) / 1000 / (count * job.processes)

    def measure(self, job: Job) -> Measure:
        """Estimate the repetitions for a run of `seconds`, and return a function that runs them."""
        # Work done once, such as building the index of names, must not enter the estimate.
        self.run(job, MIN_COUNT)
        estimate = self.run(job, MIN_COUNT) * job.processes
        count = int(self.seconds * 1e6 / estimate)
        return partial(self.run, job, max(MIN_COUNT, min(MAX_COUNT, count)))
