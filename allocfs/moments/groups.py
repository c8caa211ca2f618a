"""The rows of a group as a backend: each sums some codetags of another backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from allocfs.backend.base import Backend
from allocfs.moments.grouping import Grouping, divide, field_names, heads, starts_of
from allocfs.query.language import Query
from allocfs.query.selection import chosen_now, matching_tags
from allocfs.tags.rounding import UNLIMITED, Rounding
from allocfs.tags.rows import Change, Groups, Rows, Trends
from allocfs.tags.slots import TagSlots, codetags_of
from allocfs.tags.table import Bounds, Flags, Ints, Marks, Slots, Sums, TagList, TagTable

T = TypeVar("T", bound=np.generic)

_SAFE = 2.0**62  # no sum of bounds below this overflows, whatever a float has lost


class GroupBackend(Backend):
    """Rows of sums; their slots are those of a table of rows.

    Names and lines choose codetags once for each list of the base. If the query has conditions on
    accuracy or pairs, each method below chooses among these when it is called; so a row may have no
    codetag at the moment, and is zero. A row keeps its slot for as long as it has codetags.
    """

    def __init__(self, base: Backend, query: Query) -> None:
        """Group the codetags of a backend as a query with `group` asks; judge no row."""
        super().__init__()
        self.base = base
        self.cpus = base.cpus
        self.staleness = base.staleness
        self.may_be_late = base.may_be_late
        self.has_trends = base.has_trends
        if query.group is None:
            raise ValueError("expected a query with a group")
        self._group = query.group
        self._query = query.tag_query
        self._varies = query.row_query.occupied
        self._grouped = base.tags
        grouping = self._divide()
        self._slots = TagSlots(TagTable.from_tags(grouping.rows), self._grouped.content_id)
        self._place(grouping)

    @property
    def tags(self) -> TagList:
        """The rows, in the order of their first codetags, with the content_id of the base."""
        self._follow()
        return self._slots.tags

    @property
    def counters_read(self) -> int:  # type: ignore[override]
        """The counters that the base has summed."""
        return self.base.counters_read

    def on_change(self, subscriber: Callable[[], None]) -> None:
        """Call a subscriber after each change of the content_id of the base."""
        self.base.on_change(subscriber)

    def renew(self) -> None:
        """Take in all changes of the base; divide its codetags anew if its list is another."""
        self.base.renew()
        self._follow()

    def accept_late(self) -> None:
        """Let the next renew() make do with a late answer of the base."""
        self.base.accept_late()

    def require_tags(self) -> None:
        """Raise SourceLate if the list of the base is late."""
        self.base.require_tags()

    def values_id(self) -> int | None:
        """Return the number of the values of the base."""
        return self.base.values_id()

    def values_ns(self) -> int | None:
        """Return the time of the values of the base."""
        return self.base.values_ns()

    def describe(self) -> str:
        """Describe the base."""
        return self.base.describe()

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether each of these rows has had codetags ever since content_id."""
        self._follow()
        return self._slots.all_loaded_since(content_id, slots)

    def members(self, slots: Slots) -> Ints:
        """Count the codetags of each of these rows."""
        return self._chosen(slots)[1]

    def codetags(self, slots: Slots) -> Slots:
        """Return the slots of the base that are summed into these rows."""
        return self._chosen(slots)[0]

    def sums(self, slots: Slots) -> Sums:
        """Sum the codetags of these rows at one instant, in 64 bits."""
        members, sizes = self._chosen(slots)
        return _sum_rows(self.base.sums_in_groups(members, sizes), sizes)

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these rows have accurate codetags only."""
        if self.has_trends:  # a row does not count the codetags that only older samples have
            return self.sums(slots).accurate
        members, sizes = self._chosen(slots)
        return _reduce(np.logical_and, self.base.accurate(members), sizes, True)

    def bounds(self, slots: Slots) -> Bounds:
        """Sum the bounds of the codetags; a row with an unknown or huge bound has none."""
        if self.has_trends:
            nbytes = self.sums(slots).bytes
            return Bounds(nbytes, nbytes)
        members, sizes = self._chosen(slots)
        low, high = self.base.bounds(members)
        largest = np.maximum(np.abs(low.astype(np.float64)), np.abs(high.astype(np.float64)))
        known = _reduce(np.add, largest, sizes, 0.0) < _SAFE
        none = super().bounds(slots)
        return Bounds(
            np.where(known, _reduce(np.add, low, sizes, 0), none.low),
            np.where(known, _reduce(np.add, high, sizes, 0), none.high),
        )

    def marks(self, slots: Slots) -> Marks | None:
        """Mark the rows whose codetags are all new or all gone, and those with a moved one."""
        members, sizes = self._chosen(slots)
        marks = self.base.marks(members)
        if marks is None:
            return None
        occupied = sizes > 0
        return Marks(
            _reduce(np.logical_and, marks.new, sizes, True) & occupied,
            _reduce(np.logical_and, marks.gone, sizes, True) & occupied,
            _reduce(np.logical_or, marks.moved, sizes, False),
            _reduce(np.logical_and, marks.unknown, sizes, True) & occupied,
        )

    def rounding(self, slots: Slots) -> Rounding | None:
        """Add up what the bytes of the codetags can be."""
        members, sizes = self._chosen(slots)
        rounding = self.base.rounding_in_groups(members, sizes)
        if rounding is None:
            return None
        return Rounding(*(_sum_distances(column, sizes) for column in rounding))

    def trends(self, slots: Slots) -> Trends | None:
        """Tell how the sums of these rows moved, if the base can."""
        return self.base.trends_of_groups(*self._chosen(slots))

    def rows(self, slots: Slots, sums: Sums) -> Rows:
        """Add the number of codetags, and all that the base says of them.

        The codetags of all other rows are summed for the total, and in a diff all once more.
        """
        table = self.tags.table
        groups = Groups(
            field_names(self._group),
            heads(self._group, codetags_of(table, slots)),
            self.members(slots),
            self._total(slots, sums),
        )
        change, trends = self._change(slots), self.trends(slots)
        return Rows(table, slots, sums, None, change, trends, groups, self.rounding(slots))

    def _total(self, slots: Slots, sums: Sums) -> int:
        """Return the bytes of all rows, of which some are summed already; they may need 65 bits."""
        others = np.setdiff1d(self.tags.slots, slots)
        rest: list[int] = self.sums(others).bytes.tolist() if len(others) else []
        total: int = sum(sums.bytes.tolist(), sum(rest))
        return total

    def _change(self, slots: Slots) -> Change | None:
        """Return the values before, and the marks, in a diff."""
        marks = self.marks(slots)
        if marks is None:
            return None
        members, sizes = self._chosen(slots)
        change = self.base.rows(members, self.base.sums(members)).change
        if change is None:
            return None
        return Change(_sum_rows(change.before, sizes), change.seconds, marks)

    def _follow(self) -> None:
        """Divide the codetags of the base anew, if its list is another."""
        tags = self.base.tags
        if tags is not self._grouped:
            self._grouped = tags
            grouping = self._divide()
            self._slots.take(TagTable.from_tags(grouping.rows), tags.content_id)
            self._place(grouping)

    def _divide(self) -> Grouping:
        tags = self._grouped
        return divide(self._group, tags.table, matching_tags(self._query, tags))

    def _place(self, grouping: Grouping) -> None:
        """Put the members of each row at its slot; a slot that is not loaded has none."""
        tags = self._slots.tags
        self._members = grouping.members
        self._sizes = np.zeros(len(tags.table), dtype=np.int64)
        self._sizes[tags.slots] = grouping.sizes
        self._starts = np.zeros(len(tags.table), dtype=np.int64)
        self._starts[tags.slots] = starts_of(grouping.sizes)

    def _chosen(self, slots: Slots) -> tuple[Slots, Ints]:
        """Return the codetags of some rows, one row after the other, and the number of each."""
        self._follow()
        sizes = self._sizes[slots]
        shifts = np.repeat(self._starts[slots] - starts_of(sizes), sizes)
        members = self._members[np.arange(len(shifts)) + shifts]
        if not self._varies:
            return members, sizes
        chosen = chosen_now(self._query, self.base, members)
        row_of = np.repeat(np.arange(len(slots)), sizes)
        return members[chosen], np.bincount(row_of[chosen], minlength=len(slots)).astype(np.int64)


def _sum_rows(sums: Sums, sizes: Ints) -> Sums:
    """Sum consecutive codetags into rows; row n has the next `sizes[n]` of them."""
    calls = _reduce(np.add, sums.calls.view(np.int64), sizes, 0)
    return Sums(
        _reduce(np.add, sums.bytes, sizes, 0),
        calls if sums.calls.dtype == np.int64 else calls.view(np.uint64),
        _reduce(np.logical_and, sums.accurate, sizes, True),
    )


def _sum_distances(distances: Ints, sizes: Ints) -> Ints:
    """Sum distances from what bytes can be, up to UNLIMITED, beyond which they may overflow."""
    are_known = _reduce(np.add, distances.astype(np.float64), sizes, 0.0) < UNLIMITED
    return np.where(are_known, _reduce(np.add, distances, sizes, 0), UNLIMITED)


def _reduce(ufunc: np.ufunc, values: NDArray[T], sizes: Ints, empty: object) -> NDArray[T]:
    """Reduce consecutive elements to one for each row, `empty` if it has none; exact in 64 bits."""
    reduced = np.full(len(sizes), empty, dtype=values.dtype)
    rows = np.flatnonzero(sizes)
    if len(rows):
        reduced[rows] = ufunc.reduceat(values, starts_of(sizes)[rows])
    return reduced
