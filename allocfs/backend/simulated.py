"""The simulated source: a codetag store that starts from a capture and lives on."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import trio

from allocfs.backend.base import Kind, Watched
from allocfs.backend.control import Event, StoreControl
from allocfs.backend.counterstore import BYTES, CALLS, CodetagStore
from allocfs.backend.leaks import Leaks
from allocfs.backend.sourceoptions import NO_SOURCE, SourceOptions
from allocfs.backend.splitmix import SplitMix64
from allocfs.backend.spread import spread
from allocfs.backend.textfile import read_capture
from allocfs.backend.traffic import Traffic
from allocfs.clock import age_clock_ns
from allocfs.errors import BadControl
from allocfs.formats.text import Listing, parse
from allocfs.tags.axis import Axis
from allocfs.tags.table import Pairs, Slots, Sums

DEFAULT_CAPTURE = "linux-6.12-net.txt"
TICK = 0.01  # seconds between two batches of traffic
_SPREAD_ROWS = 64  # tags spread at a time, so that start-up needs little memory on top


def default_capture() -> bytes:
    """Read the capture that comes with allocfs: 3219 tags of Linux 6.12."""
    return (files("allocfs") / "data" / DEFAULT_CAPTURE).read_bytes()


class SimulatedStore(CodetagStore):
    """A codetag store that is driven by traffic and by control lines."""

    def __init__(
        self,
        listing: Listing,
        cpus: int,
        seed: int,
        rate: int,
        origin: str,
        *,
        clock: Callable[[], int] = age_clock_ns,
    ) -> None:
        """Start with the sums of a capture, exactly; `origin` says which capture that is.

        Leaks grow by the clock.
        """
        inaccurate = np.flatnonzero(~listing.sums.accurate)
        super().__init__(listing.table, cpus, inaccurate)
        self._fill(listing.sums, SplitMix64(seed))
        self.control = StoreControl(self)
        self._traffic = Traffic(self, listing.sums, seed)
        self._leaks = Leaks(self, clock)
        self._rate = rate
        self._work: trio.Event | None = None  # set when there is traffic or a leak to be made
        self._origin = origin
        self._pairs = listing.pairs
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
        self._wake()

    def leak(self, file: str, line: int, bytes_per_second: int) -> None:
        """Let the tag at a line grow steadily, in allocations of its mean size; 0 ends that."""
        slot = self._slot_at(file, line)
        self._leaks.set(slot, bytes_per_second, int(self._traffic.sizes[slot]))
        self._wake()

    def renew(self) -> None:
        """Count what has leaked until now."""
        self._leaks.grow()

    def pairs(self, slots: Slots) -> Pairs | None:
        """Return the pairs of these tags, as the capture has them."""
        pairs = self._pairs
        return None if pairs is None else [pairs[slot] for slot in slots.tolist()]

    def describe(self) -> str:
        """Name the capture and the options of the simulation."""
        return (
            f"source simulated\ncapture {self._origin}\ncpus {self.cpus}\n"
            f"seed {self._seed}\nrate {self._rate}"
        )

    async def run(
        self, _watched: Watched = lambda: False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make traffic at the present rate, and leaks, until cancelled.

        Without either, do not wake up.
        """
        last, owed = clock(), 0.0
        while True:
            if not self._rate and not self._leaks:
                self._work = trio.Event()
                await self._work.wait()
                last = clock()
            await trio.sleep(TICK)
            self._leaks.grow()
            now = clock()
            owed = min(owed + self._rate * (now - last), float(self._rate))
            last = now
            events = int(owed)
            owed -= events
            if events:
                self._traffic.tick(events)

    def _wake(self) -> None:
        if self._work is not None:
            self._work.set()

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
        spellings = zip(*Axis.FILE.spellings(column.values), strict=True)
        values = [n for n, spelled in enumerate(spellings) if file in spelled]
        here = np.isin(column.ids[tags.slots], values) & (self.table.line[tags.slots] == line)
        if not here.any():
            raise BadControl(f"{file}:{line}: no tag is loaded there")
        return int(tags.slots[here.argmax()])


def _simulate(listing: Listing, options: SourceOptions, origin: str) -> SimulatedStore:
    return SimulatedStore(listing, options.cpus, options.seed, options.rate, origin)


def _open_default(_source: str, options: SourceOptions) -> SimulatedStore:
    return _simulate(parse(default_capture(), DEFAULT_CAPTURE), options, DEFAULT_CAPTURE)


def _open_file(source: str, options: SourceOptions) -> SimulatedStore:
    return _simulate(read_capture(source), options, source)


_USE = "the simulated store (SOURCE none, or a file and simulate)"
_OPTIONS = dict.fromkeys(("cpus", "seed", "rate"), _USE)

SIMULATED = Kind(
    "the simulated store",
    lambda source, _options: source in NO_SOURCE,
    _open_default,
    _OPTIONS,
)
FROM_FILE = Kind(
    "the simulated store, started from a file",
    lambda _source, options: options.simulate,
    _open_file,
    {**_OPTIONS, "simulate": "a file that the simulated store is to start from"},
)
