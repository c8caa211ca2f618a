"""The values of all codetags in some moments, by the numbers of their identities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from allocfs.moments.columns import Columns, Times, no_trends, trends_of
from allocfs.moments.grouping import starts_of
from allocfs.moments.identities import Identities
from allocfs.moments.moment import Moment
from allocfs.tags.rounding import Rounding
from allocfs.tags.rows import Trends
from allocfs.tags.slots import consecutive
from allocfs.tags.table import Flags, Ints, Pairs, Slots, Sums, TagList

_CELLS = 1 << 18  # of a codetag in a sample: so many are computed at once, in about 8 MiB

Ranks = NDArray[np.int32]  # of so many lists, half of the memory


class Samples:
    """Some moments, the oldest first; nothing of them is copied but the newest values."""

    def __init__(self, identities: Identities, moments: tuple[Moment, ...]) -> None:
        """Find the codetags of each moment. Later numbers of identities stay unknown."""
        self.moments = moments
        self._newest = _newest_by_list(moments)
        self._numbers = {tags: identities.numbers(tags) for tags in self._newest}
        self.table = identities.table
        self._ranks = {
            tags: _ranks(len(self.table), numbers) for tags, numbers in self._numbers.items()
        }
        self.sums = self._newest_sums()

    @cached_property
    def slots(self) -> Slots:
        """The codetags of the newest moment, then those that only the ones before have."""
        seen = np.zeros(len(self.table), dtype=np.bool_)
        parts = [np.empty(0, dtype=np.intp)]
        for numbers in reversed(self._numbers.values()):
            parts.append(numbers[~seen[numbers]])
            seen[numbers] = True
        return np.concatenate(parts)

    def are_newest(self, slots: Slots, sizes: Ints) -> Flags:
        """Tell which slots the newest moment of their group has; group n is the next `sizes[n]`."""
        newest, sizes = self._numbers_of_newest[slots], sizes[sizes > 0]
        if not len(slots):
            return np.zeros(0, dtype=np.bool_)
        flags: Flags = newest == np.repeat(np.maximum.reduceat(newest, starts_of(sizes)), sizes)
        return flags

    @cached_property
    def _numbers_of_newest(self) -> Ints:
        """The number of the newest moment that has each slot, -1 if none has it."""
        newest = np.full(len(self.table), -1, dtype=np.int64)
        number = {moment: n for n, moment in enumerate(self.moments)}
        for tags, moment in self._newest.items():
            newest[self._numbers[tags]] = number[moment]
        return newest

    @cached_property
    def pairs(self) -> Pairs | None:
        """The pairs of all slots, each in the newest moment that has it."""
        if all(moment.pairs is None for moment in self._newest.values()):
            return None
        pairs = [""] * len(self.table)
        for tags, moment in self._newest.items():
            numbers = self._numbers[tags].tolist()
            for number, text in zip(numbers, moment.pairs or [""] * len(numbers), strict=True):
                pairs[number] = text
        return pairs

    @cached_property
    def rounding(self) -> Rounding | None:
        """What the bytes of all slots can have been, each in the newest moment that has it."""
        if all(moment.rounding is None for moment in self._newest.values()):
            return None
        rounding = Rounding.none(len(self.table))
        for tags, moment in self._newest.items():
            numbers = self._numbers[tags]
            rounding.put(numbers, moment.rounding or Rounding.none(len(numbers)))
        return rounding

    @cached_property
    def in_all(self) -> Flags:
        """Which slots all moments have."""
        flags = np.ones(len(self.table), dtype=np.bool_)
        for ranks in self._ranks.values():
            flags &= ranks >= 0
        return flags

    def trends(self, slots: Slots, sizes: Ints) -> Trends:
        """Compute the trends of groups that are not empty; group n is the next `sizes[n]` slots."""
        if not self.moments or not len(sizes):
            return no_trends(len(sizes))
        step = max(1, _CELLS // len(self.moments))
        ends = np.cumsum(sizes)
        starts = starts_of(sizes)
        parts = []
        for first in range(0, len(sizes), step):
            here = starts[first : first + step]
            chunk = slots[here[0] : ends[first : first + step][-1]]
            parts.append(trends_of(self._columns(chunk, here - here[0]), self._times))
        return Trends._make(map(np.concatenate, zip(*parts, strict=True)))

    @cached_property
    def _times(self) -> Times:
        taken = [moment.taken for moment in self.moments if moment.taken is not None]
        if len(taken) < len(self.moments):
            return None
        return np.array([each.boot_ns for each in taken], dtype=np.int64)

    def _columns(self, slots: Slots, starts: Ints) -> Columns:
        """Sum the bytes of slots in each moment, from each start to the next."""
        grouped = starts if len(starts) < len(slots) else None
        places = {
            tags: _place(ranks[slots].astype(np.intp), grouped)
            for tags, ranks in self._ranks.items()
        }
        here = [(places[moment.tags], moment.sums.bytes) for moment in self.moments]
        nbytes = np.array([place.read(column) for place, column in here])
        return Columns(nbytes, np.array([place.present for place, _ in here]))

    def _newest_sums(self) -> Sums:
        """Return the values of each slot in the newest moment that has it, else zero."""
        sums = Sums.zeros(len(self.table), accurate=True)
        for tags, moment in self._newest.items():
            sums.put(self._numbers[tags], moment.sums)
        return sums


class _Place(NamedTuple):
    """The ranks of slots in a list, -1 of those that it lacks, and which of their groups it has."""

    ranks: Slots | slice
    starts: Ints | None  # None if each is its own group
    present: Flags

    def read(self, values: Ints) -> Ints:
        """Sum the values of each group; one that is not present has any."""
        if self.starts is None:
            return values[self.ranks] if len(values) else np.zeros(len(self.present), np.int64)
        padded = np.append(values, 0)  # where rank -1 reads
        return np.add.reduceat(padded[self.ranks], self.starts)


def _place(ranks: Slots, starts: Ints | None) -> _Place:
    present = ranks >= 0
    run = consecutive(ranks) if present.all() else None
    if starts is not None:
        present = np.logical_or.reduceat(present, starts)
    return _Place(ranks if run is None else run, starts, present)


def _newest_by_list(moments: Sequence[Moment]) -> dict[TagList, Moment]:
    """Return the newest moment of each list, in the order of these moments."""
    newest: dict[TagList, Moment] = {}
    for moment in moments:
        newest.pop(moment.tags, None)
        newest[moment.tags] = moment
    return newest


def _ranks(size: int, numbers: Slots) -> Ranks:
    """Return the place of each slot in a list, -1 if it is not there."""
    ranks = np.full(size, -1, dtype=np.int32)
    ranks[numbers] = np.arange(len(numbers))
    return ranks
