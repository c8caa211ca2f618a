"""The difference between now and the last read of an open file, for clients that poll.

The first difference is that to nothing, so that the sum of all differences is the value of now. A
tag that a query leaves out this time, since it changed too little or comes after the limit, goes
on from where it was last shown.
"""

from __future__ import annotations

import numpy as np

from allocfs.errors import NameNotFound
from allocfs.moments.diff import DiffBackend
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.groups import GroupBackend
from allocfs.moments.moment import Moment, take
from allocfs.tags.table import Slots, Sums
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.branches import Branches
from allocfs.vfs.nodes import TagFile


class SinceReadView:
    """The successive differences, each read from its start to its end.

    A read from the start gets the next difference once the last one was read to its end, and the
    same one again before that: a client that is interrupted loses nothing.
    """

    def __init__(self, file: TagFile, branches: Branches) -> None:
        """Begin with no tag known; nothing is summed before it is read."""
        self._file = file
        self._branches = branches
        self._last = self._moment(np.empty(0, dtype=np.intp), Sums.zeros(0))
        self._data = b""
        self._is_read = True

    def size(self) -> int:
        """Return the size of the difference that is being read."""
        return len(self._data)

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of a difference; a read from the start may take the next one."""
        if offset == 0 and self._is_read:
            self._data = self._next()
            self._is_read = not self._data
        data = self._data[offset : offset + size]
        self._is_read |= offset + size >= len(self._data) or not data
        return data

    def _next(self) -> bytes:
        now = self._now()
        ends = FrozenBackend(self._last), FrozenBackend(now)
        is_grouped = self._file.scope.query.group is not None
        numbering = self._branches.present.backend.tags
        diff = DiffBackend(self._branches.identities, *ends, is_grouped, numbering)
        branch = self._branches.over(diff, self._file.scope)
        bound = BoundFile(self._file)
        try:
            view = branch.files.cached(bound)
            data = view.read(0, view.size())
            shown = branch.files.selection(bound, self._file).slots
        except NameNotFound:  # no tag of this name has changed
            return b""
        if isinstance(branch.backend, GroupBackend):
            shown = branch.backend.codetags(shown)
        self._last = self._merge(now, shown)
        return data

    def _now(self) -> Moment:
        """Sum the tags of the file's name, whatever the query says of their values."""
        present = self._branches.present
        slots = present.selector.named(self._file)
        return take(present.backend, self._branches.identities.part(present.backend.tags, slots))

    def _merge(self, now: Moment, shown: Slots) -> Moment:
        """Return the values up to which each tag was shown: those of now for the ones shown."""
        identities = self._branches.identities
        size = len(identities.table)
        is_known = np.zeros(size, dtype=np.bool_)
        is_shown = np.zeros(size, dtype=np.bool_)
        is_shown[shown] = True
        sums = Sums.zeros(size)
        for moment, chosen in ((self._last, ~is_shown), (now, is_shown)):
            numbers = identities.numbers(moment.tags)
            rows = np.flatnonzero(chosen[numbers])
            is_known[numbers[rows]] = True
            sums.put(numbers[rows], moment.sums.of(rows))
        numbers = np.flatnonzero(is_known)
        return self._moment(numbers, sums.of(numbers))

    def _moment(self, numbers: Slots, sums: Sums) -> Moment:
        return Moment(self._branches.identities.listed(numbers), sums, None, None, "the last read")
