"""Trends as a backend: how the bytes of each codetag moved over some moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import count

import numpy as np

from allocfs.backend.base import Backend
from allocfs.moments.columns import no_trends
from allocfs.moments.identities import Identities
from allocfs.moments.moment import Moment
from allocfs.moments.samples import Samples
from allocfs.tags.rounding import Rounding
from allocfs.tags.rows import Rows, Trends
from allocfs.tags.table import Bounds, Flags, Ints, Pairs, Slots, Sums, TagList

_CONTENT_ID_BYTES = 7  # so that programs without unsigned numbers can have it
_values_ids = count()


class TrendBackend(Backend):
    """The codetags that any of some moments has; its slots are the numbers of identities.

    `samples` gives the moments, the oldest first. Each codetag has the values of the last sample
    in which it occurs, and its trend over those in which it occurs: a module that was loaded later
    counts from then on. If the time of a sample is not known, all slopes are 0. No codetag is ever
    gone: outside of the samples it counts as zero.
    """

    has_trends = True

    def __init__(self, identities: Identities, samples: Callable[[], Sequence[Moment]]) -> None:
        """Take in the samples of now."""
        super().__init__()
        self._identities = identities
        self._samples_now = samples
        self._take(Samples(identities, tuple(samples())))
        self._tags = self._list(self._samples)

    @property
    def tags(self) -> TagList:
        """The codetags of the newest sample, then those that only the ones before have."""
        return self._tags

    def renew(self) -> None:
        """Take in the samples of now, if they are others."""
        moments = tuple(self._samples_now())
        if moments != self._samples.moments:
            self._take(Samples(self._identities, moments))
            if _content_id(self._samples.slots) != self._tags.content_id:
                self._tags = self._list(self._samples)

    def sums(self, slots: Slots) -> Sums:
        """Return the values of the newest sample in which each of these codetags occurs."""
        return self._samples.sums.of(slots)

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these codetags counted every allocation in that sample."""
        flags: Flags = self._samples.sums.accurate[slots]
        return flags

    def bounds(self, slots: Slots) -> Bounds:
        """Return the bytes of these codetags as both bounds."""
        nbytes = self._samples.sums.bytes[slots]
        return Bounds(nbytes, nbytes)

    def pairs(self, slots: Slots) -> Pairs | None:
        """Return the pairs that these codetags have in that sample."""
        pairs = self._samples.pairs
        return None if pairs is None else [pairs[slot] for slot in slots.tolist()]

    def rounding(self, slots: Slots) -> Rounding | None:
        """Tell what the bytes of these codetags can have been in that sample."""
        rounding = self._samples.rounding
        return None if rounding is None else rounding.of(slots)

    def rows(self, slots: Slots, sums: Sums) -> Rows:
        """Add the trends."""
        pairs, trends, rounding = self.pairs(slots), self.trends(slots), self.rounding(slots)
        return Rows(self.tags.table, slots, sums, pairs, trends=trends, rounding=rounding)

    def trends(self, slots: Slots) -> Trends:
        """Return the trends of these codetags; each is computed once for the same samples."""
        missing = slots[~self._is_computed[slots]]
        if len(missing):
            # Those that all samples have come first, because they take a third of the time.
            missing = missing[np.argsort(~self._samples.in_all[missing], kind="stable")]
            computed = self._samples.trends(missing, np.ones(len(missing), dtype=np.int64))
            _put(self._trends, missing, computed)
            self._is_computed[missing] = True
        return Trends._make(column[slots] for column in self._trends)

    def sums_in_groups(self, slots: Slots, sizes: Ints) -> Sums:
        """Return the values of the newest sample that has any codetag of the group, else zero."""
        sums, counts = self.sums(slots), self._samples.are_newest(slots, sizes)
        return Sums(sums.bytes * counts, sums.calls * counts, sums.accurate | ~counts)

    def rounding_in_groups(self, slots: Slots, sizes: Ints) -> Rounding | None:
        """Tell what the bytes of sums_in_groups() can be."""
        rounding = self.rounding(slots)
        if rounding is None:
            return None
        counts = self._samples.are_newest(slots, sizes)
        return Rounding(rounding.below * counts, rounding.above * counts)

    def trends_of_groups(self, slots: Slots, sizes: Ints) -> Trends:
        """Return the trends of the sums of groups; group n is the next `sizes[n]` codetags.

        A group occurs where any of its codetags does; the others then count as zero.
        """
        trends = no_trends(len(sizes))
        occupied = np.flatnonzero(sizes)
        _put(trends, occupied, self._samples.trends(slots, sizes[occupied]))
        return trends

    def all_loaded_since(self, _content_id: int, _slots: Slots) -> bool:
        """Tell that no codetag is ever gone."""
        return True

    def values_id(self) -> int:
        """Return a number that changes when the samples do."""
        return self._values_id

    def values_ns(self) -> int | None:
        """Return the time of the newest sample on the boot clock."""
        moments = self._samples.moments
        taken = moments[-1].taken if moments else None
        return None if taken is None else taken.boot_ns

    def describe(self) -> str:
        """Describe the source of the newest sample, and count the samples."""
        moments = self._samples.moments
        lines = [f"samples {len(moments)}"]
        if moments:
            oldest, newest = (moments[end].taken or "unknown" for end in (0, -1))
            lines = [moments[-1].source, *lines, f"oldest {oldest}", f"newest {newest}"]
        return "\n".join(lines)

    def _take(self, samples: Samples) -> None:
        self._samples = samples
        self._trends = no_trends(len(samples.table))
        self._is_computed = np.zeros(len(samples.table), dtype=np.bool_)
        self._values_id = next(_values_ids)

    @staticmethod
    def _list(samples: Samples) -> TagList:
        return TagList.from_slots(_content_id(samples.slots), samples.table, samples.slots)


def _put(trends: Trends, rows: Slots, computed: Trends) -> None:
    for column, values in zip(trends, computed, strict=True):
        column[rows] = values


def _content_id(slots: Slots) -> int:
    """Return a number that depends only on the list: a trend may be forgotten and made again."""
    digest = blake2b(slots.tobytes(), digest_size=_CONTENT_ID_BYTES).digest()
    return int.from_bytes(digest, "big")
