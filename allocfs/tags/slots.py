"""Slots for codetags that are listed again and again while modules come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import NamedTuple

import numpy as np

from allocfs.tags.table import Codetag, Flags, Ints, Slots, TagList, TagTable


class Identity(NamedTuple):
    """The properties by which a codetag is recognised from one list to the next."""

    file: str
    line: int
    function: str
    module: str
    number: int  # among the codetags of a list that are alike in all of the above

    @property
    def codetag(self) -> Codetag:
        """The codetag, without its number."""
        return Codetag(*self[:4])


def identities(codetags: Iterable[Codetag]) -> Iterator[Identity]:
    """Number the codetags that are alike, in their order."""
    seen: Counter[tuple[str, int, str, str]] = Counter()
    for tag in codetags:
        alike = (tag.file, tag.line, tag.function, tag.module)
        yield Identity(*alike, seen[alike])
        seen[alike] += 1


def codetags_of(table: TagTable, slots: Slots | slice = slice(None)) -> list[Codetag]:
    """Return the codetags of a table by slot, or those of some slots in their order."""
    file, function, module = (
        [column.values[number] for number in column.ids[slots].tolist()]
        for column in (table.file, table.function, table.module)
    )
    return list(map(Codetag, file, table.line[slots].tolist(), function, module))


class TagSlots:
    """The present list, in which a codetag has the slot that it had in the lists before.

    The slots of codetags that are gone are given to new ones, so that there are as many as
    there were codetags in the longest list. Each list is a TagTable in its own order.
    """

    def __init__(self, listed: TagTable, content_id: int = 1) -> None:
        """Give the codetags of a first list the slots from 0 on."""
        every = np.arange(len(listed), dtype=np.intp)
        self.tags = TagList.from_slots(content_id, listed, every)
        self.loaded_at: Ints = np.full(len(listed), content_id, dtype=np.int64)  # 0: not loaded
        self._slot_of = {key: slot for slot, key in enumerate(identities(codetags_of(listed)))}

    def take(self, listed: TagTable, content_id: int | None = None) -> None:
        """Take in the next list.

        Without a content_id it is one more than the last, unless the codetags are the same.
        """
        codetags = codetags_of(listed)
        keys = list(identities(codetags))
        if content_id is None:
            content_id = self.tags.content_id + (keys != list(self._slot_of))
        known = np.array([key in self._slot_of for key in keys], dtype=np.bool_)
        slots = self._assign(keys)
        self._slot_of = dict(zip(keys, slots.tolist(), strict=True))
        self._note_loads(slots, known, content_id)
        self.tags = TagList.from_slots(content_id, self._table(slots, codetags), slots)

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its codetag ever since content_id."""
        if self.tags.content_id == content_id:
            return True
        return bool(loaded_since(self.loaded_at, content_id, slots).all())

    def _assign(self, keys: list[Identity]) -> Slots:
        """Choose the slots of a list: those they have, else the lowest that are free."""
        taken = {self._slot_of[key] for key in keys if key in self._slot_of}
        size = len(self.loaded_at)
        free = chain((slot for slot in range(size) if slot not in taken), count(size))
        chosen = [self._slot_of[key] if key in self._slot_of else next(free) for key in keys]
        return np.array(chosen, dtype=np.intp)

    def _note_loads(self, slots: Slots, known: np.ndarray, content_id: int) -> None:
        """Remember since when each slot has been loaded; `known` codetags have been before."""
        size = max(len(self.loaded_at), int(slots.max(initial=-1)) + 1)
        loaded_at = np.zeros(size, dtype=np.int64)
        loaded_at[slots[~known]] = content_id
        loaded_at[slots[known]] = self.loaded_at[slots[known]]
        self.loaded_at = loaded_at

    def _table(self, slots: Slots, codetags: list[Codetag]) -> TagTable:
        """Put the codetags of a list into their slots; free slots keep their last codetag."""
        by_slot = dict(enumerate(codetags_of(self.tags.table)))
        by_slot.update(zip(slots.tolist(), codetags, strict=True))
        return TagTable.from_tags([by_slot[slot] for slot in range(len(by_slot))])


def loaded_since(loaded_at: Ints, content_id: int, slots: Slots) -> Flags:
    """Tell which of some slots were loaded at content_id or before, and still are.

    `loaded_at[slot]` is the content_id of a slot's last load, 0 if it is not loaded.
    """
    chosen = loaded_at[slots]
    since: Flags = (chosen > 0) & (chosen <= content_id)
    return since


def consecutive(slots: Slots) -> slice | None:
    """Return the slice that picks the same rows, without copying them, if there is one."""
    if not len(slots):
        return slice(0)
    first, end = int(slots[0]), int(slots[-1]) + 1
    rising = end - first == len(slots) and bool((slots[1:] > slots[:-1]).all())
    return slice(first, end) if rising else None
