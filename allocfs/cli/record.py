"""The command `allocfs record`: captures of a live source, for later replay."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from allocfs.backend.procfs import TextReader
from allocfs.errors import SourceFailed
from allocfs.logs import one_line
from allocfs.reports.times import capture_name
from allocfs.units import parse_duration
from allocfs.wholefiles import write_new

INTERRUPTED = 130
_WITHIN_MS = 0.0002  # seconds
_MOST_SECONDS = 86400
_INTERVAL = f"seconds from 0 to {_MOST_SECONDS}, such as 0.2 or 200ms, above 0"
_DAY = 86400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write captures of a source into a directory, which can be mounted to replay them."
        " SIGINT ends it; what is there then is whole."
    )
    add = parser.add_argument
    add("-o", "--output", required=True, metavar="DIR", type=_directory, help="made if missing")
    add("--every", default=10.0, metavar="TIME", type=_interval, help="such as 10s or 500ms (10s)")
    add("--count", metavar="N", type=_count, help="how many captures; without it, until SIGINT")
    add("source", nargs="?", default="/proc/allocinfo", metavar="SOURCE", help="(%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Record; return 0, or 130 if interrupted before there were as many as wanted.

    Raises SourceFailed if the source cannot be read at first, and OSError if a capture cannot be
    written.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    count: int | None = arguments.count
    text = TextReader(arguments.source)
    text.read()
    arguments.output.mkdir(parents=True, exist_ok=True)
    print(f"allocfs: {one_line(_cost(len(text.text), arguments))}", file=sys.stderr)
    with tqdm(total=count, unit=" captures", disable=None) as bar:
        try:
            say = partial(bar.write, file=sys.stderr)
            captures = record(text, arguments.output, ticks(arguments.every), say)
            for _ in islice(captures, count):
                bar.update()
        except KeyboardInterrupt:
            return 0 if count is None else INTERRUPTED
    return 0


def ticks(
    interval: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Return at once, and then each time that an interval is over, in seconds.

    A delay longer than an interval is followed by one late tick, not by several.
    """
    due = clock()
    while True:
        yield
        due = max(due + interval, clock())
        sleep(max(0.0, due - clock()))


def record(
    text: TextReader, directory: Path, ticks: Iterator[None], say: Callable[[str], None]
) -> Iterator[Path]:
    """Write a capture at each tick; return their paths.

    If the source fails that is said once, and recording goes on when it can be read again.
    """
    failed = False
    now: datetime | None = None
    for _ in ticks:
        now = _moment_after(now)
        try:
            text.read()
        except SourceFailed as error:
            if not failed:
                say(f"allocfs: {one_line(str(error))}; trying again")
            failed = True
        else:
            failed = False
            yield write_capture(directory, now, text.text)


def _moment_after(last: datetime | None) -> datetime:
    """Return the time, in another millisecond than the last: captures are named by it.

    A tick that was late can be followed by the next within the same one.
    """
    now = datetime.now(UTC)
    while last is not None and capture_name(now) == capture_name(last):
        time.sleep(_WITHIN_MS)
        now = datetime.now(UTC)
    return now


def write_capture(directory: Path, moment: datetime, text: bytes) -> Path:
    """Write a capture that is there whole or not at all, whatever happens; return its path.

    Raises FileExistsError rather than overwrite a file.
    """
    path = directory / capture_name(moment)
    write_new(path, text)
    return path


def _cost(size: int, arguments: argparse.Namespace) -> str:
    """Tell the disk space that the recording takes."""
    count = arguments.count or round(_DAY / arguments.every)
    span = "all" if arguments.count else "a day's"
    free = shutil.disk_usage(arguments.output).free
    return (
        f"a capture of {arguments.source} takes {_mib(size)}, {span} {count} take"
        f" {_mib(size * count)}; {arguments.output} has {_mib(free)} free"
    )


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _directory(text: str) -> Path:
    if not text:  # of which Path would make the current one
        raise argparse.ArgumentTypeError("'': expected a directory")
    return Path(text)


def _interval(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {_INTERVAL}")
    return seconds


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0")
    return int(text)
