"""The serving mode max_age=T: files that change once a period, read from the page cache.

Time is divided into periods of T seconds. The values of a file are taken once in a period. Names
and attributes are valid until the period ends, and mtime is that of the period: after that the
kernel asks for the attributes before it reads, finds another mtime, and drops the pages that it
holds (FUSE_AUTO_INVAL_DATA). No open is needed: a file is known by its inode.

Readers that ask for no attributes (sendfile, splice, memory maps) would read old pages without
end. So soon after a period's end the kernel is told to drop the pages of all files that were
read in it. The next such read gets new contents if they have the size that the kernel knows, and
is refused otherwise: the kernel would end them at that size.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import pyfuse3
import trio

from allocfs.clock import age_clock_ns
from allocfs.errors import NotCacheable
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.published import Period, PublishedFile
from allocfs.fuse.serving import unknown_size
from allocfs.vfs.filesystem import BoundFile, Filesystem, View
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, TagFile

GRACE = 0.02
"""Seconds from a period's end until its pages are dropped, and until its contents are not read any
more. A pread() that began before the end, and has copied some pages, then does not go on with
pages of another period."""
LONG_GRACE = 0.3
"""The same for a file whose size depends on values. The next contents may have another size, and
a read that the machine delayed that long would be refused."""
_NS = 1_000_000_000
_SETTLED_NS = _NS // 2
"""For so long a file of `/.allocfs` keeps its length. A reader on a busy machine that looks for
more at the end would get the end of longer contents."""
_KEPT_NS = 10 * _NS  # no read that began with older attributes is still under way


class PeriodicFiles:
    """For each inode, the file whose size and mtime the kernel was last given.

    A read that arrives soon after the end of a period gets the contents that the attributes
    promised, so that no record is put together from two periods.
    """

    direct_io = False

    def __init__(
        self,
        filesystem: Filesystem,
        max_age: float,
        pages: PageDropper,
        clock: Callable[[], int] = age_clock_ns,
    ) -> None:
        """Count periods of max_age seconds from the beginning of the clock.

        A source that has periods of its own has the same ones then. No step of the wall clock
        matters.
        """
        self._filesystem = filesystem
        self._pages = pages
        self._length_ns = max(1, round(max_age * _NS))
        self._clock = clock
        self._epoch_ns = time.time_ns() - clock()
        self._published: OrderedDict[int, PublishedFile] = OrderedDict()  # oldest first
        self._told: dict[int, tuple[int, int]] = {}  # the st_size and st_mtime_ns, by inode
        self._expired_ns = 0  # when a period was ended early
        self._read = trio.Event()  # set at the first read of a file in a period

    def read_to_cache(self, _number: int, view: View, offset: int, size: int) -> bytes:
        """Read a file for the page cache: its pages are dropped after the period."""
        return view.read(offset, size)

    def open(self, number: int, bound: BoundFile) -> View:
        """Return a view of the published contents of a file, whichever these are at a read.

        Raises NotCacheable for a file whose opens have contents of their own.
        """
        if self._filesystem.is_polled(bound.file):
            raise NotCacheable(f"{bound.file.path}: mount without max_age to read it")
        return _PublishedView(self, number, bound)

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, bound: BoundFile, tags: int | None
    ) -> None:
        """Set the size and time that the kernel was last given, if any.

        The name is valid until the period ends, as the path may select other tags in the next.
        """
        attributes.attr_timeout = 0
        if isinstance(bound.file, TagFile):
            attributes.entry_timeout = self.period().remaining
        # Another size would truncate the file for its current readers.
        if last := self._told.get(attributes.st_ino):
            attributes.st_size, attributes.st_mtime_ns = last

    def describe_file(self, attributes: pyfuse3.EntryAttributes, bound: BoundFile) -> None:
        """Set the size and time of this period."""
        if self._filesystem.is_polled(bound.file):
            attributes.attr_timeout = 0
            attributes.st_size = 1  # of nothing the kernel would read nothing, and tell no error
            return
        end_ns = self._clock() + round(self.period().remaining * _NS)
        # The contents are fixed now until the period ends.
        size, published = self.measure(attributes.st_ino, bound)
        remaining = max(0, end_ns - self._clock()) / _NS  # to render takes a while
        self._told[attributes.st_ino] = size, published.mtime_ns
        attributes.st_size, attributes.st_mtime_ns = size, published.mtime_ns
        attributes.attr_timeout = 0 if isinstance(bound.file, AboutFile) else remaining

    def period(self) -> Period:
        """Return the present period."""
        number, passed = divmod(self._clock(), self._length_ns)
        mtime_ns = self._epoch_ns + max(number * self._length_ns, self._expired_ns)
        return Period(mtime_ns, (self._length_ns - passed) / _NS)

    def renew(self, number: int, period: Period) -> None:
        """Drop the published file of an inode if it is of another period."""
        published = self._published.get(number)
        if published is not None and published.mtime_ns != period.mtime_ns:
            del self._published[number]

    def measure(self, number: int, bound: BoundFile) -> tuple[int, PublishedFile]:
        """Return st_size in bytes and the file that has it, rendered or judged if need be.

        Raises NameNotFound if the file stands for a name of which no tag is loaded.
        """
        if isinstance(bound.file, TagFile | AllocinfoFile):
            self.renew(number, self.period())
            published = self.published(number, bound)
        else:
            published = self._now(number, bound)
        return published.view.size(), published

    def readable(self, number: int, bound: BoundFile) -> PublishedFile:
        """Return the file for a read, which need not follow a getattr: sendfile() sends none.

        Raises NotCacheable if the kernel does not know the size.
        """
        published = self._published.get(number)
        if published is not None and self._is_over(published, bound):
            if published.has_pages:
                self._pages.drop([number])
            published = None  # frees its text before another is made
            del self._published[number]
        published = published or self.published(number, bound)
        told = self._told.get(number)
        if told and told[0] != published.view.size() and not isinstance(bound.file, AboutFile):
            raise unknown_size()
        return published

    def published(self, number: int, bound: BoundFile) -> PublishedFile:
        """Return the file that the kernel was last given; publish one if there is none."""
        published = self._published.get(number)
        if published is None:
            mtime_ns = self.period().mtime_ns
            # The request may have begun in the period before, and the source is of that.
            self._filesystem.renew()
            self._drop_old(mtime_ns)
            published = self._new(bound, self._filesystem.open_cached(bound), mtime_ns)
            self._published[number] = published
        return published

    def expire(self) -> None:
        """Begin a period of its own: getattr publishes anew from now on.

        Until the kernel has dropped pages and attributes, reads get the old contents.
        """
        self._expired_ns = self._clock()
        self._pages.drop(list(self._published))

    def give_back(self) -> None:
        """Have nothing else to drop: old files go when others are published."""

    def reset(self, _number: int) -> bool:
        """Let no inode get other tags: the kernel may have pages of it."""
        return False

    def forget(self, number: int) -> None:
        """Drop a file that the kernel has dropped."""
        self._published.pop(number, None)
        self._told.pop(number, None)

    async def run(self) -> None:
        """After each period, have the kernel drop the pages of the files read in it.

        While no file is read this does not wake up.
        """
        while True:
            await self._read.wait()
            self._read = trio.Event()
            await trio.sleep(max(0, self._first_end_ns() - self._clock()) / _NS)
            self._pages.drop(self._end_period())
            if any(published.has_pages for published in self._published.values()):
                self._read.set()  # those of a period that began before this woke up

    def has_pages(self, published: PublishedFile) -> None:
        """Note a read: the kernel may hold pages of a file from now on."""
        if not published.has_pages:
            published.has_pages = True
            self._read.set()

    def _end_ns(self, published: PublishedFile) -> int:
        """Return when the period of some contents ends, or was ended early, on the clock."""
        begun_ns = published.mtime_ns - self._epoch_ns
        end_ns = (begun_ns // self._length_ns + 1) * self._length_ns
        return min(end_ns, self._expired_ns) if begun_ns < self._expired_ns else end_ns

    def _first_end_ns(self) -> int:
        """Return when the pages of the oldest period have to be dropped."""
        return min(
            (self._over_ns(file) for file in self._published.values() if file.has_pages), default=0
        )

    def _end_period(self) -> list[int]:
        """Drop the files of past periods that have pages; return their inodes."""
        now = self._clock()
        past = [n for n, file in self._published.items() if self._over_ns(file) <= now]
        ended = [number for number in past if self._published[number].has_pages]
        for number in ended:
            del self._published[number]
        return ended

    def _is_over(self, published: PublishedFile, bound: BoundFile) -> bool:
        """Tell whether contents are of a past period, whose pages are dropped by now."""
        if isinstance(bound.file, AboutFile):
            return False
        return self._clock() >= self._over_ns(published)

    def _over_ns(self, published: PublishedFile) -> int:
        """Return from when some contents are not read any more, on the clock."""
        end_ns = self._end_ns(published)
        # A client that has written to control asks for the values after that.
        is_early = end_ns == self._expired_ns
        return end_ns + (round(GRACE * _NS) if is_early else published.grace_ns)

    def _new(self, bound: BoundFile, view: View, mtime_ns: int) -> PublishedFile:
        is_fixed = self._filesystem.has_fixed_size(bound.file)
        return PublishedFile(view, mtime_ns, round((GRACE if is_fixed else LONG_GRACE) * _NS))

    def _drop_old(self, mtime_ns: int) -> None:
        """Drop files of periods long past."""
        until = mtime_ns - self._length_ns - _KEPT_NS
        while self._published:
            oldest = next(iter(self._published))
            if self._published[oldest].mtime_ns > until:
                return
            del self._published[oldest]

    def _now(self, number: int, bound: BoundFile) -> PublishedFile:
        """Return a file of `.allocfs`, with a new mtime if its contents have changed."""
        last = self._published.get(number)
        view = self._filesystem.open_cached(bound)
        if last is not None and last.view.read(0, view.size() + 1) == view.read(0, view.size()):
            return last
        mtime_ns = self._epoch_ns + self._clock()
        # A client that has begun to read would get the end of a longer file.
        if (
            last is not None
            and last.view.size() != view.size()
            and mtime_ns - last.mtime_ns < _SETTLED_NS
        ):
            return last
        published = self._published[number] = self._new(bound, view, mtime_ns)
        self._published.move_to_end(number)
        return published


class _PublishedView:
    """The published contents of an inode."""

    __slots__ = ("_bound", "_files", "_number")

    def __init__(self, files: PeriodicFiles, number: int, bound: BoundFile) -> None:
        self._files = files
        self._number = number
        self._bound = bound

    def read(self, offset: int, size: int) -> bytes:
        """Read the contents that the kernel was last given the size of."""
        published = self._files.readable(self._number, self._bound)
        self._files.has_pages(published)
        return published.view.read(offset, size)

    def size(self) -> int:
        """Return the size that the kernel was last given."""
        return self._files.published(self._number, self._bound).view.size()
