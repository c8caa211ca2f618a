"""The attributes that the kernel may use without asking, until a time or until the tags change."""

from __future__ import annotations

import errno
import time
from collections import OrderedDict

import pyfuse3

TAGS_VALID = 10.0  # seconds, or until the tags change
MOST_VALID = 8192  # nodes at once: to tell the kernel that the tags changed takes 3 us for each


class Promises:
    """The inodes whose attributes follow from the list of tags, and are valid for a while."""

    def __init__(self, staleness: float) -> None:
        """Promise nothing for longer than `staleness`, in seconds."""
        self._valid = min(TAGS_VALID, staleness)
        self._until: OrderedDict[int, float] = OrderedDict()  # by inode, oldest first

    def make(self, inode: int) -> float:
        """Promise the attributes of an inode; return for how many seconds, 0 for no promise."""
        self._until.pop(inode, None)
        self.drop_expired()
        if not self._valid or len(self._until) >= MOST_VALID:
            return 0
        self._until[inode] = time.monotonic() + self._valid
        return self._valid

    def forget(self, inode: int) -> None:
        """Drop the promise of an inode that the kernel has dropped."""
        self._until.pop(inode, None)

    def drop_expired(self) -> None:
        """Drop the promises that have expired."""
        now = time.monotonic()
        while self._until:
            oldest = next(iter(self._until))
            if self._until[oldest] > now:
                return
            del self._until[oldest]

    def revoke(self) -> None:
        """Make the kernel ask again for all attributes that were promised."""
        now = time.monotonic()
        for inode, until in self._until.items():
            if until > now:
                _invalidate(inode)
        self._until.clear()


def _invalidate(inode: int) -> None:
    try:
        pyfuse3.invalidate_inode(inode, attr_only=True)
    except OSError as error:
        if error.errno != errno.ENOENT:  # the kernel has forgotten it meanwhile
            raise
