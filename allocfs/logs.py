"""Logging to a file or syslog, with names escaped so that a line cannot forge another."""

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
    """Format a record as one line, followed by the lines of its traceback, each after a bar."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line, with line ends and control characters escaped."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo) -> str:
        """Return the traceback, escaped: the message of an exception can contain line ends."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    | {one_line(line)}" for line in lines)


class Throttle(logging.Filter):
    """Allow a limited number of similar log lines per interval, then report how many were dropped.

    Lines are similar if they come from one logger and one message, with any arguments, or have the
    same `kind` (an extra of the record). Each failing lookup of a name logs a line, so without a
    limit users could fill the disk.
    """

    def __init__(
        self, lines: int = 10, seconds: float = 60, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `lines` lines of a kind in each interval of `seconds`."""
        super().__init__()
        self._lines = lines
        self._seconds = seconds
        self._clock = clock
        self._intervals: dict[tuple[str, str], _Interval] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line passes; the first of an interval reports those dropped before."""
        now = self._clock()
        kind = (record.name, getattr(record, "kind", record.msg))
        interval = self._intervals.get(kind)
        if interval is None or now - interval.start >= self._seconds:
            self._intervals[kind] = _Interval(now, lines=1)
            if interval is not None and interval.lines > self._lines:
                dropped = interval.lines - self._lines
                _append(record, f" ({dropped} lines like this were left out)")
            return True
        interval.lines += 1
        return interval.lines <= self._lines


@dataclass(slots=True)
class _Interval:
    """The time at which an interval started, and its number of similar lines so far."""

    start: float
    lines: int


def _append(record: logging.LogRecord, text: str) -> None:
    record.msg, record.args = record.getMessage() + text, None


def one_line(text: str) -> str:
    """Escape all characters that could end a line or control a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class LogFile(logging.handlers.WatchedFileHandler):
    """A log file that is opened again after logrotate(8) has moved it.

    If that fails, lines are lost: a failure to log must not fail the request.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if possible."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


def start_logging(log_file: str | None, foreground: bool) -> None:
    """Send log lines to the file, or to syslog without a file.

    Without syslog they go to stderr in the foreground, and are dropped in the background.
    Raises OSError if the file cannot be opened.
    """
    logging.raiseExceptions = False  # do not write tracebacks to stderr when the disk is full
    handler: logging.Handler
    if log_file is not None:
        handler = LogFile(log_file, encoding="utf-8")
        handler.setFormatter(OneRecordFormatter(_FILE_FORMAT))
    else:
        handler = _syslog() or (logging.StreamHandler() if foreground else logging.NullHandler())
        handler.setFormatter(OneRecordFormatter(_SYSLOG_FORMAT))
    handler.addFilter(Throttle())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def _syslog() -> logging.Handler | None:
    # SysLogHandler raises no error if syslog is not running.
    if not os.path.exists(_SYSLOG_SOCKET):
        return None
    handler = logging.handlers.SysLogHandler(
        _SYSLOG_SOCKET, logging.handlers.SysLogHandler.LOG_DAEMON
    )
    handler.ident = f"allocfs[{os.getpid()}]: "
    return handler
