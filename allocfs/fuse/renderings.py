"""The renderings of files whose size depends on values, by inode."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from allocfs.vfs.filesystem import BoundFile, Filesystem, View
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, TagFile

GRACE = 0.1
"""Seconds for which a rendering can serve the first read of a file after getattr told its size.
So a program that asks for the size, opens and reads gets as many bytes as it was told."""
_NS = 1_000_000_000


@dataclass(slots=True)
class Rendering:
    """The contents of a file at one moment."""

    view: View
    start_ns: int
    values_id: int | None  # as of Filesystem
    measured_ns: int | None = None  # when its size was last told
    opened: bool = False  # live records that a client has for itself


class Renderings:
    """The last rendering of each inode, and its age."""

    def __init__(self, filesystem: Filesystem, max_age: float, clock: Callable[[], int]) -> None:
        """Render nothing yet; max_age is in seconds."""
        self._filesystem = filesystem
        self._max_age_ns = round(max_age * _NS)
        self._grace_ns = round(GRACE * _NS)
        self._clock = clock
        self._expired_ns = -1  # renderings that began until then are too old
        self._by_inode: OrderedDict[int, Rendering] = OrderedDict()  # oldest first

    def last(self, number: int) -> Rendering | None:
        """Return the last rendering of an inode, however old."""
        return self._by_inode.get(number)

    def young(self, number: int, bound: BoundFile) -> Rendering | None:
        """Return the last rendering of an inode if it is not too old."""
        last = self._by_inode.get(number)
        return last if last is not None and self.is_young(last, bound) else None

    def measured(self, number: int) -> Rendering | None:
        """Return the last rendering of an inode if a client was just told its size."""
        last = self._by_inode.get(number)
        if last is None or last.measured_ns is None or last.start_ns <= self._expired_ns:
            return None
        return last if self._clock() - last.measured_ns < self._grace_ns else None

    def judged(self, number: int) -> Rendering | None:
        """Return the contents of an inode that were judged, or rendered, just now."""
        last = self._by_inode.get(number)
        if last is None or last.start_ns <= self._expired_ns:
            return None
        return last if self._clock() - last.start_ns < self._grace_ns else None

    def note_measured(self, rendering: Rendering) -> None:
        """Note that a client is told the size of a rendering now."""
        rendering.measured_ns = self._clock()

    def render(self, number: int, bound: BoundFile) -> Rendering:
        """Render a file now; the last rendering is dropped before, to make room."""
        self.drop(number)
        self.give_back()
        start_ns = self._clock()  # before: to open a query by size judges it
        view = self._filesystem.open_cached(bound)
        rendering = Rendering(view, start_ns, self._values_id(bound))
        rendering.view.size()  # renders, and may fail
        self._by_inode[number] = rendering
        return rendering

    def judge(self, number: int, bound: BoundFile) -> Rendering:
        """Open live records that are judged now, in the place of a rendering.

        The records of one open and of a stat() just before or after it are judged once.
        """
        self.drop(number)
        now = self._clock()
        judged = Rendering(self._filesystem.open(bound), now, None)
        self._by_inode[number] = judged
        return judged

    def is_young(self, rendering: Rendering, bound: BoundFile) -> bool:
        """Tell whether a rendering is at most max_age old, and of the present pass of a text.

        Raises SourceFailed or SourceLate.
        """
        if rendering.values_id != self._values_id(bound):
            return False  # of an earlier pass: its values were as old as allowed already
        return self.left(rendering, bound) > 0 and rendering.start_ns > self._expired_ns

    def left(self, rendering: Rendering, bound: BoundFile) -> float:
        """Return for how many seconds a rendering is young; `/.allocfs` is never."""
        limit_ns = 0 if isinstance(bound.file, AboutFile) else self._max_age_ns
        return max(0, rendering.start_ns + limit_ns - self._clock()) / _NS

    def expire(self) -> list[int]:
        """End all renderings; return the inodes that had one."""
        self._expired_ns = self._clock()
        ended = list(self._by_inode)
        self._by_inode.clear()
        return ended

    def give_back(self) -> None:
        """Drop the renderings that are too old for any file."""
        oldest_ns = self._clock() - self._max_age_ns - self._grace_ns
        while self._by_inode:
            number = next(iter(self._by_inode))
            if self._by_inode[number].start_ns > oldest_ns:
                return
            del self._by_inode[number]

    def drop(self, number: int) -> None:
        """Drop the rendering of an inode, if there is one."""
        self._by_inode.pop(number, None)

    def _values_id(self, bound: BoundFile) -> int | None:
        """Return the values_id for a file that has values. Raises SourceFailed or SourceLate."""
        has_values = isinstance(bound.file, TagFile | AllocinfoFile)
        return self._filesystem.values_id(bound) if has_values else None
