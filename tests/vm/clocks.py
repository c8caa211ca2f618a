"""Check the age of values while the wall clock is set and processes are frozen; see README.md.

    python -m tests.vm.clocks

Needs root. Sets the wall clock back and forth, and freezes all processes, as a suspend does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from allocfs.formats.records import RECORD_SIZE, decode_record

FILE = "by-file/arch/x86/events/rapl.c"
ALLOC = "alloc arch/x86/events/rapl.c:606 1000\n"
DAY = 86400
MAX_AGE = 4.0  # seconds
POWER = Path("/sys/power")
FREEZES = 3
SLACK = 3.0  # seconds; the machine may be emulated

# A program that reads until it is killed.
READER = """
import sys
while True:
    with open(sys.argv[1], "rb") as file:
        assert len(file.read()) == 448
"""


@contextmanager
def temporary_mount(source: str, options: str) -> Iterator[Path]:
    """Mount on a temporary directory, and unmount cleanly."""
    root = Path(tempfile.mkdtemp(prefix="allocfs-"))
    command = [sys.executable, "-m", "allocfs.mount", source, str(root), "-o", options]
    subprocess.run(command, check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", root], check=True)


def nbytes(root: Path) -> int:
    """Read the bytes of the second tag of FILE."""
    return decode_record((root / FILE).read_bytes()[RECORD_SIZE:]).bytes


def seconds_until_seen(root: Path) -> float:
    """Allocate, and return the seconds until a read shows the allocation."""
    expected = nbytes(root) + 1000
    (root / ".allocfs/control").write_text(ALLOC)
    began = time.monotonic()
    while nbytes(root) != expected:
        assert time.monotonic() < began + MAX_AGE + SLACK, "the value is too old"
        time.sleep(0.01)
    return time.monotonic() - began


def set_wall_clock(step: float) -> None:
    """Move the wall clock by some seconds, which may be negative."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() + step)


def freeze() -> bool:
    """Run the first step of a suspend: freeze all processes for 5 s, then continue them.

    Return False if the kernel gives up, after 20 s, because a process cannot be frozen: it waits
    for another one that is frozen already.
    """
    (POWER / "pm_test").write_text("freezer")
    try:
        (POWER / "state").write_text("mem")
    except OSError:
        return False
    return True


def check_wall_clock() -> str:
    """Set the wall clock back and forth: values still expire, and mtime only grows."""
    with temporary_mount("none", f"max_age={MAX_AGE}s") as root:
        seen, mtimes = [], []
        for step in (0, -DAY, DAY, -365 * DAY):
            set_wall_clock(step)
            seen.append(seconds_until_seen(root))
            mtimes.append((root / FILE).stat().st_mtime_ns)
        assert mtimes == sorted(set(mtimes)), mtimes
        set_wall_clock(365 * DAY)
    return "seen after " + ", ".join(f"{each:.1f} s" for each in seen)


def check_freezer() -> str:
    """Freeze the machine while a process reads: reader and daemon continue afterwards."""
    done = {}
    for options in (f"max_age={MAX_AGE}s", "cpus=4"):
        with temporary_mount("none", options) as root:
            reader = start_reader(root)
            done[options] = sum(freeze() for _ in range(FREEZES))
            seconds_until_seen(root)
            assert reader.poll() is None
            reader.kill()
            reader.wait()
    return ", ".join(f"{options}: {times} of {FREEZES} times" for options, times in done.items())


def start_reader(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", READER, str(root / FILE)])


def main() -> None:
    """Run both checks; a failure ends the program with a traceback."""
    checks: tuple[Callable[[], str], ...] = (check_wall_clock, check_freezer)
    for check in checks:
        print(f"{check.__name__}: {check()}", flush=True)


if __name__ == "__main__":
    main()
