"""The text of a running kernel, /proc/allocinfo, passed over at most once a period.

One read() of that file returns about a page, and the kernel lets modules come and go between
two of them: a module unloaded meanwhile makes it skip codetags, one loaded makes it repeat
some. Each line is right by itself. So a list is relied on if it is the last one again, or if
it was read twice in a row; that takes a second pass whenever a module comes or goes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import trio

from allocfs.backend.snapshot import Snapshot
from allocfs.backend.text import Listing
from allocfs.backend.textfile import next_listing, read_text
from allocfs.errors import SourceFailed
from allocfs.profiling import obstacle

MAX_AGE = 1.0  # seconds, where nothing else is asked for
MOST_PASSES = 5
_NS = 1_000_000_000
POSSIBLE_CPUS = Path("/sys/devices/system/cpu/possible")

Watched = Callable[[], bool]


def possible_cpus(file: Path = POSSIBLE_CPUS) -> int:
    """Count the CPUs that the kernel sums over, from a list such as `0-3,8`."""
    try:
        spans = re.findall(r"([0-9]+)(?:-([0-9]+))?", file.read_text())
    except OSError:  # no sysfs in this container
        return os.cpu_count() or 1
    return sum(int(last or first) - int(first) + 1 for first, last in spans)


class LiveText:
    """A text that changes, of which whole passes are read."""

    def __init__(self, path: str, read: Callable[[str], bytes] = read_text) -> None:
        """Read nothing yet."""
        self.path = path
        self._read = read
        self.passes = 0
        self.text = b""
        self.listing: Listing | None = None

    def read(self) -> Listing:
        """Return the list and its counters of now; `text` is what they were read from.

        Raises SourceFailed, also if the list is never the same twice.
        """
        for _ in range(MOST_PASSES):
            before, listing = self.listing, self._pass()
            if before is not None and listing.table is before.table:
                return listing
        raise SourceFailed(f"{self.path}: no two of {MOST_PASSES} passes list the same codetags")

    def _pass(self) -> Listing:
        if in_the_way := obstacle(Path(self.path)):
            raise SourceFailed(in_the_way)
        self.passes += 1
        self.text = self._read(self.path)
        self.listing = next_listing(self.text, self.path, self.listing)
        if not len(self.listing.table):
            raise SourceFailed(f"{self.path} lists no codetags")
        return self.listing


class TextBackend(Snapshot):
    """The tags and counters of a live text, none older than max_age.

    Time is divided into periods of max_age that begin with the monotonic clock, as those of
    the page cache do: the first request of a period makes the pass that serves all others.
    With max_age=0 each request makes a pass.
    """

    def __init__(
        self, path: str, max_age: float, cpus: int, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Make a first pass; max_age is in seconds. Raises SourceFailed."""
        self.unnoticed = max_age
        self._text = LiveText(path)
        self._period_ns = round(max_age * _NS)
        self._clock = clock
        self._began_ns = clock()
        super().__init__(self._text.read(), cpus)
        self._note_passes(0)

    def renew(self) -> None:
        """Make a pass if the last one is of another period."""
        now_ns = self._clock()
        if self._period_ns and now_ns // self._period_ns == self._began_ns // self._period_ns:
            return
        self._began_ns = now_ns
        passes, listing = self._text.passes, None
        try:
            listing = self._text.read()
        except SourceFailed as error:
            self.condition.failed(error)
        self._note_passes(passes)
        if listing is not None:
            self.take(listing)

    async def run(self, watched: Watched) -> None:
        """Notice changes of the list while somebody waits for them."""
        while True:
            await trio.sleep(self.unnoticed or MAX_AGE)
            if watched():
                self.renew()

    def extra_stats(self) -> dict[str, int]:
        """Return what `.allocfs/stats` has of passes over the text."""
        return {"passes": self._text.passes, "pass_failures": self.condition.failures}

    def describe(self) -> str:
        """Say how old the values are and what the last pass took, in seconds."""
        return (
            f"source {self._text.path}\n"
            "interface text\n"
            f"condition {self.condition}\n"
            f"max_age {self.unnoticed:g}\n"
            f"age {(self._clock() - self._began_ns) / _NS:.6f}\n"
            f"pass_seconds {self._took_ns / _NS:.6f}"
        )

    def _note_passes(self, before: int) -> None:
        """Count what the kernel has summed for the passes after `before`, and their time."""
        self._took_ns = self._clock() - self._began_ns
        self.counters_read += (self._text.passes - before) * len(self.tags.slots) * self.cpus
