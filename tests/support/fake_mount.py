"""Run mount.allocfs with a fake serve(): `-m tests.support.fake_mount HOW ARGUMENTS...`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from allocfs.errors import BadCapture, MountFailed
from allocfs.mount.command import main
from allocfs.mount.options import MountOptions

Ready = Callable[[], None]


def serves(ready: Ready) -> None:
    """Serve until stopped; write the process id, and at the end "unmounted", to a file."""
    Path(os.environ["FAKE_PID"]).write_text(str(os.getpid()))
    ready()
    try:
        signal.pause()
    except KeyboardInterrupt:
        Path(os.environ["FAKE_PID"]).write_text("unmounted")


def late(ready: Ready) -> None:
    """Call ready() when the file says "go", and clean up if the caller has gone by then."""
    said = Path(os.environ["FAKE_PID"])
    said.write_text("waiting")
    while said.read_text() != "go":
        time.sleep(0.005)
    try:
        ready()
    except BrokenPipeError:
        said.write_text("unmounted")


def ends(ready: Ready) -> None:
    ready()


def bad_capture(_ready: Ready) -> None:
    raise BadCapture("x\udcff.txt:3: expected a size")


def refused(_ready: Ready) -> None:
    os.write(2, b"fuse: trying\nfusermount3: mount failed: Operation not permitted\n")
    raise MountFailed("fuse_session_mount failed")


def killed(_ready: Ready) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_late(_ready: Ready) -> None:
    import pyfuse3

    pyfuse3.init(pyfuse3.Operations(), sys.argv[-1], {"fsname=none", "subtype=allocfs"})
    os.kill(os.getpid(), signal.SIGKILL)


def terminated(_ready: Ready) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()


def bug(_ready: Ready) -> None:
    raise ZeroDivisionError("two\nlines")


def wrapped(_ready: Ready) -> None:
    raise ExceptionGroup("a nursery", [MountFailed("inside")])


def gone(_ready: Ready) -> None:
    raise ImportError("libfuse3.so.3: cannot open shared object file")


def chatty(ready: Ready) -> None:
    os.write(2, b"before\n")
    ready()
    os.write(2, b"after\n")


WAYS = (
    serves,
    late,
    ends,
    bad_capture,
    refused,
    killed,
    killed_late,
    terminated,
    bug,
    wrapped,
    gone,
    chatty,
)


def run(arguments: list[str]) -> int:
    how = {way.__name__: way for way in WAYS}[arguments[0]]

    def serve(_options: MountOptions, _source: str | None, _path: str, ready: Ready) -> None:
        how(ready)

    return main(arguments[1:], serve)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
