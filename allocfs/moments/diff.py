"""The difference of two moments as a backend: the values of its tags are after minus before.

Tags are matched by identity, so a tag of a module that was loaded again is the same tag. Tags
that only one of the moments has, within a function that both have, are taken for tags whose line
moved: captures of different kernel builds differ so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from allocfs.backend.base import Backend
from allocfs.errors import SourceFailed, TagGone
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.identities import Identities
from allocfs.moments.moment import MOST_PASSES
from allocfs.tags.rounding import Rounding
from allocfs.tags.rows import Change, Rows
from allocfs.tags.table import Flags, Marks, Pairs, Slots, Sums, TagList, TagTable

_NS = 1_000_000_000


class DiffBackend(Backend):
    """The tags that either of two backends has; its slots are the numbers of identities.

    If both are frozen it has only the tags whose values differ, unless it is `whole`, which sums
    of tags need. No tag of it is ever gone: it counts as zero where it is not loaded.

    The numbers of tags are those of `numbering`, a list that has all tags of `after`, by default
    its own; the tags that are gone have the numbers after these.
    """

    def __init__(
        self,
        identities: Identities,
        before: Backend,
        after: Backend,
        whole: bool = False,
        numbering: TagList | None = None,
    ) -> None:
        """Match the tags. Raises SourceLate."""
        super().__init__()
        self._whole = whole
        self._numbering = numbering
        self.is_frozen = all(isinstance(end, FrozenBackend) for end in (before, after))
        self.cpus = after.cpus
        self.staleness = min(before.staleness, after.staleness)
        self.may_be_late = before.may_be_late or after.may_be_late
        self._identities = identities
        self._before, self._after = before, after
        self._match()

    @property
    def tags(self) -> TagList:
        """The tags of `after`, then those that only `before` has."""
        self.renew()
        return self._tags

    @property
    def counters_read(self) -> int:  # type: ignore[override]
        """The counters summed for either end."""
        return self._before.counters_read + self._after.counters_read

    def renew(self) -> None:
        """Match anew if one of the lists has changed; every method that needs it calls this."""
        if self._lists != (self._before.tags, self._after.tags):
            self._match()

    def require_tags(self) -> None:
        """Raise SourceLate if one of the lists is late."""
        self._before.require_tags()
        self._after.require_tags()

    def sums(self, slots: Slots) -> Sums:
        """Return the differences; `calls` is signed, and a difference of accurate ones accurate.

        A source may find out only here that a module is gone. Its tags then count as zero.
        """
        for _ in range(MOST_PASSES):
            try:
                return self._differences(slots)
            except TagGone:
                self._before.renew()
                self._after.renew()
        raise SourceFailed(f"modules were unloaded in each of {MOST_PASSES} passes")

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags count every allocation in both moments."""
        self.renew()
        return _accurate(self._before, self._before_slots[slots]) & _accurate(
            self._after, self._after_slots[slots]
        )

    def pairs(self, slots: Slots) -> Pairs | None:
        """Return the pairs that these tags have after."""
        self.renew()
        after = self._after_slots[slots]
        present = after >= 0
        pairs = self._after.pairs(after[present])
        if pairs is None:
            return None
        found = iter(pairs)
        return [next(found) if here else "" for here in present.tolist()]

    def marks(self, slots: Slots) -> Marks:
        """Mark the tags that one moment lacks, and those whose line moved."""
        self.renew()
        before, after = self._before_slots[slots], self._after_slots[slots]
        is_new, is_gone = before < 0, after < 0
        unknown = np.zeros(len(slots), dtype=np.bool_)
        if self._before.partial:
            unknown, is_new = unknown | is_new, unknown
        if self._after.partial:
            unknown, is_gone = unknown | is_gone, np.zeros_like(is_gone)
        return Marks(is_new, is_gone, self._moved[slots], unknown)

    def rounding(self, slots: Slots) -> Rounding | None:
        """Tell what the differences can be; a tag that a partial list lacks has unknown bytes."""
        self.renew()
        ends = [
            _rounding(self._after, self._after_slots[slots]),
            _rounding(self._before, self._before_slots[slots]),
        ]
        if ends == [None, None]:
            return None
        after, before = (end or Rounding.none(len(slots)) for end in ends)
        return after.of_difference(before)

    def rows(self, slots: Slots, sums: Sums) -> Rows:
        """Add the values before and the marks; both are of the same instant as the sums."""
        before = self._values_before(slots, sums)
        change = Change(before, self.seconds(), self.marks(slots))
        pairs, rounding = self.pairs(slots), self.rounding(slots)
        return Rows(self.tags.table, slots, sums, pairs, change, rounding=rounding)

    def seconds(self) -> float | None:
        """Return the time from before to after in seconds, None if it is not known."""
        before, after = self._before.values_ns(), self._after.values_ns()
        return None if before is None or after is None else (after - before) / _NS

    def all_loaded_since(self, _content_id: int, _slots: Slots) -> bool:
        """Tell that no tag is ever gone."""
        return True

    def values_id(self) -> int | None:
        """Return a number that changes when a value of either end does."""
        before, after = self._before.values_id(), self._after.values_id()
        return None if before is None or after is None else hash((before, after))

    def describe(self) -> str:
        """Describe both ends."""
        seconds = self.seconds()
        return (
            f"before\n{self._before.describe()}\nafter\n{self._after.describe()}\n"
            f"seconds {'unknown' if seconds is None else f'{seconds:.3f}'}"
        )

    def _differences(self, slots: Slots) -> Sums:
        self.renew()
        before = _values(self._before, self._before_slots[slots])
        after = _values(self._after, self._after_slots[slots])
        calls = after.calls.view(np.int64) - before.calls.view(np.int64)
        return Sums(after.bytes - before.bytes, calls, after.accurate & before.accurate)

    def _values_before(self, slots: Slots, sums: Sums) -> Sums:
        """Return the values before without a second sum of the end that is not frozen."""
        if isinstance(self._before, FrozenBackend):
            return _values(self._before, self._before_slots[slots])
        after = _values(self._after, self._after_slots[slots])
        calls = (after.calls.view(np.int64) - sums.calls.view(np.int64)).view(np.uint64)
        return Sums(after.bytes - sums.bytes, calls, sums.accurate)

    def _match(self) -> None:
        before, after = self._lists = self._before.tags, self._after.tags
        identities = self._identities
        of_before, of_after = map(identities.numbers, self._lists)
        table = identities.table
        self._before_slots = _by_number(len(table), of_before, before.slots)
        self._after_slots = _by_number(len(table), of_after, after.slots)
        self._moved = np.zeros(len(table), dtype=np.bool_)
        gone = of_before[self._after_slots[of_before] < 0]
        gone = self._match_moved(table, gone, of_after[self._before_slots[of_after] < 0])
        numbers = np.concatenate([of_after, gone])
        content_id = (
            before.content_id if isinstance(self._after, FrozenBackend) else after.content_id
        )
        numbering = of_after if self._numbering is None else identities.numbers(self._numbering)
        every = TagList.from_slots(content_id, table, np.concatenate([numbering, gone]))
        self._tags = every.part(numbers)
        if self.is_frozen and not self._whole:
            self._tags = every.part(numbers[self.sums(numbers).growth() != 0])

    def _match_moved(self, table: TagTable, gone: Slots, new: Slots) -> Slots:
        """Give tags whose line moved their values before; return the other ones that are gone."""
        if self._before.partial or self._after.partial:
            return gone  # the other list may have the tag too
        for old, number in _moved_pairs(table, gone, new):
            self._before_slots[number] = self._before_slots[old]
            self._before_slots[old] = -1
            self._moved[number] = True
        return gone[self._before_slots[gone] >= 0]


