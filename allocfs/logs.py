"""Where the log lines go, and that a name in one line cannot forge another."""

from __future__ import annotations

import logging
import logging.handlers
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

_FILE_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_SYSLOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
_SYSLOG_SOCKET = "/dev/log"

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class OneRecordFormatter(logging.Formatter):
    """Format a record as one line; the lines of a traceback follow, each after a bar."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line, with whatever could end it escaped."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo) -> str:
        """Return the traceback; an exception's message may have line ends of its own."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    | {one_line(line)}" for line in lines)


class Throttle(logging.Filter):
    """Let so many lines of a kind pass in a while, and say later how many did not.

    Lines are of one kind if their message is the same but for what it names: anybody who may
    look up a name can have one written. Nobody can have a full disk written.
    """

    def __init__(
        self, lines: int = 10, seconds: float = 60, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Count from now."""
        super().__init__()
        self._lines = lines
        self._seconds = seconds
        self._clock = clock
        self._while: dict[tuple[str, str], _While] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line passes; the first after some that did not says how many."""
        now = self._clock()
        kind = (record.name, record.msg)
        before = self._while.get(kind)
        if before is None or now - before.begun >= self._seconds:
            self._while[kind] = _While(now, lines=1)
            if before is not None and before.lines > self._lines:
                _add(record, f" ({before.lines - self._lines} lines like this were left out)")
            return True
        before.lines += 1
        return before.lines <= self._lines


@dataclass(slots=True)
class _While:
    begun: float
    lines: int


def _add(record: logging.LogRecord, text: str) -> None:
    record.msg, record.args = record.getMessage() + text, None


def one_line(text: str) -> str:
    """Escape all that could end a line or drive a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class LogFile(logging.handlers.WatchedFileHandler):
    """A log file that is opened again after logrotate(8) has moved it.

    While it cannot be, lines are lost: a request must not fail because of a line about it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if that is possible."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


def start_logging(log_file: str | None, foreground: bool, level: int = logging.INFO) -> None:
    """Send log lines to the file, else to syslog.

    Where there is no syslog they go to stderr in the foreground, and nowhere otherwise.
    Raises OSError if the file cannot be opened.
    """
    logging.raiseExceptions = False  # a full disk is no reason to write tracebacks to stderr
    handler: logging.Handler
    if log_file is not None:
        handler = LogFile(log_file, encoding="utf-8")
        handler.setFormatter(OneRecordFormatter(_FILE_FORMAT))
    else:
        handler = _syslog() or (logging.StreamHandler() if foreground else logging.NullHandler())
        handler.setFormatter(OneRecordFormatter(_SYSLOG_FORMAT))
    handler.addFilter(Throttle())
    logging.basicConfig(handlers=[handler], level=level, force=True)


def _syslog() -> logging.Handler | None:
    # SysLogHandler itself does not tell whether anybody listens.
    if not os.path.exists(_SYSLOG_SOCKET):
        return None
    handler = logging.handlers.SysLogHandler(
        _SYSLOG_SOCKET, logging.handlers.SysLogHandler.LOG_DAEMON
    )
    handler.ident = f"allocfs[{os.getpid()}]: "
    return handler
