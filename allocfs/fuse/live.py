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

from collections.abc import Callable
from typing import NamedTuple

import pyfuse3

from allocfs.clock import age_clock_ns
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.promises import Promises
from allocfs.fuse.renderings import Rendering, Renderings
from allocfs.fuse.serving import unknown_size
from allocfs.vfs.filesystem import BoundFile, Filesystem, SinceReadView, View
from allocfs.vfs.nodes import ALLOCINFO, AboutFile

DEFAULT_MAX_AGE = 1.0  # seconds
UNKNOWN_SIZE = 1
"""The st_size of a file that is not rendered yet, in the attributes of a lookup. They are invalid
at once, so that stat asks; but sendfile does not ask, and would read nothing from a size of 0."""


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
        self._is_all_live = not max_age
        self._renderings = Renderings(filesystem, max_age, clock)
        self._judged: set[int] = set()  # inodes of live records that an open selected by value
        self._cached: set[int] = set()  # the inodes of which the kernel had pages
        self._known_sizes: dict[int, int] = {}  # st_size of rendered files, as the kernel has it
        self._text = _TextSize(0, 0)

    def open(self, number: int, bound: BoundFile) -> View:
        """Open live records, or a file that is rendered at its first read.

        With max_age=0 all files are live: a query by size is judged at open and not again, and
        text is rendered by each read from its start.
        """
        filesystem = self._filesystem
        if filesystem.has_fixed_size(bound.file) or filesystem.is_polled(bound.file):
            return filesystem.open(bound)
        if not self._is_judged(bound):
            return _RenderedView(self, number, bound)
        self._judged.add(number)
        judged = self._renderings.judged(number)
        if judged is None or judged.opened:
            judged = self._renderings.judge(number, bound)
        judged.opened = True
        return judged.view

    def read_to_cache(self, number: int, view: View, offset: int, size: int) -> bytes:
        """Read a file for the page cache, and drop its pages soon.

        Raises NotCacheable if the contents have not the size that the kernel knows.
        """
        if isinstance(view, _RenderedView):
            data = view.read_to_cache(offset, size)
        else:
            if isinstance(view, SinceReadView):
                raise unknown_size()
            if number in self._judged:
                self.require_known_size(number, view)
            data = view.read(offset, size)
        self._cached.add(number)
        self._pages.drop([number])  # the kernel waits with that until it has the pages
        return data

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, bound: BoundFile, tags: int | None
    ) -> None:
        """Set the size; where that takes a rendering, only if there is one."""
        if self._filesystem.has_fixed_size(bound.file):
            attributes.st_size = self._filesystem.size(bound, tags)
            attributes.attr_timeout = self._promises.make(attributes.st_ino)
            return
        attributes.attr_timeout = 0
        if not self._filesystem.is_polled(bound.file):
            attributes.st_size = self._entry_size(attributes.st_ino)

    def describe_file(self, attributes: pyfuse3.EntryAttributes, bound: BoundFile) -> None:
        """Set the size, of a rendering where it depends on values."""
        number, filesystem = attributes.st_ino, self._filesystem
        if filesystem.has_fixed_size(bound.file) or filesystem.is_polled(bound.file):
            self.describe_entry(attributes, bound, None)
            return
        if self._is_all_live and bound.file == ALLOCINFO:
            attributes.attr_timeout = 0
            attributes.st_size = self._text_size(number, bound)
        elif self._is_judged(bound):
            attributes.attr_timeout = 0
            judged = self._renderings.judged(number) or self._renderings.judge(number, bound)
            attributes.st_size = judged.view.size()
        else:
            self._describe_rendering(attributes, bound)
        self._known_sizes[number] = attributes.st_size

    def first(self, number: int, bound: BoundFile) -> Rendering:
        """Return the rendering for the first read of an open file.

        One that has no time to be served, since max_age is 0 or the file is of `/.allocfs`, serves
        the first read after its size was told.
        """
        if young := self._renderings.young(number, bound):
            return young
        measured = self._renderings.measured(number)
        if measured is None:
            return self._render(number, bound)
        if self._is_all_live or isinstance(bound.file, AboutFile):
            measured.measured_ns = None
        if isinstance(bound.file, AboutFile):  # anew, if as long as the client was told
            now = self._render(number, bound)
            return now if now.view.size() == measured.view.size() else measured
        return measured

    def again(self, number: int, bound: BoundFile) -> Rendering:
        """Return the rendering for a later read from the start."""
        return self._renderings.young(number, bound) or self._render(number, bound)

    def is_young(self, rendering: Rendering, bound: BoundFile) -> bool:
        """Tell whether a rendering may go on to be served to reads from the start."""
        return self._renderings.is_young(rendering, bound)

    def cacheable(self, number: int, bound: BoundFile) -> Rendering:
        """Return a rendering to fill the page cache from.

        Its pages are there for a moment, so that all fills of that time share a rendering.
        """
        renderings = self._renderings
        young = renderings.young(number, bound) or renderings.measured(number)
        return young or renderings.judged(number) or self._render(number, bound)

    def require_known_size(self, number: int, view: View) -> None:
        """Raise NotCacheable if contents have not the size that the kernel knows."""
        if view.size() != self._known_sizes.get(number):
            raise unknown_size()

    async def run(self) -> None:
        """Do nothing beside requests."""

    def expire(self) -> None:
        """Serve no rendering that began before now, and have the kernel ask for sizes."""
        self._text = _TextSize(0, 0)
        self._pages.drop([n for n in self._renderings.expire() if n in self._known_sizes])

    def give_back(self) -> None:
        """Drop the renderings that are too old."""
        self._renderings.give_back()

    def reset(self, number: int) -> bool:
        """Drop the rendering of an inode, unless the kernel had pages of it."""
        if number in self._cached:
            return False
        self._renderings.drop(number)
        return True

    def forget(self, number: int) -> None:
        """Drop the rendering of an inode that the kernel has dropped."""
        self._renderings.drop(number)
        self._judged.discard(number)
        self._cached.discard(number)
        self._known_sizes.pop(number, None)

    def _entry_size(self, number: int) -> int:
        """Return the size that the kernel knows, or that of a rendering.

        A new size in place of a known one would end the file for a sendfile() under way.
        """
        if number not in self._known_sizes and (last := self._renderings.last(number)):
            self._known_sizes[number] = last.view.size()
        return self._known_sizes.get(number, UNKNOWN_SIZE)

    def _is_judged(self, bound: BoundFile) -> bool:
        """Tell whether a file has live records that are selected by their counters at open."""
        return self._is_all_live and self._filesystem.has_records(bound.file)

    def _describe_rendering(self, attributes: pyfuse3.EntryAttributes, bound: BoundFile) -> None:
        number, renderings = attributes.st_ino, self._renderings
        rendering = renderings.measured(number)
        if rendering is None or renderings.is_young(rendering, bound):
            rendering = renderings.young(number, bound) or self._render(number, bound)
            renderings.note_measured(rendering)  # once it is old it is not noted any more
        attributes.st_size = rendering.view.size()
        # A pass over a text may come before the rendering is old.
        fixed = rendering.values_id is None
        attributes.attr_timeout = renderings.left(rendering, bound) if fixed else 0

    def _render(self, number: int, bound: BoundFile) -> Rendering:
        rendering = self._renderings.render(number, bound)
        if bound.file == ALLOCINFO:
            self._text = _TextSize(self._filesystem.content_id, rendering.view.size())
        return rendering

    def _text_size(self, number: int, bound: BoundFile) -> int:
        """Return the size of the last rendering of `/allocinfo` with these tags.

        Its numbers are padded, so that the size hardly ever changes. To open the file makes the
        kernel ask for the size: otherwise each client of the ioctls would have everything summed.
        """
        if self._text.content_id != self._filesystem.content_id:
            self._render(number, bound)
        return self._text.size


