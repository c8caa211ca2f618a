"""The serving mode max_age=T: files that change once a period, read from the page cache.

Time is divided into periods of T seconds. Which tags a file holds, and the sums of those that
are read, are taken once in a period. Attributes are valid until the period ends, and mtime is
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

from allocfs.clock import age_clock_ns
from allocfs.errors import TagGone
from allocfs.vfs.filesystem import Filesystem
from allocfs.vfs.nodes import AllocinfoFile, File, TagFile
from allocfs.vfs.view import View

_NS = 1_000_000_000
_KEPT_NS = 10 * _NS  # no read that began with older attributes is still under way


class Period(NamedTuple):
    """A stretch of time in which nothing changes."""

    number: int
    mtime_ns: int  # of every file in this period
    remaining: float  # seconds until it ends


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file as the kernel was told of it."""

    view: View
    mtime_ns: int


class PeriodicFiles:
    """The files that were read or measured, each as it was when the kernel was told of it.

    A read that arrives after the end of a period gets what the attributes promised, so that no
    record is put together from two periods.
    """

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
        self._held: OrderedDict[int, HeldFile] = OrderedDict()  # oldest first

    def period(self) -> Period:
        """Return the present period."""
        number, passed = divmod(self._clock(), self._length_ns)
        mtime_ns = self._epoch_ns + number * self._length_ns
        return Period(number, mtime_ns, (self._length_ns - passed) / _NS)

    def renew(self, inode: int, period: Period) -> None:
        """Drop what is held of a file if it is of another period than the kernel is told of."""
        held = self._held.get(inode)
        if held is not None and held.mtime_ns != period.mtime_ns:
            del self._held[inode]

    def measure(self, inode: int, file: File) -> tuple[int, HeldFile]:
        """Return st_size in bytes and the file that has it, rendered or judged if need be.

        Raises NameNotFound if the file stands for a name of which nothing is loaded now.
        """
        if isinstance(file, TagFile | AllocinfoFile):
            self.renew(inode, self.period())
            held = self.as_told(inode, file)
        else:
            held = self._now(inode, file)
        return held.view.size(), held

    def told(self, inode: int) -> tuple[int, int] | None:
        """Return st_size and st_mtime_ns as the kernel was last told, None if it was not."""
        held = self._held.get(inode)
        try:
            return None if held is None else (held.view.size(), held.mtime_ns)
        except TagGone:
            return None

    def as_told(self, inode: int, file: File) -> HeldFile:
        """Return a file as the kernel was last told of it."""
        held = self._held.get(inode)
        if held is None:
            mtime_ns = self.period().mtime_ns
            # The request may have begun in the period before, and the source is of that.
            self._filesystem.backend.renew()
            self._drop_old(mtime_ns)
            held = self._held[inode] = HeldFile(self._filesystem.hold(file), mtime_ns)
        return held

    def forget(self, inode: int) -> None:
        """Drop a file that the kernel has dropped."""
        self._held.pop(inode, None)

    def _drop_old(self, mtime_ns: int) -> None:
        """Drop files of periods long past."""
        until = mtime_ns - self._length_ns - _KEPT_NS
        while self._held:
            oldest = next(iter(self._held))
            if self._held[oldest].mtime_ns > until:
                return
            del self._held[oldest]

    def _now(self, inode: int, file: File) -> HeldFile:
        """Return a file of `.allocfs`, with a new mtime if it is not what it was."""
        held = self._held.get(inode)
        view = self._filesystem.hold(file)
        if held is None or held.view.read(0, view.size() + 1) != view.read(0, view.size()):
            mtime_ns = self._epoch_ns + self._clock()
            held = self._held[inode] = HeldFile(view, mtime_ns)
            self._held.move_to_end(inode)
        return held
