"""Measure the time from a mount command to the first record, and the time of its imports."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.mounts import RAPL, mount_command, resident
from benchmarks.samples import Measure, Result, compare

IMPORTS = "import pyfuse3, trio, numpy, construct"
READY, BARE = "mount and read", IMPORTS


def startup(top: Path, runs: int) -> list[Result]:
    """Measure both times; both include the start of the interpreter, the first also a read."""
    directory = top / "startup"
    directory.mkdir()
    sides: dict[str, Measure] = {
        READY: lambda: _mount_and_read(directory),
        BARE: lambda: _milliseconds(lambda: _python(IMPORTS)),
    }
    return compare("start-up", "ms", sides, runs)


def bare_memory() -> int:
    """Return the resident memory, in bytes, of a process that makes only the imports."""
    return resident(_python(f"{IMPORTS}; print(open('/proc/self/status').read())"))


def _python(code: str) -> str:
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _mount_and_read(directory: Path) -> float:
    def mount() -> None:
        subprocess.run(mount_command(directory, "cpus=224"), check=True)
        (directory / RAPL).read_bytes()

    taken = _milliseconds(mount)
    subprocess.run(["umount", directory], check=True)
    return taken


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
