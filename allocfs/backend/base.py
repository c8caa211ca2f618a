"""What every backend offers: a list of codetags, and their sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from allocfs.tags.table import Bounds, Flags, Slots, Sums, TagList


def ignore_change() -> None:
    """Take no notice of a change of content_id."""


class Backend(Protocol):
    """A source of codetags and counters.

    Between two calls of renew() `tags` stays as it is, so that what one request works out from
    it fits together. The methods about counters may raise SourceFailed.

    A backend may have `sum_into(slots, totals, accurate)`, which puts what sums() returns into
    rows of bytes and calls and into flags; views use it where it is.

    `counters_read` counts the per-CPU tag counters summed on behalf of readers since the mount;
    a bytes/calls pair is one counter, as it is one struct in the kernel.
    """

    cpus: int
    counters_read: int
    changed: Callable[[], None]  # called after content_id has changed

    @property
    def tags(self) -> TagList:
        """The codetags loaded now."""
        ...

    def renew(self) -> None:
        """Take in what has changed at the source; called when a request begins."""
        ...

    def sums(self, slots: Slots) -> Sums:
        """Sum the counters of these codetags over all CPUs, now."""
        ...

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these codetags count every allocation; sums nothing."""
        ...

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these codetags; sums nothing."""
        ...

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held the same codetag ever since content_id."""
        ...

    def describe(self) -> str:
        """Say what is served and how, one `name value` pair a line."""
        ...


def unnoticed(backend: Backend) -> float:
    """Return for how many seconds a change of the tags may go unnoticed if nobody asks.

    A backend that learns of changes from its source only when it is asked has an attribute
    `unnoticed`; all others tell at once.
    """
    return float(getattr(backend, "unnoticed", math.inf))


def may_be_late(backend: Backend) -> bool:
    """Tell whether a backend may raise SourceLate; one that may says so by an attribute."""
    return bool(getattr(backend, "may_be_late", False))


def extra_stats(backend: Backend) -> dict[str, int]:
    """Return the counts that only some kinds of backends have, by their names in `stats`."""
    counts: Callable[[], dict[str, int]] = getattr(backend, "extra_stats", dict)
    return counts()
