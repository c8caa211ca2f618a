"""A capture of /proc/allocinfo, served exactly as it is."""

from __future__ import annotations

from allocfs.backend.base import Kind
from allocfs.backend.textfile import read_capture
from allocfs.backend.textsource import TextSource


class StaticCapture(TextSource):
    """The tags and counters of one capture, in its own order; nothing ever changes."""

    rereads_source = False

    def __init__(self, path: str) -> None:
        """Read a capture. Raises SourceFailed, or BadCapture naming file and line."""
        super().__init__(read_capture(path))
        self._path = path

    def describe(self) -> str:
        """Name the capture."""
        partial = f"\npartial {self.partial.note}" if self.partial else ""
        return f"source {self._path}\ninterface capture{partial}"


CAPTURE = Kind(
    "a capture",
    lambda _source, _options: True,
    lambda source, _options: StaticCapture(source),
)
