"""The mounts that are compared: their store, their daemons, and what both have done."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from allocfs.backend.simulated import default_capture
from allocfs.compare.scenarios import CONTROL
from allocfs.errors import AllocfsError, MountFailed

SIMULATED = "none"  # as SOURCE
_DEADLINE = 30.0  # seconds
_HEADER_LINES = 2
_STATS_BUFFER = 1 << 16
_TICKS = 0.02  # seconds; the kernel's clock for attributes ticks in hundredths at the slowest


class CannotCompare(AllocfsError):
    """Something that the comparison needs is not there, or does not do what it should."""


@dataclass(frozen=True)
class Store:
    """How much there is to be summed."""

    tags: int
    cpus: int


@dataclass(frozen=True)
class Mount:
    """A mount, and the process that serves it."""

    root: str
    pid: int

    def stats(self) -> dict[str, int]:
        """Read `.allocfs/stats`."""
        # By one read(): the next one would find it changed by this one, and perhaps longer.
        with open(f"{self.root}/.allocfs/stats", "rb", buffering=0) as file:
            lines = file.read(_STATS_BUFFER).decode().splitlines()
        return {name: int(value) for name, value in map(str.split, lines)}

    def cpu_ns(self) -> int:
        """Return the CPU time of the daemon once it rests: a close() is not waited for."""
        _wait_until(self._rests, f"the daemon of {self.root} rests")
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def next_period(self) -> int:
        """Wait until a period of max_age begins; return the mtime that tells it from others."""
        before = self.period()
        _wait_until(lambda: self.period() != before, f"a new period begins on {self.root}")
        time.sleep(_TICKS)
        return self.period()

    def period(self) -> int:
        """Return the mtime of the present period of max_age."""
        return os.stat(f"{self.root}/records").st_mtime_ns

    def _rests(self) -> bool:
        # After the name, which may contain anything, proc_pid_stat(5) has the state.
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "S"


@contextmanager
def source_of(tags: int | None) -> Iterator[str]:
    """Give the SOURCE of a simulated store, of as many tags as wanted."""
    if tags is None:
        yield SIMULATED
        return
    with tempfile.NamedTemporaryFile(prefix="allocfs-", suffix=".txt") as file:
        file.write(capture_of(tags))
        file.flush()
        yield file.name


def capture_of(tags: int) -> bytes:
    """Make a capture of so many tags out of the default one.

    What is missing is built-in code once more, in other directories, so that the questions about
    names keep their answers. Raises CannotCompare if fewer are wanted than there are.
    """
    lines = default_capture().splitlines(keepends=True)
    missing = tags - (len(lines) - _HEADER_LINES)
    if missing < 0:
        raise CannotCompare(f"--tags {tags}: expected at least {tags - missing}, the default")
    built_in = [line for line in lines[_HEADER_LINES:] if b" [" not in line]
    copies = (_moved(line, number) for number in count(1) for line in built_in)
    return b"".join([*lines, *islice(copies, missing)])


@contextmanager
def mounted(source: str, options: str) -> Iterator[Mount]:
    """Mount a simulated store, with its rapl.c in use, until the end. Raises MountFailed."""
    if source != SIMULATED:
        options = f"simulate,{options}"
    root = tempfile.mkdtemp(prefix="allocfs-")
    command = [sys.executable, "-m", "allocfs.mount", source, root, "-o", options, "--foreground"]
    try:
        daemon = subprocess.Popen(command)
        try:
            _wait_until(lambda: _serves(root, daemon), f"{root} is mounted")
            Path(root, ".allocfs/control").write_text("".join(f"{line}\n" for line in CONTROL))
            yield Mount(root, daemon.pid)
        finally:
            daemon.terminate()
            daemon.wait(_DEADLINE)
    finally:
        os.rmdir(root)


def _moved(line: bytes, number: int) -> bytes:
    """Put the source file of a line below another directory."""
    before, file, after = line.partition(line.split(None, 3)[2])
    return b"%scopy%d/%s%s" % (before, number, file, after)


def _serves(root: str, daemon: subprocess.Popen[bytes]) -> bool:
    if daemon.poll() is not None:
        raise MountFailed(f"{root} could not be mounted: mount.allocfs says why")
    return os.path.ismount(root)


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise CannotCompare(f"waited {_DEADLINE:g} seconds in vain until {what}")
        time.sleep(0.001)
