"""Measure `allocfs import`: `python -m benchmarks.imports [--mib N] [--reports N]`.

Two logs are imported: one in which the reports are whole lists, and one in which each report has
the ten largest, among the lines of other programs. The exit status is 1 if an import takes more
time or memory than it should.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support import CAPTURES

MOST_SECONDS, MOST_MIB = 10.0, 100.0
_MIB = 1 << 20
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_TITLE = "Memory allocations (profiling is currently turned on):\n"
_LARGEST = "    38.4 MiB     5505 mm/slub.c:3075 func:alloc_slab_page\n"
_OTHERS = (
    "kernel: eth0: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX/TX\n",
    "systemd[1]: Started session %d of user root.\n",
    "sshd[%d]: Accepted publickey for root from 192.0.2.7 port 50022 ssh2\n",
    "kernel: [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.%d DST=192.0.2.1 LEN=40 TTL=244 PROTO=TCP\n",
)


class Cost(NamedTuple):
    """The cost of an import."""

    seconds: float
    cpu_seconds: float
    mib: float

    @property
    def is_kept(self) -> bool:
        """Tell whether it is within the limits."""
        return self.seconds <= MOST_SECONDS and self.mib <= MOST_MIB


def main(argv: list[str] | None = None) -> int:
    """Make each log, import it, and print the cost."""
    given = _arguments(argv)
    kept = True
    with tempfile.TemporaryDirectory(prefix="allocfs-") as name:
        for report in (whole_list, ten_largest):
            path = Path(name, f"{report.__name__}.log")
            size = write_log(path, report, given.mib * _MIB, given.reports)
            cost = measure(path, path.with_suffix(""), given.reports)
            kept &= cost.is_kept
            print(
                f"{report.__name__}: {size / _MIB:.1f} MiB, {given.reports} reports:"
                f" {cost.seconds:.2f} s, {cost.cpu_seconds:.2f} s of CPU, {cost.mib:.1f} MiB"
            )
            path.unlink()
    print(
        f"expected: at most {MOST_SECONDS:g} s and {MOST_MIB:g} MiB: {'kept' if kept else 'MISSED'}"
    )
    return 0 if kept else 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--mib", type=int, default=100, help="the size of each log (100)")
    parser.add_argument("--reports", type=int, default=1000, help="the reports in it (1000)")
    return parser.parse_args(argv)


Lines = Callable[[int, str, int], Iterator[str]]


def write_log(path: Path, report: Lines, size: int, reports: int) -> int:
    """Write a log with as many reports, each a minute after the last; return its size."""
    with path.open("w") as file:
        for number in range(reports):
            stamp = f"{_BEGIN + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}+0000 host "
            room = size // reports
            for line in report(number, stamp, room):
                file.write(line)
        return file.tell()


def whole_list(number: int, stamp: str, room: int) -> Iterator[str]:
    """Write codetags of a capture."""
    lines = _captured()
    yield f"{stamp}kernel: {_TITLE}"
    while room > 0:
        line = f"{stamp}kernel: {lines[number % len(lines)]}"
        room -= len(line)
        number += 1
        yield line


def ten_largest(number: int, stamp: str, room: int) -> Iterator[str]:
    """Write the lines of an OOM kill, and those of other programs."""
    report = [f"{stamp}kernel: {_TITLE}", *[f"{stamp}kernel: {_LARGEST}"] * 10]
    yield from report
    room -= sum(map(len, report))
    while room > 0:
        other = _OTHERS[number % len(_OTHERS)]
        line = stamp + (other % (number % 250) if "%d" in other else other)
        room -= len(line)
        number += 1
        yield line


@cache
def _captured() -> list[str]:
    return (CAPTURES / "linux-6.12-modules.txt").read_text().splitlines(keepends=True)[2:]


def measure(log: Path, out: Path, reports: int) -> Cost:
    """Import a log, and return what it took."""
    began = time.monotonic()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "allocfs.cli", "import", str(log), "-o", str(out)],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - began
    found = len(list(out.iterdir())) if out.is_dir() else int(out.exists())
    if status or found != reports:
        raise SystemExit(f"{log}: expected {reports} reports, found {found}; status {status}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    sys.exit(main())
