"""Which rows of an array by slot some slots are."""

from __future__ import annotations

from allocfs.backend.base import Slots


def consecutive(slots: Slots) -> slice | None:
    """Return the slice that picks the same rows, without copying them, if there is one."""
    if not len(slots):
        return slice(0)
    first, end = int(slots[0]), int(slots[-1]) + 1
    rising = end - first == len(slots) and bool((slots[1:] > slots[:-1]).all())
    return slice(first, end) if rising else None
