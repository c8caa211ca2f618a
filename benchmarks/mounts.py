"""The measured file systems: mounts of allocfs and of the baseline, and copies on tmpfs."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from allocfs.programs import python_command

DEADLINE = 60.0  # seconds for a daemon to mount or to end
RAPL = "by-file/arch/x86/events/rapl.c"  # two codetags
WHOLE = ("records", "counters/records", "allocinfo", "text/records", "json/records")
TMPFS = Path("/dev/shm")


class NotMounted(Exception):
    """A daemon ended, or did not mount in time."""


@dataclass(frozen=True)
class DaemonMount:
    """A mount and the process id of its daemon."""

    path: Path
    pid: int

    def resident(self) -> int:
        """Return the resident memory of the daemon in bytes."""
        return resident(Path(f"/proc/{self.pid}/status").read_text())

    def stat(self, name: str) -> int:
        """Read one number from `.allocfs/stats`."""
        lines = (self.path / ".allocfs/stats").read_text().splitlines()
        return int(dict(line.split(" ", 1) for line in lines)[name])


def resident(status: str) -> int:
    """Return VmRSS of a /proc/PID/status, in bytes."""
    (kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kib) * 1024


def mount_command(directory: Path, options: str, source: str = "none") -> list[str]:
    """Return the command that mounts allocfs and goes to the background."""
    return [*python_command("allocfs.mount"), source, str(directory), "-o", options]


@contextmanager
def allocfs_mount(directory: Path, options: str, source: str = "none") -> Iterator[DaemonMount]:
    """Mount allocfs until the end of the block."""
    command = [*mount_command(directory, options, source), "--foreground"]
    with _daemon_mount(command, directory) as mount:
        yield mount


@contextmanager
def baseline_mount(program: Path, directory: Path) -> Iterator[DaemonMount]:
    """Mount the C daemon until the end of the block."""
    with _daemon_mount([str(program), str(directory)], directory) as mount:
        yield mount


@contextmanager
def copies_on_tmpfs(mount: Path) -> Iterator[Path]:
    """Copy files of a mount to a tmpfs; those of by-function, which is only listed, are empty."""
    directory = Path(tempfile.mkdtemp(prefix="allocfs-", dir=TMPFS))
    try:
        for name in (*WHOLE, RAPL):
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes((mount / name).read_bytes())
        (directory / "by-function").mkdir()
        for path in (mount / "by-function").iterdir():
            (directory / "by-function" / path.name).touch()
        yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def _daemon_mount(command: list[str], directory: Path) -> Iterator[DaemonMount]:
    directory.mkdir()
    daemon = subprocess.Popen(command)
    try:
        _wait_until_mounted(daemon, directory)
        yield DaemonMount(directory, daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait(DEADLINE)


def _wait_until_mounted(daemon: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    # The mount table, not stat(): stat() would hang if the daemon did.
    while f" {directory} " not in Path("/proc/self/mounts").read_text():
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise NotMounted(f"{directory}: not mounted; the daemon says why above")
        time.sleep(0.005)
