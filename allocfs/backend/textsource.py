"""What backends share that serve a text as it was when it was last read."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import numpy as np

from allocfs.backend.base import ignore_change
from allocfs.errors import SourceFailed, SourceLate
from allocfs.formats.text import Listing
from allocfs.tags.slots import TagSlots
from allocfs.tags.table import Bounds, Flags, Slots, Sums, TagList

log = logging.getLogger(__name__)


class Condition:
    """Whether a source can be read; the log has a line when that changes, and no more."""

    def __init__(self) -> None:
        """Take the source for readable."""
        self.failures = 0
        self.late: Callable[[], Awaitable[None]] | None = None  # how to wait for it, if it is
        self._error = ""

    def __str__(self) -> str:
        if self._error:
            return f"failed: {self._error}"
        return "late" if self.late else "ok"

    def failed(self, error: Exception) -> None:
        """Note that the source could not be read."""
        if not self._error:
            log.error("reads fail from now on: %s", error)
        self.failures += 1
        self._error = str(error)

    def succeeded(self) -> None:
        """Note that the source was read."""
        if self._error:
            log.warning("reads work again; they failed because of: %s", self._error)
        self._error = ""

    def require(self) -> None:
        """Raise SourceFailed if the source could not be read, SourceLate if it is being read."""
        if self._error:
            raise SourceFailed(self._error)
        if self.late:
            raise SourceLate("the source has not answered yet", self.late)


class Snapshot:
    """The tags and the counters of one text, until another is taken in.

    While the source is in bad condition there are no counters: they would be old ones that
    look like new ones.
    """

    def __init__(self, listing: Listing, cpus: int = 1) -> None:
        """Begin with a text; `cpus` is 1 where it is not known how many were summed."""
        self.cpus = cpus
        self.counters_read = 0
        self.changed: Callable[[], None] = ignore_change
        self.condition = Condition()
        self._slots = TagSlots(listing.table)
        self._listing = listing
        self._sums = listing.sums  # by slot

    @property
    def tags(self) -> TagList:
        """The tags of the text, in its order."""
        return self._slots.tags

    def take(self, listing: Listing) -> None:
        """Serve another text from now on."""
        content_id = self.tags.content_id
        if listing.table is not self._listing.table:
            self._slots.take(listing.table)
        self._listing = listing
        self._sums = _by_slot(listing.sums, self.tags)
        self.condition.succeeded()
        if self.tags.content_id != content_id:
            self.changed()

    def sums(self, slots: Slots) -> Sums:
        """Return the counters that the text has for these tags."""
        self.condition.require()
        nbytes, calls, accurate = self._sums
        return Sums(nbytes[slots], calls[slots], accurate[slots])

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags count every allocation, as the text has it."""
        self.condition.require()
        return self._sums.accurate[slots]

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these tags by what they are."""
        self.condition.require()
        nbytes = self._sums.bytes[slots]
        return Bounds(nbytes, nbytes)

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its tag ever since content_id."""
        return self._slots.all_loaded_since(content_id, slots)


def _by_slot(sums: Sums, tags: TagList) -> Sums:
    """Order the sums of a text's lines by slot; slots that are not loaded have zeroes."""
    size = len(tags.table)
    placed = Sums(
        np.zeros(size, dtype=np.int64),
        np.zeros(size, dtype=np.uint64),
        np.zeros(size, dtype=np.bool_),
    )
    for column, values in zip(placed, sums, strict=True):
        column[tags.slots] = values
    return placed
