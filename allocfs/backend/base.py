"""The base class of all backends, and the kinds of SOURCE that they open.

To add a backend, write a subclass of Backend and a Kind in a file of its own here, and add the
Kind to the table in mount/sources.py.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from allocfs.backend.control import Control
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.clock import age_clock_ns
from allocfs.tags.rounding import Partial, Rounding
from allocfs.tags.rows import Rows, Trends
from allocfs.tags.table import Bounds, Flags, Ints, Marks, Pairs, Slots, Sums, TagList

Watched = Callable[[], bool]  # tells whether a client waits for a change of the tags


class Backend(ABC):
    """A source of codetags and counters.

    `tags` stays as it is between two calls of renew(), so that all that one request derives
    from it fits together. The methods about counters may raise SourceFailed and SourceLate.

    A subclass overrides the defaults below where it can do more, or promises less.
    """

    cpus: int = 1
    counters_read: int = 0
    """Per-CPU tag counters summed for readers since the mount. A bytes/calls pair is one counter,
    as it is one struct in the kernel."""

    staleness: float = math.inf
    """How stale `tags` may be, in seconds, if no request triggers a renew(). Infinite where the
    backend announces every change by itself."""

    may_be_late: bool = False
    """Whether the methods about counters may raise SourceLate."""

    rereads_source: bool = False
    """Whether files are opened again while mounted, for which the daemon keeps privileges."""

    has_trends: bool = False
    """Whether trends() returns trends, which files of records then hold."""

    partial: Partial | None = None
    """What is known of a list that lacks codetags, None if it has all."""

    control: Control | None = None
    """The commands of `.allocfs/control`, if there are any."""

    def __init__(self) -> None:
        """Begin without subscribers."""
        self._subscribers: list[Callable[[], None]] = []

    def on_change(self, subscriber: Callable[[], None]) -> None:
        """Call a subscriber after each change of content_id."""
        self._subscribers.append(subscriber)

    def announce_change(self) -> None:
        """Call all subscribers; for the backend itself, once content_id has changed."""
        for subscriber in self._subscribers:
            subscriber()

    @property
    @abstractmethod
    def tags(self) -> TagList:
        """The codetags loaded now."""

    @abstractmethod
    def sums(self, slots: Slots) -> Sums:
        """Sum the counters of these codetags over all CPUs, now."""

    @abstractmethod
    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these codetags count every allocation; sums nothing."""

    @abstractmethod
    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held the same codetag ever since content_id."""

    @abstractmethod
    def describe(self) -> str:
        """Describe the source, one `name value` pair a line."""

    def renew(self) -> None:  # noqa: B027  a default: there may be nothing to take in
        """Take in all changes of the source. Every request calls this first."""

    def renew_since(self, _ns: int) -> None:
        """Take in values that are of a time of the boot clock or later; by default all are."""
        self.renew()

    def accept_late(self) -> None:  # noqa: B027  a default: nothing is late
        """Let the next renew() make do with a late answer that came just now.

        It is for requests that cannot wait: each of them would only begin another late pass.
        """

    def values_id(self) -> int | None:
        """Return a number that changes when any value does, None where values always change.

        Raises SourceFailed or SourceLate while there are no values.
        """
        return None

    def values_ns(self) -> int | None:
        """Return the time of the present values on the boot clock, None if it is not known."""
        return age_clock_ns()

    def require_tags(self) -> None:  # noqa: B027  a default: `tags` is never late
        """Raise SourceLate if `tags` is older than promised and newer ones are on their way."""

    def sum_into(self, slots: Slots, totals: Ints, accurate: Flags) -> None:
        """Sum as sums() does, into rows of bytes and calls, and into flags."""
        put_sums(self.sums(slots), totals, accurate)

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these codetags without summing; by default nothing is known."""
        limits = np.iinfo(np.int64)
        low, high = (np.full(len(slots), end, np.int64) for end in (limits.min, limits.max))
        return Bounds(low, high)

    def pairs(self, slots: Slots) -> Pairs | None:
        """Return the unknown pairs of these codetags, None if no codetag has any; sums nothing."""
        return None

    def rounding(self, slots: Slots) -> Rounding | None:
        """Tell what the bytes of these codetags can be, None if all are exact; sums nothing."""
        return None

    def rows(self, slots: Slots, sums: Sums) -> Rows:
        """Return all that a rendered file says of these codetags, whose sums are known."""
        table, pairs = self.tags.table, self.pairs(slots)
        return Rows(table, slots, sums, pairs, rounding=self.rounding(slots))

    def marks(self, slots: Slots) -> Marks | None:
        """Tell which of these codetags are new, gone or moved, None outside a diff."""
        return None

    def trends(self, slots: Slots) -> Trends | None:
        """Tell how the bytes of these codetags moved, None outside a trend."""
        return None

    def sums_in_groups(self, slots: Slots, _sizes: Ints) -> Sums:
        """Sum these codetags as their groups count them; group n is the next `sizes[n]`."""
        return self.sums(slots)

    def rounding_in_groups(self, slots: Slots, _sizes: Ints) -> Rounding | None:
        """Tell what the bytes can be that sums_in_groups() returns, None if all are exact."""
        return self.rounding(slots)

    def trends_of_groups(self, slots: Slots, sizes: Ints) -> Trends | None:
        """Tell how the bytes of groups moved; group n is the next `sizes[n]` of these codetags."""
        return None

    def members(self, slots: Slots) -> Ints | None:
        """Count the codetags that are summed into each of these, None if each is one itself."""
        return None

    def extra_stats(self) -> dict[str, int]:
        """Return counts for `.allocfs/stats` that only this kind of backend has."""
        return {}

    def close(self) -> None:  # noqa: B027  likewise
        """Give back all that outlasts the process; by default there is nothing."""

    async def run(self, _watched: Watched) -> None:  # noqa: B027  likewise
        """Do the work that goes on beside requests, until cancelled; by default none."""


def put_sums(sums: Sums, totals: Ints, accurate: Flags) -> None:
    """Write sums into rows of bytes and calls, and into flags."""
    totals[:, 0] = sums.bytes
    totals[:, 1] = sums.calls.view(np.int64)
    accurate[:] = sums.accurate


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of SOURCE, called by `name` in messages.

    `options` has the mount options that mean something for some kinds only, each with the words
    of a message for its use.
    """

    name: str
    recognises: Callable[[str, SourceOptions], bool]
    open: Callable[[str, SourceOptions], Backend]
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name
