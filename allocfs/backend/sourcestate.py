"""The state of a source: readable, failed, or late."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from allocfs.errors import SourceFailed, SourceLate

log = logging.getLogger("allocfs.backend")


class SourceState:
    """Whether a source can be read; the log has a line when that changes, and no more."""

    def __init__(self) -> None:
        """Take the source for readable."""
        self.failures = 0
        self.wait: Callable[[], Awaitable[None]] | None = None  # for a source that is late
        self._error = ""

    def __str__(self) -> str:
        if self._error:
            return f"failed: {self._error}"
        return "late" if self.wait else "ok"

    def failed(self, error: Exception) -> None:
        """Note that the source could not be read."""
        if not self._error:
            log.error("reads fail from now on: %s", error)
        self.failures += 1
        self._error = str(error)

    def succeeded(self) -> None:
        """Note that the source was read."""
        if self._error:
            log.warning("reads work again; they failed because of: %s", self._error)
        self._error = ""

    def require_answer(self) -> None:
        """Raise SourceLate if the source is being read."""
        if self.wait:
            raise SourceLate("the source has not answered yet", self.wait)

    def require(self) -> None:
        """Raise SourceFailed if the source could not be read, SourceLate if it is being read."""
        if self._error:
            raise SourceFailed(self._error)
        self.require_answer()
