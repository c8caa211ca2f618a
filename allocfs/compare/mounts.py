"""The compared mounts: their store, their daemons, and the statistics of both."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from allocfs.backend.simulated import default_capture
from allocfs.compare.scenarios import SETUP_LINES
from allocfs.compare.textfilter import everything
from allocfs.errors import AllocfsError, MountFailed
from allocfs.programs import python_command

SIMULATED = "none"  # the SOURCE of a simulated store with the default capture
_DEADLINE = 30.0  # seconds
_STATS_BUFFER = 1 << 16
_TICKS = 0.02  # seconds; the kernel expires attributes by jiffies, of 10 ms where CONFIG_HZ is 100


class CannotCompare(AllocfsError):
    """The comparison lacks something, such as a compiler, or its answers are inconsistent."""


@dataclass(frozen=True)
class Store:
    """The size of a store: it has tags x cpus counters."""

    tags: int
    cpus: int


@dataclass(frozen=True)
class Mount:
    """A mount, and the process that serves it."""

    root: str
    pid: int

    def stats(self) -> dict[str, int]:
        """Read `.allocfs/stats`."""
        # In one read(): each read changes the statistics, and a later one could be longer.
        with open(f"{self.root}/.allocfs/stats", "rb", buffering=0) as file:
            lines = file.read(_STATS_BUFFER).decode().splitlines()
        return {name: int(value) for name, value in map(str.split, lines)}

    def cpu_ns(self) -> int:
        """Return the CPU time of the daemon.

        This waits until the daemon sleeps, because close() returns before its release is served.
        """
        _wait_until(self._is_asleep, f"the daemon of {self.root} rests")
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def next_period(self) -> int:
        """Wait until a period of max_age begins; return its mtime, which identifies it."""
        before = self.period()
        _wait_until(lambda: self.period() != before, f"a new period begins on {self.root}")
        time.sleep(_TICKS)
        return self.period()

    def period(self) -> int:
        """Return the mtime of the current period of max_age."""
        return os.stat(f"{self.root}/records").st_mtime_ns

    def _is_asleep(self) -> bool:
        # The state is the first field after the name, which may itself contain spaces and
        # parentheses: see proc_pid_stat(5).
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "S"


@contextmanager
def source_of(tags: int | None) -> Iterator[str]:
    """Yield the SOURCE of a simulated store with this number of tags."""
    if tags is None:
        yield SIMULATED
        return
    with tempfile.NamedTemporaryFile(prefix="allocfs-", suffix=".txt") as file:
        file.write(capture_of(tags))
        file.flush()
        yield file.name


def capture_of(tags: int) -> bytes:
    """Extend the default capture to this number of tags.

    The added tags are copies of built-in tags in other directories, so that the answers to
    questions about names stay the same. Raises CannotCompare if the default capture has more tags.
    """
    capture = default_capture()
    lines = everything(capture)
    missing = tags - len(lines)
    if missing < 0:
        raise CannotCompare(f"--tags {tags}: expected at least {tags - missing}, the default")
    built_in = [line for line in lines if b" [" not in line]
    copies = (_moved(line, number) for number in count(1) for line in built_in)
    return b"".join([capture, *islice(copies, missing)])


@contextmanager
def simulated_mount(source: str, options: str) -> Iterator[Mount]:
    """Mount a simulated store, with some memory allocated in rapl.c. Raises MountFailed."""
    if source != SIMULATED:
        options = f"simulate,{options}"
    root = tempfile.mkdtemp(prefix="allocfs-")
    command = [*python_command("allocfs.mount"), source, root, "-o", options, "--foreground"]
    try:
        daemon = subprocess.Popen(command)
        try:
            _wait_until(lambda: _serves(root, daemon), f"{root} is mounted")
            Path(root, ".allocfs/control").write_text("".join(f"{line}\n" for line in SETUP_LINES))
            yield Mount(root, daemon.pid)
        finally:
            daemon.terminate()
            daemon.wait(_DEADLINE)
    finally:
        os.rmdir(root)


def _moved(line: bytes, number: int) -> bytes:
    """Move the source file of a line to another directory."""
    before, file, after = line.partition(line.split(None, 3)[2])
    return b"%scopy%d/%s%s" % (before, number, file, after)


def _serves(root: str, daemon: subprocess.Popen[bytes]) -> bool:
    if daemon.poll() is not None:
        raise MountFailed(f"{root} could not be mounted: mount.allocfs says why")
    return os.path.ismount(root)


def _wait_until(condition: Callable[[], bool], event: str) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise CannotCompare(f"waited {_DEADLINE:g} seconds in vain until {event}")
        time.sleep(0.001)
