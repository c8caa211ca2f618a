"""The serving mode max_age=T: files that change once a period, read from the page cache.

Time is divided into periods of T seconds. The tags of a file are selected once in a period, and
its sums are taken once. Attributes are valid until the period ends, and mtime is
that of the period: after that the kernel asks for the attributes before it reads, finds
another mtime, and drops the pages it holds (FUSE_AUTO_INVAL_DATA). No notification is needed,
and no open: a file is known by its inode.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import pyfuse3

from allocfs.clock import age_clock_ns
from allocfs.errors import TagGone
from allocfs.vfs.filesystem import Filesystem, View
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, File, TagFile

_NS = 1_000_000_000
_KEPT_NS = 10 * _NS  # no read that began with older attributes is still under way


class Period(NamedTuple):
    """A stretch of time in which nothing changes."""

    number: int
    mtime_ns: int  # of every file in this period
    remaining: float  # seconds until it ends


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """The contents of a file whose size and mtime the kernel was given."""

    view: View
    mtime_ns: int


class PeriodicFiles:
    """For each inode, the file whose size and mtime the kernel was last given.

    A read that arrives after the end of a period gets the contents that the attributes
    promised, so that no record is put together from two periods.
    """

    direct_io = False

    def __init__(
        self,
        filesystem: Filesystem,
        max_age: float,
        clock: Callable[[], int] = age_clock_ns,
    ) -> None:
        """Count periods of max_age seconds from the beginning of the clock.

        A source that has periods of its own has the same ones then. No step of the wall clock
        matters.
        """
        self._filesystem = filesystem
        self._length_ns = max(1, round(max_age * _NS))
        self._clock = clock
        self._epoch_ns = time.time_ns() - clock()
        self._published: OrderedDict[int, PublishedFile] = OrderedDict()  # oldest first

    def open(self, inode: int, file: File) -> View:
        """Return a view of the published contents of a file, whichever these are at a read."""
        return _PublishedView(self, inode, file)

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, file: File, tags: int | None
    ) -> None:
        """Set the size and time that the kernel was last given, if any."""
        attributes.attr_timeout = 0
        # Another size would truncate the file for its current readers.
        if last := self.last_published(attributes.st_ino):
            attributes.st_size, attributes.st_mtime_ns = last

    def describe_file(self, attributes: pyfuse3.EntryAttributes, file: File) -> None:
        """Set the size and time of this period."""
        remaining = self.period().remaining
        # The contents are fixed now until the period ends, even if a module comes or goes.
        attributes.st_size, published = self.measure(attributes.st_ino, file)
        attributes.st_mtime_ns = published.mtime_ns
        attributes.attr_timeout = 0 if isinstance(file, AboutFile) else remaining

    def period(self) -> Period:
        """Return the present period."""
        number, passed = divmod(self._clock(), self._length_ns)
        mtime_ns = self._epoch_ns + number * self._length_ns
        return Period(number, mtime_ns, (self._length_ns - passed) / _NS)

    def renew(self, inode: int, period: Period) -> None:
        """Drop the published file of an inode if it is of another period."""
        published = self._published.get(inode)
        if published is not None and published.mtime_ns != period.mtime_ns:
            del self._published[inode]

    def measure(self, inode: int, file: File) -> tuple[int, PublishedFile]:
        """Return st_size in bytes and the file that has it, rendered or judged if need be.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        """
        if isinstance(file, TagFile | AllocinfoFile):
            self.renew(inode, self.period())
            published = self.published(inode, file)
        else:
            published = self._now(inode, file)
        return published.view.size(), published

    def last_published(self, inode: int) -> tuple[int, int] | None:
        """Return the st_size and st_mtime_ns that the kernel was last given, None if none."""
        published = self._published.get(inode)
        try:
            return None if published is None else (published.view.size(), published.mtime_ns)
        except TagGone:
            return None

    def published(self, inode: int, file: File) -> PublishedFile:
        """Return the file that the kernel was last given; publish one if there is none."""
        published = self._published.get(inode)
        if published is None:
            mtime_ns = self.period().mtime_ns
            # The request may have begun in the period before, and the source is of that.
            self._filesystem.renew()
            self._drop_old(mtime_ns)
            published = PublishedFile(self._filesystem.open_cached(file), mtime_ns)
            self._published[inode] = published
        return published

    def forget(self, inode: int) -> None:
        """Drop a file that the kernel has dropped."""
        self._published.pop(inode, None)

    def _drop_old(self, mtime_ns: int) -> None:
        """Drop files of periods long past."""
        until = mtime_ns - self._length_ns - _KEPT_NS
        while self._published:
            oldest = next(iter(self._published))
            if self._published[oldest].mtime_ns > until:
                return
            del self._published[oldest]

    def _now(self, inode: int, file: File) -> PublishedFile:
        """Return a file of `.allocfs`, with a new mtime if its contents have changed."""
        last = self._published.get(inode)
        view = self._filesystem.open_cached(file)
        if last is not None and last.view.read(0, view.size() + 1) == view.read(0, view.size()):
            return last
        mtime_ns = self._epoch_ns + self._clock()
        published = self._published[inode] = PublishedFile(view, mtime_ns)
        self._published.move_to_end(inode)
        return published


class _PublishedView:
    """The published contents of an inode."""

    def __init__(self, files: PeriodicFiles, inode: int, file: File) -> None:
        self._files = files
        self._inode = inode
        self._file = file

    def read(self, offset: int, size: int) -> bytes:
        """Read the contents that the kernel was last given the size of."""
        return self._files.published(self._inode, self._file).view.read(offset, size)

    def size(self) -> int:
        """Return the size that the kernel was last given."""
        return self._files.published(self._inode, self._file).view.size()