def _by_number(size: int, numbers: Slots, slots: Slots) -> Slots:
    by_number = np.full(size, -1, dtype=np.intp)
    by_number[numbers] = slots
    return by_number


def _values(backend: Backend, slots: Slots) -> Sums:
    """Return the values of some tags of one end, zero where it lacks them."""
    present = slots >= 0
    if present.all():
        return backend.sums(slots)
    sums = Sums.zeros(len(slots), accurate=True)
    sums.put(np.flatnonzero(present), backend.sums(slots[present]))
    return sums


def _rounding(backend: Backend, slots: Slots) -> Rounding | None:
    """Tell what the bytes of some tags of one end can be, also of those that it lacks."""
    present = slots >= 0
    found = backend.rounding(slots[present])
    lacking = backend.partial.rounding(len(slots)) if backend.partial else None
    if found is None and (lacking is None or present.all()):
        return None
    rounding = lacking or Rounding.none(len(slots))
    rounding.put(np.flatnonzero(present), found or Rounding.none(int(present.sum())))
    return rounding


def _accurate(backend: Backend, slots: Slots) -> Flags:
    present = slots >= 0
    flags = np.ones(len(slots), dtype=np.bool_)
    flags[present] = backend.accurate(slots[present])
    return flags


def _moved_pairs(table: TagTable, gone: Slots, new: Slots) -> Iterator[tuple[int, int]]:
    """Pair the tags of a function that one list lacks with those that the other lacks, in order.

    Both lists rarely lack any: then this costs nothing.
    """
    if not len(gone) or not len(new):
        return
    gone_in, new_in = _by_function(table, gone), _by_function(table, new)
    for function in gone_in.keys() & new_in.keys():
        yield from zip(gone_in[function], new_in[function], strict=False)


def _by_function(table: TagTable, slots: Slots) -> dict[tuple[int, ...], list[int]]:
    """Group slots by file, function and module, each group by line."""
    groups: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    ordered = slots[np.argsort(table.line[slots], kind="stable")]
    columns = (
        column.ids[ordered].tolist() for column in (table.file, table.function, table.module)
    )
    for slot, *function in zip(ordered.tolist(), *columns, strict=True):
        groups[tuple(function)].append(slot)
    return groups
