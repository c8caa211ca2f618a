"""Numbers for the identities of codetags, by which moments of different lists are compared."""

from __future__ import annotations

import weakref

import numpy as np

from allocfs.tags.slots import Identity, codetags_of, identities
from allocfs.tags.table import Slots, TagList, TagTable


class Identities:
    """A number for each identity that any moment had: a slot of `table`, never used again.

    So a tag keeps its number across reloads of its module, and a file of a diff never goes stale.
    """

    def __init__(self, first: TagList) -> None:
        """Number the tags of a first list; its table is shared, if its order is the same."""
        self._number_of: dict[Identity, int] = {}
        self._by_list: weakref.WeakKeyDictionary[TagList, Slots] = weakref.WeakKeyDictionary()
        self.table = TagTable.from_tags([])
        numbers = self.numbers(first)
        if len(numbers) == len(first.table) and np.array_equal(numbers, first.slots):
            self.table = first.table

    def numbers(self, tags: TagList) -> Slots:
        """Return the number of each tag of a list, in the order of the list."""
        found = self._by_list.get(tags)
        if found is None:
            found = self._by_list[tags] = self._number(tags)
        return found

    def part(self, tags: TagList, slots: Slots) -> TagList:
        """Return a list of some of the tags of a list, whose numbers then are known."""
        part = TagList.from_slots(tags.content_id, tags.table, slots)
        self._by_list[part] = self.numbers(tags)[tags.rank[slots]]
        return part

    def listed(self, numbers: Slots) -> TagList:
        """Return a list of the tags that have some numbers."""
        tags = TagList.from_slots(0, self.table, numbers)
        self._by_list[tags] = numbers
        return tags

    def _number(self, tags: TagList) -> Slots:
        codetags = codetags_of(tags.table)
        keys = list(identities(codetags[slot] for slot in tags.slots.tolist()))
        known = len(self._number_of)
        numbers = [self._number_of.setdefault(key, len(self._number_of)) for key in keys]
        if len(self._number_of) > known:
            # Lists that had the old table go on with it: a table does not change.
            self.table = TagTable.from_tags([key.codetag for key in self._number_of])
        return np.array(numbers, dtype=np.intp)
