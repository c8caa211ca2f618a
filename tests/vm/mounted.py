"""Mounts of /proc/allocinfo for the checks."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.vm.allocinfo import ALLOCINFO

DEADLINE = 60.0  # seconds; the machine may be emulated

Mount = Callable[[str], AbstractContextManager[Path]]  # mounts with these options


@contextmanager
def temporary_mount(
    options: str = "", interface: str = "text", capture: Path | None = None
) -> Iterator[Path]:
    """Mount /proc/allocinfo, or a capture of it, and check that it unmounts cleanly."""
    root = Path(tempfile.mkdtemp(prefix="allocfs-"))
    source, kind = (capture, "ro") if capture else (ALLOCINFO, f"interface={interface}")
    command = [sys.executable, "-m", "allocfs.mount", str(source), str(root), "--foreground"]
    given = ",".join(filter(None, [kind, options]))
    daemon = subprocess.Popen([*command, "-o", given])
    try:
        wait_until(lambda: is_mounted(root) or daemon.poll() is not None, "mounted")
        assert daemon.poll() is None, f"the mount ended with {daemon.returncode}"
        yield root
        subprocess.run(["umount", root], check=True)
        assert daemon.wait(DEADLINE) == 0
        assert not is_mounted(root)
    finally:
        daemon.kill()
        daemon.wait()
        if is_mounted(root):
            subprocess.run(["umount", "-l", root], check=False)
        root.rmdir()


def refused_mount() -> str:
    """Return the message of a mount that has to fail."""
    command = [sys.executable, "-m", "allocfs.mount", str(ALLOCINFO), "/mnt"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 32, refused  # an exit code of mount(8)
    return refused.stderr.strip()


def is_mounted(path: Path) -> bool:
    """Tell whether a path is a mount point, also of a dead mount."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    return any(line.split()[1] == str(path) for line in mounts)


def wait_until(condition: Callable[[], bool], event: str) -> None:
    """Poll a condition until it holds; fail after DEADLINE."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE} s: {event}"
        time.sleep(0.05)


def source_lines(root: Path) -> dict[str, str]:
    """Return the pairs of `.allocfs/source`."""
    lines = (root / ".allocfs/source").read_text().splitlines()
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}
