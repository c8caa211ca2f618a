"""The simulated source: a codetag store that starts from a capture and lives on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import trio

from allocfs.backend.codetag import BYTES, CALLS, CodetagStore
from allocfs.backend.control import Event
from allocfs.backend.splitmix import SplitMix64
from allocfs.backend.spread import spread
from allocfs.errors import BadControl
from allocfs.formats.text import Listing
from allocfs.tags.spelling import paths_of
from allocfs.tags.table import Ints, Slots, Sums

DEFAULT_CAPTURE = "linux-6.12-net.txt"
TICK = 0.01  # seconds between two batches of traffic
LIFETIME = 100  # ticks from an allocation to its free
_SPREAD_ROWS = 64  # tags spread at a time, so that start-up needs little memory on top
_TRAFFIC = 1 << 63  # from the seed of the store, which is below that, to one of its own


def default_capture() -> bytes:
    """Read the capture that comes with allocfs: 3219 tags of Linux 6.12."""
    return (files("allocfs") / "data" / DEFAULT_CAPTURE).read_bytes()


class _Allocations(NamedTuple):
    """Allocations of one tick, to be freed later."""

    content_id: int
    slots: Slots
    sizes: Ints


class Traffic:
    """Seeded allocations and frees, mostly on the tags that were busy in the capture.

    The sequence of events depends on the seed and the rate alone. Half of the events are
    allocations; each is freed LIFETIME ticks later on whatever CPU frees it.
    """

    def __init__(self, store: CodetagStore, sums: Sums, seed: int) -> None:
        """Prepare traffic in the proportions of a capture's calls."""
        self._store = store
        self._random = SplitMix64(seed + _TRAFFIC)
        calls = sums.calls.astype(np.float64)
        self._busy = np.cumsum(calls + 0.01 * max(calls.mean(), 1.0))
        self._sizes = np.maximum(sums.bytes // np.maximum(calls, 1), 64).astype(np.int64)
        self._pending: deque[_Allocations] = deque()

    def tick(self, events: int) -> None:
        """Make some events: frees of old allocations, and new allocations."""
        allocations = events - events // 2
        drawn = self._random.fractions(allocations) * self._busy[-1]
        slots = np.searchsorted(self._busy, drawn, side="right")
        batch = self._loaded(_Allocations(self._store.content_id, slots, self._sizes[slots]))
        self._count(batch, 1)
        self._pending.append(batch)
        if len(self._pending) > LIFETIME:
            self._count(self._loaded(self._pending.popleft()), -1)

    def _loaded(self, batch: _Allocations) -> _Allocations:
        """Leave out the tags that are not loaded any more, or not yet."""
        loaded_at = self._store.loaded_at[batch.slots]
        kept = (loaded_at > 0) & (loaded_at <= batch.content_id)
        return _Allocations(batch.content_id, batch.slots[kept], batch.sizes[kept])

    def _count(self, batch: _Allocations, sign: int) -> None:
        cpus = self._random.below(self._store.cpus, len(batch.slots))
        ones = np.full(len(batch.slots), sign, dtype=np.int64)
        self._store.count(batch.slots, cpus, batch.sizes * sign, ones)


class SimulatedStore(CodetagStore):
    """A codetag store that is driven by traffic and by control lines."""

    def __init__(self, listing: Listing, cpus: int, seed: int, rate: int, origin: str) -> None:
        """Start with the sums of a capture, exactly; `origin` says which capture that is."""
        inaccurate = np.flatnonzero(~listing.sums.accurate)
        super().__init__(listing.table, cpus, inaccurate)
        self._fill(listing.sums, SplitMix64(seed))
        self._traffic = Traffic(self, listing.sums, seed)
        self._rate = rate
        self._rated: trio.Event | None = None  # set when a rate is
        self._origin = origin
        self._seed = seed

    def alloc(self, event: Event) -> None:
        """Count an allocation up."""
        self._count_event(event, 1)

    def free(self, event: Event) -> None:
        """Count an allocation down, on whatever CPU."""
        self._count_event(event, -1)

    def set_rate(self, events_per_second: int) -> None:
        """Change how many allocations and frees are made in a second."""
        self._rate = events_per_second
        if self._rated is not None:
            self._rated.set()

    def describe(self) -> str:
        """Say what is simulated."""
        return (
            f"source simulated\ncapture {self._origin}\ncpus {self.cpus}\n"
            f"seed {self._seed}\nrate {self._rate}"
        )

    async def run(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Make traffic at the present rate until cancelled; without a rate, do not wake up."""
        last, owed = clock(), 0.0
        while True:
            if not self._rate:
                self._rated = trio.Event()
                await self._rated.wait()
                last = clock()
            await trio.sleep(TICK)
            now = clock()
            owed = min(owed + self._rate * (now - last), float(self._rate))
            last = now
            events = int(owed)
            owed -= events
            if events:
                self._traffic.tick(events)

    def _fill(self, sums: Sums, random: SplitMix64) -> None:
        calls = sums.calls.view(np.int64)
        busy = np.flatnonzero((sums.bytes != 0) | (calls != 0))
        for first in range(0, len(busy), _SPREAD_ROWS):
            rows = busy[first : first + _SPREAD_ROWS]
            for which, totals in ((BYTES, sums.bytes), (CALLS, calls)):
                counted = spread(totals[rows], self.cpus, random)
                self.counters[rows, which], moved = self._split(counted)
                self.moved[rows, which] = moved.sum(axis=1)

    def _count_event(self, event: Event, sign: int) -> None:
        if event.cpu >= self.cpus:
            raise BadControl(f"cpu {event.cpu}: expected 0 to {self.cpus - 1}")
        slot = self._slot_at(event.file, event.line)
        signed = [np.array([sign * n], dtype=np.int64) for n in (event.bytes, event.calls)]
        self.count(np.array([slot]), np.array([event.cpu]), *signed)

    def _slot_at(self, file: str, line: int) -> int:
        """Return the first loaded tag at a line, in either spelling of its file."""
        tags, column = self.tags, self.table.file
        spellings = zip(column.values, paths_of(column.values), strict=True)
        values = [n for n, spelled in enumerate(spellings) if file in spelled]
        here = np.isin(column.ids[tags.slots], values) & (self.table.line[tags.slots] == line)
        if not here.any():
            raise BadControl(f"{file}:{line}: no tag is loaded there")
        return int(tags.slots[here.argmax()])
