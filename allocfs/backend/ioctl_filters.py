"""Which filters fetch some tags by the ioctls, and which tags the records are that come back.

The ioctls cut names to their last 63 bytes. Codetags that are alike after the cut are told
apart by their order. They are always of one module, as the names of modules are shorter than
that, so they come and go together and their order stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from allocfs.formats.records import Record, cut_name
from allocfs.kernel.ioctl import Filter
from allocfs.tags.table import Flags, NameColumn, Slots, TagList, TagTable

_COMPARED = 64  # tags that the kernel compares with a filter in the time of one ioctl


class CutTag(NamedTuple):
    """A codetag as the ioctls spell it; several can be alike."""

    module: str
    function: str
    file: str
    line: int


@dataclass(frozen=True)
class CutNames:
    """A list of codetags as the ioctls spell them: `slots[tag]` are in the kernel's order."""

    slots: dict[CutTag, list[int]]

    @classmethod
    def from_tags(cls, tags: TagList) -> CutNames:
        """Cut the names of a list."""
        table, listed = tags.table, tags.slots
        columns = zip(
            *(_cut(column, listed) for column in (table.module, table.function, table.file)),
            table.line[listed].tolist(),
            strict=True,
        )
        slots: dict[CutTag, list[int]] = {}
        for row, slot in zip(columns, listed.tolist(), strict=True):
            slots.setdefault(CutTag(*row), []).append(slot)
        return cls(slots)

    def found(self, records: Iterable[Record]) -> Iterator[tuple[int, Record]]:
        """Tell the slots of all the records that a filter by names and line returns."""
        seen: Counter[CutTag] = Counter()
        for record in records:
            tag = cut_tag(record)
            alike = self.slots.get(tag, [])
            if seen[tag] < len(alike):  # else its module was loaded after the list was made
                yield alike[seen[tag]], record
            seen[tag] += 1


def cut_tag(record: Record) -> CutTag:
    """Return the codetag of a record."""
    return CutTag(record.module, record.function, record.file, record.line)


def filters_for(slots: Slots, tags: TagList) -> list[Filter]:
    """Choose filters that select some slots, and as few others as is worth the while.

    Either one filter has all that the slots have in common, or there is one for each of their
    files, functions or modules.
    """
    table = tags.table
    columns = (None, table.file, table.function, table.module)
    best = min(columns, key=lambda column: _cost(slots, tags, column))
    groups = [slots] if best is None else _split(slots, best)
    return [_in_common(group, table) for group in groups]


def _cut(column: NameColumn, slots: Slots) -> list[str]:
    """Cut the names of some slots, each distinct name once."""
    names = [cut_name(name).decode("utf-8", "surrogateescape") for name in column.values]
    return [names[number] for number in column.ids[slots].tolist()]


def _cost(slots: Slots, tags: TagList, column: NameColumn | None) -> float:
    """Estimate the cost of fetching some slots by the names of one column, in ioctls.

    Each record that a filter lets pass takes an ioctl, and each filter a walk over all tags.
    """
    if column is None:
        filters, records = 1, np.count_nonzero(_like_all(slots, tags))
    else:
        numbers = np.unique(column.ids[slots])
        filters = len(numbers)
        records = np.count_nonzero(np.isin(column.ids[tags.slots], numbers))
    return float(records + filters * len(tags.slots) / _COMPARED)


def _like_all(slots: Slots, tags: TagList) -> Flags:
    """Tell which tags of a list have all that some slots have in common."""
    table = tags.table
    alike = np.ones(len(tags.slots), dtype=np.bool_)
    for column in (table.file.ids, table.function.ids, table.module.ids, table.line):
        values = column[slots]
        if (values == values[0]).all():
            alike &= column[tags.slots] == values[0]
    return alike


def _split(slots: Slots, column: NameColumn) -> list[Slots]:
    """Split slots by their name."""
    numbers = column.ids[slots]
    order = np.argsort(numbers, kind="stable")
    return np.split(slots[order], np.flatnonzero(np.diff(numbers[order])) + 1)


def _in_common(slots: Slots, table: TagTable) -> Filter:
    """Return the filter that has all that some slots have in common."""

    def common(column: NameColumn) -> str | None:
        numbers = column.ids[slots]
        return column.values[numbers[0]] if (numbers == numbers[0]).all() else None

    line = table.line[slots]
    return Filter(
        module=common(table.module),
        function=common(table.function),
        file=common(table.file),
        line=int(line[0]) if (line == line[0]).all() else None,
    )
