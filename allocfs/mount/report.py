"""Read the report of a daemon to its end, or to a signal."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_PIECE = 1 << 16


def read_report(fd: int) -> bytes:
    """Read to the end. A signal whose handler raises ends this, whenever it comes.

    Python runs a handler between two of its own steps. A signal that comes after the last step
    before a read() would wait for the end of that read, so this waits for signals as well.
    """
    pieces: list[bytes] = []
    with _signals() as signalled:
        while True:
            ready, _, _ = select.select([fd, signalled], [], [])
            if signalled in ready:
                os.read(signalled, _PIECE)  # its handler has run, and did not raise
            if fd in ready:
                piece = os.read(fd, _PIECE)
                if not piece:
                    return b"".join(pieces)
                pieces.append(piece)


@contextmanager
def _signals() -> Iterator[int]:
    """Make a descriptor readable for as long as signals have come that were not read from it."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
