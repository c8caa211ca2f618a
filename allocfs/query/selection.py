"""The codetags that a query selects, and their order.

`matching_tags` looks at names and lines alone, so its answer holds as long as content_id does.
`judge_counters` looks at pairs, states, trends and counters, so its answer is that of the moment.
`query/sums.py` has the part about counters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from allocfs.backend.base import Backend
from allocfs.query.language import (
    NO_SUM_PART,
    NO_TREND_PART,
    LineCondition,
    NameCondition,
    Query,
    TagPart,
    TrendPart,
)
from allocfs.query.order import SUM_ORDERS, TREND_ORDERS, Sort
from allocfs.query.sums import judge_sums, marks_of, state_holds
from allocfs.tags.rows import Floats
from allocfs.tags.spelling import paths_of
from allocfs.tags.table import Flags, Ints, NameColumn, Slots, TagList, TagTable


def needs_sums(query: Query) -> bool:
    """Tell whether counters decide which records there are, or in which order."""
    by_counter = query.sort is not None and query.sort.key in SUM_ORDERS
    of_state = any(condition.needs_sums for condition in query.states)
    return by_counter or of_state or query.anomaly is not None or query.sum_part != NO_SUM_PART


def needs_values(query: Query) -> bool:
    """Tell whether values of the moment are needed: sums, pairs, states, trends, or members."""
    return query.selects_by_value or needs_sums(query) or _needs_trends(query)


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


def chosen_now(query: Query, backend: Backend, slots: Slots) -> Flags:
    """Tell which slots are as accurate as a query wants and have the pairs that it wants."""
    chosen = np.ones(len(slots), dtype=np.bool_)
    if query.accurate is not None:
        chosen &= backend.accurate(slots) == query.accurate
    if query.pairs:
        chosen &= _pairs_match(query, backend, slots)
    return chosen


def judge_counters(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Keep the slots whose values match now, sort them, and apply the limit.

    Slots that compare equal, or all if the query does not sort, keep the order they came in. A
    codetag that is summed is judged and sorted by that one sum. Of a query with a group pass the
    `row_query`, and a backend of rows.
    """
    if query.pairs:
        slots = slots[_pairs_match(query, backend, slots)]
    if query.occupied:
        slots = slots[_are_occupied(backend, slots)]
    slots = _judge_marks(query, backend, slots)
    if _needs_trends(query):
        slots = _judge_trends(query, backend, slots)
    if query.sort is not None and query.sort.key in ("file", "names"):
        slots = slots[_name_order(backend.tags.table, slots, query.sort)]
    if needs_sums(query):
        slots = judge_sums(query, backend, slots)
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


def _are_occupied(backend: Backend, slots: Slots) -> Flags:
    members = backend.members(slots)
    return np.ones(len(slots), dtype=np.bool_) if members is None else members > 0


def _judge_marks(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Keep the slots that meet the conditions on states for which nothing is summed."""
    conditions = [condition for condition in query.states if not condition.needs_sums]
    if conditions:
        marks = marks_of(backend, slots)
        slots = slots[np.all([state_holds(one, marks) for one in conditions], axis=0)]
    return slots


def _needs_trends(query: Query) -> bool:
    by_trend = query.sort is not None and query.sort.key in TREND_ORDERS
    return by_trend or query.trend_part != NO_TREND_PART


def _judge_trends(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Keep the slots whose trends match, and sort them if the query wants that."""
    trends = backend.trends(slots)
    unknown = np.full(len(slots), np.nan)
    slope, rising = (unknown, unknown) if trends is None else (trends.slope, trends.rising)
    matching = np.flatnonzero(_trends_match(query.trend_part, slope, rising))
    if query.sort is not None and query.sort.key in TREND_ORDERS:
        values = (slope if query.sort.key == "slope" else rising)[matching]
        # NaN stays last: a minus does not change it.
        matching = matching[np.argsort(-values if query.sort.descending else values, kind="stable")]
    return slots[matching]


def _trends_match(part: TrendPart, slope: Floats, rising: Floats) -> Flags:
    """Compare numbers as floats: the nearest one to each bound. NaN matches no bound."""
    found = np.ones(len(slope), dtype=np.bool_)
    if part.min_slope is not None:
        found &= slope >= float(part.min_slope)
    if part.max_slope is not None:
        found &= slope <= float(part.max_slope)
    if part.min_rising is not None:
        found &= rising >= float(part.min_rising)
    return found


def _name_order(table: TagTable, slots: Slots, sort: Sort) -> Slots:
    """Return the permutation that sorts slots by path and line, or by all of their names."""
    keys = [table.line[slots], _name_ranks(table.file.ids[slots], paths_of(table.file.values))]
    if sort.key == "names":
        columns = (table.module, table.function)
        keys = [*(_name_ranks(each.ids[slots], each.values) for each in columns), *keys]
    # ~ reverses the order and, unlike a minus, cannot overflow.
    return np.lexsort([~key for key in keys] if sort.descending else keys)


def _name_ranks(ids: NDArray[np.int32], names: tuple[str, ...]) -> Ints:
    """Return the ranks of names in the order of their characters."""
    rank = {name: number for number, name in enumerate(sorted(set(names)))}
    ranks: Ints = np.array([rank[name] for name in names], dtype=np.int64)[ids]
    return ranks
