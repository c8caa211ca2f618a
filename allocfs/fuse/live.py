"""The serving mode without a page cache: records of now, renderings of the last second.

A file of records whose number no counter decides is *live*: each read sums the records that it
touches. Every other file has a size that depends on values (text, JSON, `/allocinfo`, queries
by size, most of `/.allocfs`). It is *rendered* on demand, at most once in max_age, and has an
exact st_size, since many programs read no further than that.

Reads bypass the page cache (direct_io). Some fill it all the same: sendfile, splice,
copy_file_range and private maps. They read up to the size that the kernel knows, which is not
asked for on the way. So they are answered only if that size is right, and refused with EINVAL
otherwise, at which programs fall back to read(). Their pages are dropped at once, so that the
next such read gets new values.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import pyfuse3

from allocfs.clock import age_clock_ns
from allocfs.errors import NotCacheable
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.promises import Promises
from allocfs.vfs.filesystem import BoundFile, Filesystem, View
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, TagFile

DEFAULT_MAX_AGE = 1.0  # seconds
GRACE = 0.1
"""Seconds for which a rendering can serve the first read of a file after getattr told its size.
So a program that asks for the size, opens and reads gets as many bytes as it was told."""
UNKNOWN_SIZE = 1
"""The st_size of a file that is not rendered yet, in the attributes of a lookup. They are invalid
at once, so that stat asks; but sendfile does not ask, and would read nothing from a size of 0."""
_NS = 1_000_000_000


@dataclass(slots=True)
class Rendering:
    """The contents of a file at one moment."""

    view: View
    start_ns: int
    values_id: int | None
    measured_ns: int | None = None  # when its size was last told
    told: bool = False  # the kernel knows its size


class _TextSize(NamedTuple):
    """The size of `/allocinfo` when it was last rendered, in bytes."""

    content_id: int
    size: int


class LiveFiles:
    """Live records, and renderings that are at most max_age old."""

    direct_io = True

    def __init__(
        self,
        filesystem: Filesystem,
        promises: Promises,
        pages: PageDropper,
        max_age: float = DEFAULT_MAX_AGE,
        clock: Callable[[], int] = age_clock_ns,
    ) -> None:
        """Render nothing yet; max_age is in seconds, with 0 each read from a start renders."""
        self._filesystem = filesystem
        self._promises = promises
        self._pages = pages
        self._max_age_ns = round(max_age * _NS)
        self._grace_ns = round(GRACE * _NS)
        self._clock = clock
        self._expired_ns = -1  # renderings that began until then are too old
        self._renderings: OrderedDict[int, Rendering] = OrderedDict()  # by inode, oldest first
        self._cached: set[int] = set()  # the inodes of which the kernel had pages
        self._text = _TextSize(0, 0)
        self._rendered: set[int] = set()  # the inodes that were opened and are not live

    def open(self, number: int, bound: BoundFile) -> View:
        """Open live records, or a file that is rendered at its first read.

        With max_age=0 all files are live: a query by size is judged at open and not again, and
        text is rendered by each read from its start.
        """
        if self._filesystem.has_fixed_size(bound.file):
            return self._filesystem.open(bound)
        self._rendered.add(number)
        if self._max_age_ns or not self._filesystem.has_records(bound.file):
            return _RenderedView(self, number, bound)
        judged = self._judged(number, bound)
        judged.measured_ns = None  # this open has it for itself
        return judged.view

    def before_caching(self, number: int) -> None:
        """Drop the pages of an inode soon. Raises NotCacheable if the kernel lacks its size."""
        if number in self._rendered:
            rendering = self._renderings.get(number)
            if rendering is None or not rendering.told:
                raise NotCacheable("this file is rendered when it is read: use read()")
        self._cached.add(number)
        self._pages.drop([number])

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, bound: BoundFile, tags: int | None
    ) -> None:
        """Set the size; where that takes a rendering, only if there is one."""
        if self._filesystem.has_fixed_size(bound.file):
            attributes.st_size = self._filesystem.size(bound, tags)
            attributes.attr_timeout = self._promises.make(attributes.st_ino)
            return
        last = self._renderings.get(attributes.st_ino)
        if last is None:
            attributes.st_size = UNKNOWN_SIZE
        else:
            attributes.st_size = last.view.size()
            last.told = True
        attributes.attr_timeout = 0

    def describe_file(self, attributes: pyfuse3.EntryAttributes, bound: BoundFile) -> None:
        """Set the size, of a rendering where it depends on values."""
        if self._filesystem.has_fixed_size(bound.file):
            self.describe_entry(attributes, bound, None)
            return
        attributes.attr_timeout = 0
        if not self._max_age_ns and isinstance(bound.file, AllocinfoFile):
            attributes.st_size = self._text_size(attributes.st_ino, bound)
            return
        rendering = self._measured(attributes.st_ino, bound)
        rendering.measured_ns = self._clock()
        attributes.st_size = rendering.view.size()
        if rendering.values_id is None:
            left_ns = rendering.start_ns + self._limit_ns(bound) - rendering.measured_ns
            attributes.attr_timeout = max(0, left_ns) / _NS

    def first(self, number: int, bound: BoundFile, measuring: bool = False) -> Rendering:
        """Return the rendering for the first read of an open file, or for its size.

        A file of `/.allocfs` is rendered for each, but for one whose size was told just now.
        """
        last = self._renderings.get(number)
        if last is None or not (self._is_young(last, bound) or self._is_measured(last)):
            return self._render(number, bound)
        if self._limit_ns(bound) or measuring:
            return last
        last.measured_ns = None
        if isinstance(bound.file, AboutFile):  # anew, if as long as the client was told
            now = self._render(number, bound)
            return now if now.view.size() == last.view.size() else last
        return last

    def next(self, number: int, bound: BoundFile, present: Rendering) -> Rendering:
        """Return the rendering for another read from the start."""
        if self._is_young(present, bound):
            return present
        last = self._renderings.get(number)
        return last if last and self._is_young(last, bound) else self._render(number, bound)

    async def run(self) -> None:
        """Do nothing beside requests."""

    def expire(self) -> None:
        """Serve no rendering that began before now, and have the kernel ask for sizes."""
        self._expired_ns = self._clock()
        self._pages.drop([number for number, last in self._renderings.items() if last.told])
        self._renderings.clear()

    def give_back(self) -> None:
        """Drop the renderings that are too old for any file."""
        oldest_ns = self._clock() - self._max_age_ns - self._grace_ns
        while self._renderings:
            number = next(iter(self._renderings))
            oldest = self._renderings[number]
            if oldest.start_ns > oldest_ns:
                return
            del self._renderings[number]

    def reset(self, number: int) -> bool:
        """Drop the rendering of an inode, unless the kernel had pages of it."""
        if number in self._cached:
            return False
        self._renderings.pop(number, None)
        return True

    def forget(self, number: int) -> None:
        """Drop the rendering of an inode that the kernel has dropped."""
        self._renderings.pop(number, None)
        self._rendered.discard(number)
        self._cached.discard(number)

    def _judged(self, number: int, bound: BoundFile) -> Rendering:
        """Return live records judged now, or just now for a client that was told their number."""
        last = self._renderings.get(number)
        if last is None or not self._is_measured(last):
            last = Rendering(self._filesystem.open(bound), self._clock(), None)
            last.measured_ns = last.start_ns
            self._renderings[number] = last
            self._renderings.move_to_end(number)
        return last

    def _measured(self, number: int, bound: BoundFile) -> Rendering:
        """Return the rendering whose size the kernel is told."""
        if self._max_age_ns or not self._filesystem.has_records(bound.file):
            rendering = self.first(number, bound, measuring=True)
            rendering.told = True
            return rendering
        return self._judged(number, bound)

    def _text_size(self, number: int, bound: BoundFile) -> int:
        """Return the size of the last rendering of `/allocinfo` with these tags.

        Its numbers are padded, so that the size hardly ever changes. To open the file makes the
        kernel ask for the size: otherwise each client of the ioctls would have everything summed.
        """
        if self._text.content_id != self._filesystem.content_id:
            self._render(number, bound)
        return self._text.size

    def _render(self, number: int, bound: BoundFile) -> Rendering:
        self._renderings.pop(number, None)
        self.give_back()
        view = self._filesystem.open_cached(bound)
        rendering = Rendering(view, self._clock(), self._values_id(bound))
        rendering.view.size()  # renders, and may fail
        if isinstance(bound.file, AllocinfoFile):
            self._text = _TextSize(self._filesystem.content_id, rendering.view.size())
        self._renderings[number] = rendering
        return rendering

    def _values_id(self, bound: BoundFile) -> int | None:
        """Return the values_id for a file that has values. Raises SourceFailed or SourceLate."""
        has_values = isinstance(bound.file, TagFile | AllocinfoFile)
        return self._filesystem.values_id() if has_values else None

    def _limit_ns(self, bound: BoundFile) -> int:
        """Return the age that a rendering may have: `/.allocfs` is always rendered anew."""
        return 0 if isinstance(bound.file, AboutFile) else self._max_age_ns

    def _is_young(self, rendering: Rendering, bound: BoundFile) -> bool:
        if rendering.values_id != self._values_id(bound):
            return False  # of an earlier pass: its values were as old as allowed already
        age_ns = self._clock() - rendering.start_ns
        return age_ns < self._limit_ns(bound) and rendering.start_ns > self._expired_ns

    def _is_measured(self, rendering: Rendering) -> bool:
        """Tell whether a client was just told the size of a rendering."""
        if rendering.measured_ns is None or rendering.start_ns <= self._expired_ns:
            return False
        return self._clock() - rendering.measured_ns < self._grace_ns


class _RenderedView:
    """The renderings of an inode, as one open file reads them.

    A read that goes on where the last one ended gets the rest of its rendering, however long
    that takes. Any other read is served from a rendering that is young enough.
    """

    __slots__ = ("_bound", "_end", "_files", "_number", "_rendering")

    def __init__(self, files: LiveFiles, number: int, bound: BoundFile) -> None:
        self._files = files
        self._number = number
        self._bound = bound
        self._rendering: Rendering | None = None
        self._end = 0  # of the last read

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of a rendering; a read at its end lets go of it."""
        rendering = self._rendering
        if rendering is None:
            rendering = self._files.first(self._number, self._bound)
        elif offset == 0 or offset != self._end:
            rendering = self._files.next(self._number, self._bound, rendering)
        data = rendering.view.read(offset, size)
        self._end = offset + len(data)
        self._rendering = rendering if data else None
        return data

    def size(self) -> int:
        """Return the size of a rendering."""
        return self._files.first(self._number, self._bound).view.size()
