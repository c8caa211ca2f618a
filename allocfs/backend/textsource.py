"""The base of all backends that serve a text as it was at its last read."""

from __future__ import annotations

from allocfs.backend.base import Backend
from allocfs.backend.sourcestate import SourceState
from allocfs.formats.text import Listing
from allocfs.tags.rounding import Partial, Rounding
from allocfs.tags.slots import TagSlots
from allocfs.tags.table import Bounds, Flags, Pairs, Slots, Sums, TagList


class TextSource(Backend):
    """The tags and the counters of one text, until another is taken in.

    A source that has failed has no counters: they would be old ones that look like new ones.
    """

    rereads_source = True

    def __init__(self, listing: Listing, cpus: int = 1) -> None:
        """Begin with a text; `cpus` is 1 where it is not known how many were summed."""
        super().__init__()
        self.cpus = cpus
        self.state = SourceState()
        self._slots = TagSlots(listing.table)
        self._listing = listing
        self._texts = 1
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
        self._texts += 1
        self._sums = _by_slot(listing.sums, self.tags)
        self.state.succeeded()
        if self.tags.content_id != content_id:
            self.announce_change()

    def values_id(self) -> int:
        """Return the number of texts taken in so far."""
        self.state.require()
        return self._texts

    def require_tags(self) -> None:
        """Raise SourceLate while a pass is late."""
        self.state.require_answer()

    def sums(self, slots: Slots) -> Sums:
        """Return the counters that the text has for these tags."""
        self.state.require()
        return self._sums.of(slots)

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags count every allocation, as the text has it."""
        self.state.require()
        return self._sums.accurate[slots]

    def bounds(self, slots: Slots) -> Bounds:
        """Return the bytes of these tags as both bounds."""
        self.state.require()
        nbytes = self._sums.bytes[slots]
        return Bounds(nbytes, nbytes)

    def pairs(self, slots: Slots) -> Pairs | None:
        """Return the pairs that the text has for these tags."""
        self.state.require()
        pairs = self._listing.pairs
        if pairs is None:
            return None
        return [pairs[line] if line >= 0 else "" for line in self.tags.rank[slots].tolist()]

    @property
    def partial(self) -> Partial | None:  # type: ignore[override]
        """What the header says of a list that lacks codetags."""
        return self._listing.partial

    def rounding(self, slots: Slots) -> Rounding | None:
        """Return what the text says that the bytes of these tags can be."""
        self.state.require()
        rounding = self._listing.rounding
        return None if rounding is None else rounding.of(self.tags.rank[slots])

    def notice(self) -> str:
        """Return the line about the parts that were not understood, if there are any."""
        return self._listing.notice_line

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its tag ever since content_id."""
        return self._slots.all_loaded_since(content_id, slots)


def _by_slot(sums: Sums, tags: TagList) -> Sums:
    """Order the sums of a text's lines by slot; slots that are not loaded have zeroes."""
    placed = Sums.zeros(len(tags.table))
    placed.put(tags.slots, sums)
    return placed