class _RenderedView:
    """The renderings of an inode, as one open file reads them.

    A read that goes on where the last one ended gets the rest of its rendering, however long
    that takes. Any other read is served from a rendering that is young enough.
    """

    __slots__ = ("_bound", "_cached", "_cached_offset", "_end", "_files", "_number", "_rendering")

    def __init__(self, files: LiveFiles, number: int, bound: BoundFile) -> None:
        self._files = files
        self._number = number
        self._bound = bound
        self._rendering: Rendering | None = None
        self._end = 0  # of the last read
        self._cached: Rendering | None = None  # of the last read to the page cache
        self._cached_offset = 0

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of a rendering; a read at its end lets go of it."""
        goes_on = offset > 0 and offset == self._end
        if self._rendering is None:
            if goes_on:
                return b""  # the last read found the end
            self._rendering = self._files.first(self._number, self._bound)
        elif not goes_on and not self._files.is_young(self._rendering, self._bound):
            self._rendering = None  # before the next one is made, which needs its memory
            self._end = 0
            self._rendering = self._files.again(self._number, self._bound)
        data = self._rendering.view.read(offset, size)
        self._end = offset + len(data)
        if not data:
            self._rendering = None
        return data

    def read_to_cache(self, offset: int, size: int) -> bytes:
        """Return a part of a rendering that has the size that the kernel knows.

        The kernel reads ahead, and reads a page again if it was dropped before its use. So a read
        further on gets the same rendering, wherever the last one ended.
        """
        rendering = self._cached
        self._cached = None  # before the next one is made, which needs its memory
        if rendering is None or offset <= self._cached_offset:
            rendering = self._files.cacheable(self._number, self._bound)
        self._files.require_known_size(self._number, rendering.view)
        data = rendering.view.read(offset, size)
        self._cached_offset = offset
        self._cached = rendering if offset + len(data) < rendering.view.size() else None
        return data

    def size(self) -> int:
        """Return the size of a rendering."""
        return self._files.first(self._number, self._bound).view.size()
