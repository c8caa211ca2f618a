"""A capture of /proc/allocinfo, served exactly as it is."""

from __future__ import annotations

from allocfs.backend.textfile import read_text
from allocfs.backend.textsource import Snapshot
from allocfs.formats.text import parse


class StaticCapture(Snapshot):
    """The tags and counters of one capture, in its own order; nothing ever changes."""

    def __init__(self, path: str) -> None:
        """Read a capture. Raises SourceFailed, or BadCapture naming file and line."""
        super().__init__(parse(read_text(path), path))
        self._path = path

    def renew(self) -> None:
        """Have nothing to take in."""

    def describe(self) -> str:
        """Say which capture is served."""
        return f"source {self._path}\ninterface capture"
