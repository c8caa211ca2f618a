"""The contents of files that are the same for a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from allocfs.vfs.filesystem import View


class Period(NamedTuple):
    """A stretch of time in which nothing changes."""

    mtime_ns: int  # of every file in this period
    remaining: float  # seconds until it ends


@dataclass(slots=True)
class PublishedFile:
    """The contents of a file whose size and mtime the kernel was given."""

    view: View
    mtime_ns: int
    grace_ns: int  # how long after its period it serves reads that began in it
    has_pages: bool = False  # it was read, so the kernel may hold pages of it
