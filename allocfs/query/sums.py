"""The codetags whose sums a query selects, and their order.

Only the codetags about which the backend's bounds leave a doubt are summed, and none of them twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocfs.backend.base import Backend
from allocfs.query.language import Query, SumPart
from allocfs.query.order import SUM_ORDERS
from allocfs.query.states import State, StateCondition
from allocfs.tags.table import Bounds, Flags, Ints, Marks, Slots, Sums


class _Candidates(NamedTuple):
    """Codetags that may match; those that are sure match whatever their sums are."""

    slots: Slots
    bounds: Bounds
    sure: Flags

    def keep(self, which: Flags | slice) -> _Candidates:
        low, high = self.bounds
        return _Candidates(self.slots[which], Bounds(low[which], high[which]), self.sure[which])


def judge_sums(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Keep the slots whose sums match now, and sort them if the query sorts by counters."""
    sort = query.sort
    found = _candidates(query, slots, backend.bounds(slots))
    if sort is None or sort.key not in SUM_ORDERS:
        return _judge_in_order(query, backend, found)
    if sort.key == "bytes" and query.limit is not None:
        found = found.keep(_may_be_first(found, query.limit, sort.descending))
    sums = backend.sums(found.slots)
    matching = _meets(query, backend, found.slots, sums)
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
        slots = found.slots[unsure]
        matching[unsure] = _meets(query, backend, slots, backend.sums(slots))
    return found.slots[matching]


def _candidates(query: Query, slots: Slots, bounds: Bounds) -> _Candidates:
    """Leave out the slots that the bounds of their bytes rule out."""
    part, (low, high) = query.sum_part, bounds
    possible = within(part, high, low)
    sure = within(part, low, high)
    if _needs_more_than_bytes(query):
        sure = np.zeros(len(slots), dtype=np.bool_)
    return _Candidates(slots, bounds, sure).keep(possible)


def _needs_more_than_bytes(query: Query) -> bool:
    part = query.sum_part
    of_calls = part.min_calls is not None or part.max_calls is not None
    return of_calls or query.anomaly is not None or bool(_sum_states(query))


def within(part: SumPart, at_least: Ints, at_most: Ints) -> Flags:
    """Tell where the first numbers reach min_size and the second do not pass max_size."""
    found = np.ones(len(at_least), dtype=np.bool_)
    if part.min_size is not None:
        found &= at_least >= part.min_size
    if part.max_size is not None:
        found &= at_most <= part.max_size
    return found


def _meets(query: Query, backend: Backend, slots: Slots, sums: Sums) -> Flags:
    """Judge the sums of some slots by all conditions on them."""
    found = _numbers_match(query.sum_part, sums)
    if query.anomaly is not None:
        found &= _are_anomalies(sums) == query.anomaly
    conditions = _sum_states(query)
    if conditions:
        marks = marks_of(backend, slots)
        for condition in conditions:
            found &= state_holds(condition, marks, sums)
    return found


def _sum_states(query: Query) -> list[StateCondition]:
    return [condition for condition in query.states if condition.needs_sums]


def _numbers_match(part: SumPart, sums: Sums) -> Flags:
    """Compare calls as what they are: unsigned, or in a diff signed."""
    found = within(part, sums.bytes, sums.bytes)
    if part.min_calls is not None:
        found &= sums.calls >= part.min_calls
    if part.max_calls is not None:
        found &= sums.calls <= part.max_calls
    return found


def _are_anomalies(sums: Sums) -> Flags:
    """Tell where a counter is below zero, or one of the two is zero alone."""
    calls = sums.calls.view(np.int64)
    found: Flags = (sums.bytes < 0) | (calls < 0) | ((sums.bytes == 0) != (calls == 0))
    return found


def marks_of(backend: Backend, slots: Slots) -> Marks:
    """Return the marks of some slots; outside a diff none is marked."""
    none = np.zeros(len(slots), dtype=np.bool_)
    return backend.marks(slots) or Marks(none, none, none, none)


def state_holds(condition: StateCondition, marks: Marks, sums: Sums | None = None) -> Flags:
    """Judge a condition on states; one that needs sums gets them."""
    flags: dict[State, Flags] = {
        State.NEW: marks.new,
        State.GONE: marks.gone,
        State.MOVED: marks.moved,
        State.UNKNOWN: marks.unknown,
    }
    if sums is not None:
        growth = sums.growth()
        flags |= {State.GROWN: growth > 0, State.SHRUNK: growth < 0}
    found = np.any([flags[state] for state in condition.states], axis=0)
    return np.asarray(found == condition.wanted)


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
