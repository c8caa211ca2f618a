"""Run the daemon of a mount in the background, and report its start to the caller."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from allocfs.mount.report import read_report

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_READY = b"ready"
_LIBFUSE_LINE = re.compile(rb"^fuse(?:rmount3?)?: (.+)\n", re.MULTILINE)


class Outcome(NamedTuple):
    """The result of a command: an exit code of mount(8), and the error message of a failure."""

    code: int
    message: str = ""


Ready = Callable[[], None]
Work = Callable[[Ready], Outcome]

DIED = Outcome(2, "the daemon was killed before it could serve: mount again")


def in_background(work: Work) -> Outcome:
    """Run `work` in a daemon until it calls ready(), or return its outcome if it ends before.

    `work` must not raise. If the caller is gone, ready() raises BrokenPipeError.
    """
    reading, writing = os.pipe()
    # Buffered output would be written twice, by the caller and by the daemon.
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _run_daemon(work, writing)
    os.close(writing)
    try:
        os.waitpid(child, 0)  # the session leader, which ends as soon as it has forked the daemon
        return _parse_report(read_report(reading))
    finally:
        os.close(reading)


def stop_by_exception() -> None:
    """Make STOP_SIGNALS raise KeyboardInterrupt, so that the daemon cleans up.

    This covers the time before the main loop receives these signals.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)


class Stderr:
    """A buffer for stderr, of this process and its children, until it is released.

    libfuse and fusermount3 report the reason of a failed mount only on stderr.
    """

    def __init__(self) -> None:
        """Redirect file descriptor 2 to the buffer."""
        self._buffer = os.memfd_create("stderr")
        self._original: int | None = os.dup(2)
        os.dup2(self._buffer, 2)

    def reason(self) -> str:
        """Return the last message of libfuse or fusermount3, or an empty string."""
        messages = _LIBFUSE_LINE.findall(self._text())
        return messages[-1].decode(errors="backslashreplace") if messages else ""

    def release(self) -> None:
        """Restore file descriptor 2, and write the buffer to it without the lines of libfuse."""
        if self._original is None:
            return
        os.dup2(self._original, 2)
        os.write(2, _LIBFUSE_LINE.sub(b"", self._text()))
        os.close(self._original)
        self._original = None

    def _text(self) -> bytes:
        return os.pread(self._buffer, 1 << 16, 0)


def _run_daemon(work: Work, pipe: int) -> NoReturn:
    """Run `work` in a grandchild, which has no terminal and cannot get one.

    Only the leader of a session can get a terminal, by opening one. So the leader forks the
    daemon and ends.
    """
    code = DIED.code
    try:
        os.setsid()
        if os.fork() == 0:
            _detach_from_caller(pipe)
            code = _run_work(work, pipe)
        else:
            code = 0
    finally:
        # Not sys.exit(), which would run the exit handlers that the caller has registered.
        logging.shutdown()
        os._exit(code)


def _detach_from_caller(pipe: int) -> None:
    """Leave the caller's directory, and close all its file descriptors but the pipe."""
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))


def _run_work(work: Work, pipe: int) -> int:
    """Run `work`; report ready() through the pipe, or the outcome if `work` ends before."""
    reported = False

    def ready() -> None:
        nonlocal reported
        os.write(pipe, _READY)
        os.close(pipe)
        reported = True

    outcome = work(ready)
    if not reported:
        os.write(pipe, f"{outcome.code} {outcome.message}".encode("utf-8", "surrogateescape"))
    return outcome.code


def _parse_report(report: bytes) -> Outcome:
    if report == _READY:
        return Outcome(0)
    if not report:
        return DIED
    code, _, message = report.decode("utf-8", "surrogateescape").partition(" ")
    return Outcome(int(code), message)
