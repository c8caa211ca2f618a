"""Seeded traffic for a simulated store: allocations, and their frees some time later."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.backend.splitmix import SplitMix64
from allocfs.tags.slots import loaded_since
from allocfs.tags.table import Ints, Slots, Sums

LIFETIME = 100  # ticks from an allocation to its free
_TRAFFIC = 1 << 63  # from the seed of the store, which is below that, to one of its own


class _Allocations(NamedTuple):
    """Allocations of one tick, to be freed later."""

    content_id: int
    slots: Slots
    sizes: Ints


class Traffic:
    """Seeded allocations and frees, mostly on the tags that were busy in the capture.

    The sequence of events depends on the seed and the rate alone. Half of the events are
    allocations; each is freed LIFETIME ticks later on whatever CPU frees it. `sizes` has the bytes
    of an allocation by slot.
    """

    def __init__(self, store: CodetagStore, sums: Sums, seed: int) -> None:
        """Prepare traffic in the proportions of a capture's calls."""
        self._store = store
        self._random = SplitMix64(seed + _TRAFFIC)
        calls = sums.calls.astype(np.float64)
        self._busy = np.cumsum(calls + 0.01 * max(calls.mean(), 1.0))
        self.sizes = np.maximum(sums.bytes // np.maximum(calls, 1), 64).astype(np.int64)
        self._pending: deque[_Allocations] = deque()

    def tick(self, events: int) -> None:
        """Make some events: frees of old allocations, and new allocations."""
        allocations = events - events // 2
        drawn = self._random.fractions(allocations) * self._busy[-1]
        slots = np.searchsorted(self._busy, drawn, side="right")
        batch = self._loaded(_Allocations(self._store.content_id, slots, self.sizes[slots]))
        self._count(batch, 1)
        self._pending.append(batch)
        if len(self._pending) > LIFETIME:
            self._count(self._loaded(self._pending.popleft()), -1)

    def _loaded(self, batch: _Allocations) -> _Allocations:
        """Leave out the tags that are not loaded any more, or not yet."""
        kept = loaded_since(self._store.loaded_at, batch.content_id, batch.slots)
        return _Allocations(batch.content_id, batch.slots[kept], batch.sizes[kept])

    def _count(self, batch: _Allocations, sign: int) -> None:
        cpus = self._random.below(self._store.cpus, len(batch.slots))
        ones = np.full(len(batch.slots), sign, dtype=np.int64)
        self._store.count(batch.slots, cpus, batch.sizes * sign, ones)
