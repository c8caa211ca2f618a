"""The C programs of the benchmarks: compiled when needed, and the client that measures."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Measure

SOURCES = Path(__file__).parent
# The programs are linked at a fixed address, 0x400000 on x86-64, whose entries in
# /proc/self/pagemap, of 8 bytes for each page of 4 KiB, begin here.
OWN_PAGES = 0x400000 // 4096 * 8
FEWEST, MOST = 3, 200_000  # operations in one run


def compile_program(name: str, directory: Path, packages: str = "") -> Path:
    """Compile a program of this directory into another; return its path."""
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
    """What the client does to a file, as client.c describes it; size and offset in bytes."""

    operation: str
    path: str
    size: int = 1 << 20
    offset: int = 0
    processes: int = 1


@dataclass(frozen=True)
class Client:
    """The compiled client; each of its runs is to take `seconds`."""

    program: Path
    seconds: float

    def run(self, job: Job, count: int) -> float:
        """Do a job count times in each process; return the microseconds of one."""
        numbers = [job.offset, job.size, count, job.processes]
        command = [str(self.program), job.operation, job.path, *map(str, numbers)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return int(done.stdout) / 1000 / (count * job.processes)

    def measure(self, job: Job) -> Measure:
        """Choose how often to do a job in one run, and return what does it."""
        self.run(job, FEWEST)  # what is done once, such as an index of names, is not the estimate
        estimate = self.run(job, FEWEST) * job.processes
        count = int(self.seconds * 1e6 / estimate)
        return partial(self.run, job, max(FEWEST, min(MOST, count)))
