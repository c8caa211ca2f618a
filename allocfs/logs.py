"""Where the log lines go, and that a name in one line cannot forge another."""

from __future__ import annotations

import logging
import logging.handlers
import os
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


def one_line(text: str) -> str:
    """Escape all that could end a line or drive a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def start_logging(log_file: str | None, foreground: bool, level: int = logging.INFO) -> None:
    """Send log lines to the file, else to syslog.

    Where there is no syslog they go to stderr in the foreground, and nowhere otherwise.
    Raises OSError if the file cannot be opened.
    """
    logging.raiseExceptions = False  # a full disk is no reason to write tracebacks to stderr
    handler: logging.Handler
    if log_file is not None:
        # Reopens the file after logrotate(8) has moved it.
        handler = logging.handlers.WatchedFileHandler(log_file, encoding="utf-8")
        handler.setFormatter(OneRecordFormatter(_FILE_FORMAT))
    else:
        handler = _syslog() or (logging.StreamHandler() if foreground else logging.NullHandler())
        handler.setFormatter(OneRecordFormatter(_SYSLOG_FORMAT))
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
