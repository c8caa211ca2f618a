"""The codetags of which a query by size cannot tell whether they match, as bytes were rounded."""

from __future__ import annotations

import numpy as np

from allocfs.backend.base import Backend
from allocfs.query.language import Query
from allocfs.query.sums import within
from allocfs.tags.rounding import UNLIMITED, Rounding
from allocfs.tags.table import Flags, Ints, Slots


def is_by_size(query: Query) -> bool:
    """Tell whether bytes decide which codetags there are."""
    part = query.sum_part
    return part.min_size is not None or part.max_size is not None or _is_cut_by_size(query)


def doubtful(query: Query, backend: Backend, slots: Slots) -> Slots:
    """Return those of some slots of which the rounding decides whether they match.

    They are all slots that match but for size. Nothing is in doubt where no bytes are rounded, and
    then nothing is summed.
    """
    rounding = backend.rounding(slots) if is_by_size(query) else None
    if rounding is None or not len(slots):
        return slots[:0]
    nbytes = backend.sums(slots).bytes
    low, high = _ends(nbytes, rounding)
    doubt = within(query.sum_part, high, low) & ~within(query.sum_part, low, high)
    if _is_cut_by_size(query):
        matching = np.flatnonzero(within(query.sum_part, nbytes, nbytes))
        doubt[matching] |= _are_at_cut(query, nbytes[matching], low[matching], high[matching])
    return slots[doubt & rounding.is_rounded]


def doubt(count: int) -> str:
    """Say that the answer of a query depends on the rounding of so many codetags."""
    what = "1 codetag" if count == 1 else f"{count} codetags"
    return (
        f"whether {what} belong{'s' if count == 1 else ''} here depends on how bytes were rounded"
    )


def _is_cut_by_size(query: Query) -> bool:
    return query.sort is not None and query.sort.key == "bytes" and query.limit is not None


def _ends(nbytes: Ints, rounding: Rounding) -> tuple[Ints, Ints]:
    """Return the least and the most that some bytes can be, without overflow."""
    limits = np.iinfo(np.int64)
    low = np.where(rounding.below == UNLIMITED, limits.min, nbytes - rounding.below)
    return low, np.where(rounding.above == UNLIMITED, limits.max, nbytes + rounding.above)


def _are_at_cut(query: Query, nbytes: Ints, low: Ints, high: Ints) -> Flags:
    """Tell which numbers may be on the other side of the limit."""
    limit = query.limit or 0
    if query.sort is not None and query.sort.descending:
        nbytes, low, high = ~nbytes, ~high, ~low  # ~ reverses the order and cannot overflow
    order = np.argsort(nbytes, kind="stable")
    if not 0 < limit < len(order):
        return np.zeros(len(order), dtype=np.bool_)
    last, first_out = nbytes[order[limit - 1]], nbytes[order[limit]]
    is_in = np.zeros(len(order), dtype=np.bool_)
    is_in[order[:limit]] = True
    at_cut: Flags = np.where(is_in, high > first_out, low < last)
    return at_cut
