"""The process that serves a mount: its way to the background, and what it tells its caller."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_READY = b"ready"
_LIBFUSE_LINE = re.compile(rb"^fuse(?:rmount3?)?: (.+)\n", re.MULTILINE)


class Outcome(NamedTuple):
    """How a command ends: one of mount(8)'s exit codes, and a line for stderr if it failed."""

    code: int
    message: str = ""


Ready = Callable[[], None]
Work = Callable[[Ready], Outcome]

DIED = Outcome(2, "the daemon was killed before it could serve: mount again")


def in_background(work: Work) -> Outcome:
    """Run work in a daemon; return once it calls ready(), or with its outcome if that is first.

    Work may not raise. If the caller is gone, ready() raises BrokenPipeError.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _become_daemon(work, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        os.waitpid(child, 0)
        return _received(pipe.read())


def stop_by_exception() -> None:
    """Make the signals that stop a daemon raise KeyboardInterrupt, so that it cleans up.

    This covers the time before the main loop listens for them.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)


class Stderr:
    """File descriptor 2, for the processes started too, held back until it is released.

    libfuse and fusermount3 say nowhere else why they cannot mount.
    """

    def __init__(self) -> None:
        """Hold back from now on what is written."""
        self._held = os.memfd_create("stderr")
        self._original: int | None = os.dup(2)
        os.dup2(self._held, 2)

    def reason(self) -> str:
        """Return what libfuse or fusermount3 said last, or nothing."""
        said = _LIBFUSE_LINE.findall(self._text())
        return said[-1].decode(errors="backslashreplace") if said else ""

    def release(self) -> None:
        """Write to the original again, first what was held back, without libfuse's lines."""
        if self._original is None:
            return
        os.dup2(self._original, 2)
        os.write(2, _LIBFUSE_LINE.sub(b"", self._text()))
        os.close(self._original)
        self._original = None

    def _text(self) -> bytes:
        return os.pread(self._held, 1 << 16, 0)


def _become_daemon(work: Work, pipe: int) -> NoReturn:
    """Do the work in a process that has no terminal and cannot get one."""
    code = DIED.code
    try:
        os.setsid()
        if os.fork() == 0:
            _let_go_of_caller(pipe)
            code = _do(work, pipe)
        else:
            code = 0
    finally:
        # Not sys.exit(): what the caller has set up to run at exit is for the caller to run.
        logging.shutdown()
        os._exit(code)


def _let_go_of_caller(pipe: int) -> None:
    """Keep nothing of the caller's busy or open, but the pipe."""
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))


def _do(work: Work, pipe: int) -> int:
    told = False

    def ready() -> None:
        nonlocal told
        os.write(pipe, _READY)
        os.close(pipe)
        told = True

    outcome = work(ready)
    if not told:
        os.write(pipe, f"{outcome.code} {outcome.message}".encode("utf-8", "surrogateescape"))
    return outcome.code


def _received(report: bytes) -> Outcome:
    if report == _READY:
        return Outcome(0)
    if not report:
        return DIED
    code, _, message = report.decode("utf-8", "surrogateescape").partition(" ")
    return Outcome(int(code), message)
