"""The codetags that a query selects, and their order.

`matching_tags` looks at names and lines alone, so its answer holds as long as content_id does.
`judge_counters` looks at pairs and counters, so its answer is that of the moment. It sums only the
codetags about which the backend's bounds leave a doubt, and none of them twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocfs.backend.base import Backend
from allocfs.query.language import (
    NO_SUM_PART,
    LineCondition,
    NameCondition,
    Query,
    SumPart,
    TagPart,
)
from allocfs.tags.spelling import paths_of
from allocfs.tags.table import Bounds, Flags, Ints, NameColumn, Slots, Sums, TagList, TagTable


class _Candidates(NamedTuple):
    """Codetags that may match; those that are sure match whatever their sums are."""

    slots: Slots
    bounds: Bounds
    sure: Flags

    def keep(self, which: Flags | slice) -> _Candidates:
        low, high = self.bounds
        return _Candidates(self.slots[which], Bounds(low[which], high[which]), self.sure[which])


def needs_sums(query: Query) -> bool:
    """Tell whether counters decide which records there are, or in which order."""
    by_counter = query.sort is not None and query.sort.key != "file"
    return by_counter or query.sum_part != NO_SUM_PART


def needs_values(query: Query) -> bool:
    """Tell whether the values of the moment are needed: sums, or pairs."""
    return bool(query.pairs) or needs_sums(query)


def matching_tags(query: Query, tags: TagList) -> Slots:
    """Return the loaded slots that match in name and line, in the kernel's order."""
    part, table, slots = query.tag_part, tags.table, tags.slots
    for line in part.lines:
        slots = slots[_lines_match(line, table, slots)]
    for name in _cheapest_first(part, table):
        slots = slots[_names_match(name, name.axis.column(table), slots)]
    return slots


def accurate_tags(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Keep the slots that are as accurate as a query wants; sums nothing."""
    if query.accurate is None:
        return slots
    accurate: Slots = slots[backend.accurate(slots) == query.accurate]
    return accurate


def judge_counters(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Keep the slots whose pairs and counters match now, sort them, and apply the limit.

    Slots that compare equal, or all if the query does not sort, keep the order they came in. A
    codetag that is summed is judged and sorted by that one sum.
    """
    if query.pairs:
        slots = slots[_pairs_match(query, backend, slots)]
    if query.sort is not None and query.sort.key == "file":
        slots = slots[_file_order(backend.tags.table, slots, query.sort.descending)]
    if needs_sums(query):
        slots = _judge_sums(query, backend, slots)
    return slots[: query.limit]


def _cheapest_first(part: TagPart, table: TagTable) -> list[NameCondition]:
    """Order the conditions by the number of names to compare; modules are few."""
    return sorted(part.names, key=lambda condition: len(condition.axis.column(table).values))


def _lines_match(condition: LineCondition, table: TagTable, slots: Slots) -> Flags:
    line = table.line[slots]
    found = np.zeros(len(slots), dtype=np.bool_)
    for first, last in condition.ranges:
        found |= (line >= first) & (line <= last)
    return found if condition.wanted else ~found


def _names_match(condition: NameCondition, column: NameColumn, slots: Slots) -> Flags:
    """Compare each distinct name of the slots once, in each of its spellings."""
    ids = column.ids[slots]
    numbers = np.flatnonzero(np.bincount(ids)).tolist()
    found = np.zeros(len(column.values), dtype=np.bool_)
    first, *others = condition.axis.spellings(column.values)
    found[[n for n in numbers if condition.matches(first[n])]] = True
    for names in others:
        different = [n for n in numbers if names[n] is not first[n]]
        found[[n for n in different if condition.matches(names[n])]] = True
    return found[ids] if condition.wanted else ~found[ids]


def _pairs_match(query: Query, backend: Backend, slots: Slots) -> Flags:
    """Judge each distinct text of pairs once."""
    pairs = backend.pairs(slots)
    if pairs is None:
        return np.zeros(len(slots), dtype=np.bool_)
    holds = {text: all(one.holds(text) for one in query.pairs) for text in set(pairs)}
    return np.array([holds[text] for text in pairs], dtype=np.bool_)


def _file_order(table: TagTable, slots: Slots, descending: bool) -> Slots:
    """Return the permutation that sorts slots by path, then line."""
    paths = paths_of(table.file.values)
    rank = {path: number for number, path in enumerate(sorted(set(paths)))}
    ranks = np.array([rank[path] for path in paths], dtype=np.int64)[table.file.ids[slots]]
    line = table.line[slots]
    # ~ reverses the order and, unlike a minus, cannot overflow.
    return np.lexsort((~line, ~ranks) if descending else (line, ranks))


def _judge_sums(query: Query, backend: Backend, slots: Slots) -> Slots:
    part, sort = query.sum_part, query.sort
    found = _candidates(part, slots, backend.bounds(slots))
    if sort is None or sort.key == "file":
        return _judge_in_order(query, backend, found)
    if sort.key == "bytes" and query.limit is not None:
        found = found.keep(_may_be_first(found, query.limit, sort.descending))
    sums = backend.sums(found.slots)
    matching = _meets(part, sums)
    values = (sums.bytes if sort.key == "bytes" else sums.calls)[matching]
    order = np.argsort(~values if sort.descending else values, kind="stable")
    return found.slots[matching][order]


def _judge_in_order(query: Query, backend: Backend, found: _Candidates) -> Slots:
    """Keep the candidates that match; sum those not sure that come before the limit."""
    if query.limit is not None:
        enough = int(np.searchsorted(np.cumsum(found.sure), query.limit))
        found = found.keep(slice(enough + 1))
    unsure = np.flatnonzero(~found.sure)
    matching = found.sure.copy()
    if len(unsure):
        matching[unsure] = _meets(query.sum_part, backend.sums(found.slots[unsure]))
    return found.slots[matching]


def _candidates(part: SumPart, slots: Slots, bounds: Bounds) -> _Candidates:
    """Leave out the slots that the bounds of their bytes rule out."""
    low, high = bounds
    possible = _within(part, high, low)
    sure = _within(part, low, high)
    if part.min_calls is not None or part.max_calls is not None:
        sure = np.zeros(len(slots), dtype=np.bool_)
    return _Candidates(slots, bounds, sure).keep(possible)


def _within(part: SumPart, at_least: Ints, at_most: Ints) -> Flags:
    """Tell where the first numbers reach min_size and the second do not pass max_size."""
    found = np.ones(len(at_least), dtype=np.bool_)
    if part.min_size is not None:
        found &= at_least >= part.min_size
    if part.max_size is not None:
        found &= at_most <= part.max_size
    return found


def _meets(part: SumPart, sums: Sums) -> Flags:
    found = _within(part, sums.bytes, sums.bytes)
    if part.min_calls is not None:
        found &= sums.calls >= part.min_calls
    if part.max_calls is not None:
        found &= sums.calls <= part.max_calls
    return found


def _may_be_first(found: _Candidates, limit: int, descending: bool) -> Flags:
    """Tell which candidates may be among the first `limit` by bytes, ties included.

    Find the value that `limit` sure candidates reach. A candidate whose best bound is worse
    cannot be among the first `limit`.
    """
    low, high = found.bounds
    if descending:
        low, high = ~high, ~low
    certain = high[found.sure]
    if len(certain) < limit:
        return np.ones(len(low), dtype=np.bool_)
    return np.asarray(low <= np.partition(certain, limit - 1)[limit - 1])
