"""A moment as a backend: its values never change."""

from __future__ import annotations

from allocfs.backend.base import Backend
from allocfs.moments.moment import Moment
from allocfs.tags.rounding import Rounding
from allocfs.tags.table import Bounds, Flags, Ints, Pairs, Slots, Sums, TagList


class FrozenBackend(Backend):
    """The tags and values of one moment; nothing is summed for it any more."""

    def __init__(self, moment: Moment) -> None:
        """Serve a moment."""
        super().__init__()
        self.moment = moment
        self.partial = moment.partial

    @property
    def tags(self) -> TagList:
        """The tags that were loaded at the moment."""
        return self.moment.tags

    def sums(self, slots: Slots) -> Sums:
        """Return the values of the moment."""
        return self.moment.sums.of(self._rows(slots))

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags counted every allocation."""
        flags: Flags = self.moment.sums.accurate[self._rows(slots)]
        return flags

    def bounds(self, slots: Slots) -> Bounds:
        """Return the bytes of these tags as both bounds."""
        nbytes = self.moment.sums.bytes[self._rows(slots)]
        return Bounds(nbytes, nbytes)

    def pairs(self, slots: Slots) -> Pairs | None:
        """Return the pairs that these tags had."""
        pairs = self.moment.pairs
        return None if pairs is None else [pairs[row] for row in self._rows(slots).tolist()]

    def rounding(self, slots: Slots) -> Rounding | None:
        """Return what the bytes of these tags can have been."""
        rounding = self.moment.rounding
        return None if rounding is None else rounding.of(self._rows(slots))

    def all_loaded_since(self, _content_id: int, _slots: Slots) -> bool:
        """Tell that no tag of a moment goes."""
        return True

    def values_id(self) -> int:
        """Return the number of the only values."""
        return 0

    def values_ns(self) -> int | None:
        """Return the time of the moment on the boot clock."""
        taken = self.moment.taken
        return None if taken is None else taken.boot_ns

    def describe(self) -> str:
        """Describe the source as it was, and the time of the moment."""
        taken = self.moment.taken
        return f"{self.moment.source}\nfrozen {'time unknown' if taken is None else taken}"

    def _rows(self, slots: Slots) -> Ints:
        return self.moment.tags.rank[slots]
