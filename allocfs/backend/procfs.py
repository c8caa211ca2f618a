"""The text of a running kernel, /proc/allocinfo, passed over at most once a period.

One read() of that file returns about a page, and the kernel lets modules come and go between
two of them. Up to Linux 6.15 a module unloaded meanwhile makes it skip codetags, one loaded makes
it repeat some; since 7.2 it goes on after the last codetag, and only those of modules that come or
go are in doubt. Each line is right by itself. So a list is relied on if it was relied on before, or
if it was read twice in a row; that takes a second pass whenever a module comes or goes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import trio

from allocfs.backend.base import Watched
from allocfs.backend.livetext import LiveText
from allocfs.backend.passes import GIVE_UP, MOST_PASSES, PAUSE, Pass, PassThread
from allocfs.backend.textfile import read_text, require_codetags
from allocfs.backend.textsource import TextSource
from allocfs.clock import age_clock_ns
from allocfs.errors import SourceFailed
from allocfs.formats.text import Listing
from allocfs.kernel.profiling import Watch

MAX_AGE = 1.0  # seconds, where nothing else is asked for
PATIENCE = 0.04  # seconds for which all wait for a pass; 224 CPUs take the kernel 0.02
_LOOK = 0.005  # seconds between two looks whether it has ended
_NS = 1_000_000_000


class TextReader:
    """A text that changes, of which whole passes are read."""

    def __init__(
        self,
        path: str,
        read: Callable[[str], bytes] = read_text,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Read nothing yet."""
        self.path = path
        self._sleep = sleep
        self.profiling = Watch(Path(path))
        self._read = read
        self.passes = 0
        self._live = LiveText(path)

    @property
    def text(self) -> bytes:
        """The text of the last pass, as a capture has it."""
        return self._live.text

    def read(self) -> Listing:
        """Return the list and its values of now; `text` then is the text of both.

        While modules come and go it goes on for GIVE_UP. Raises SourceFailed, also if no list
        is reliable.
        """
        deadline = time.monotonic() + GIVE_UP
        while True:
            for _ in range(MOST_PASSES):
                listing = self._pass()
                if self._live.is_reliable:
                    return listing
            if time.monotonic() + PAUSE > deadline:
                break
            self._sleep(PAUSE)
        raise SourceFailed(f"{self.path}: for {GIVE_UP:g} s no two passes list the same codetags")

    def _pass(self) -> Listing:
        if reason := self.profiling.why_unreadable():
            raise SourceFailed(reason)
        self.passes += 1
        return require_codetags(self._live.take(self._read(self.path)), self.path)


class TextBackend(TextSource):
    """The tags and counters of a live text, none older than max_age.

    Time is divided into periods of max_age by the same clock as those of the page cache: the
    first request of a period makes the pass that serves all others. With max_age=0 each request
    makes a pass.

    All requests wait for a pass for PATIENCE. If it takes longer, it is *late*: until it ends,
    requests for names and counters wait, and those for `/.allocfs` go on.
    """

    may_be_late = True

    def __init__(
        self,
        path: str,
        max_age: float,
        cpus: int,
        clock: Callable[[], int] = age_clock_ns,
        read: Callable[[str], bytes] = read_text,
    ) -> None:
        """Make a first pass; max_age is in seconds. Raises SourceFailed."""
        self.staleness = max_age
        self._text = TextReader(path, read)
        self._period_ns = round(max_age * _NS)
        self._clock = clock
        self._passes = 0  # that are in counters_read
        self._thread = PassThread(self._text.read, clock)
        self._pass: Pass[Listing] | None = None  # that has not been taken in yet
        self._accepts_until_ns = 0  # until then the next renew() makes do with the last pass
        first = Pass(self._text.read, clock)
        first.make()
        super().__init__(first.result(), cpus)
        self._note(first)

    def renew(self) -> None:
        """Take in a pass that was late; make one if the last one is of another period."""
        self._take_ended()
        accepts = self._clock() < self._accepts_until_ns
        self._accepts_until_ns = 0
        if self._pass is None and self._clock() >= self._until_ns and not accepts:
            self._pass = self._thread.begin()
            self._pass.ended(PATIENCE)
            self._take_ended()
        self.state.wait = self._answer if self._pass and not accepts else None

    def renew_since(self, ns: int) -> None:
        """Make a pass, unless the last one began at this time or later."""
        self._take_ended()
        if self._began_ns < ns:
            self._until_ns = 0
        self.renew()

    def accept_late(self) -> None:
        """Let the next renew() make do with a late pass that ended just now."""
        self._accepts_until_ns = self._late_until_ns

    def values_ns(self) -> int:
        """Return the beginning of the pass that has the present values."""
        return self._began_ns

    async def run(self, watched: Watched) -> None:
        """Notice changes of the list while a client waits for them."""
        while True:
            await trio.sleep(self.staleness or MAX_AGE)
            if watched():
                self.renew()

    def extra_stats(self) -> dict[str, int]:
        """Return the numbers of passes over the text and of failures."""
        return {"passes": self._text.passes, "pass_failures": self.state.failures}

    def describe(self) -> str:
        """Tell the age of the values and the duration of the last pass, in seconds."""
        return (
            f"source {self._text.path}\n"
            "interface text\n"
            f"{self._text.profiling.describe()}"
            f"condition {self.state}\n"
            f"max_age {self.staleness:g}\n"
            f"age {(self._clock() - self._began_ns) / _NS:.6f}\n"
            f"pass_seconds {self._took_ns / _NS:.6f}"
            f"{self.notice()}"
        )

    async def _answer(self) -> None:
        """Wait for the pass that is late. Raises SourceFailed after GIVE_UP."""
        late = self._pass
        with trio.move_on_after(GIVE_UP):
            while late is not None and not late.ended():
                await trio.sleep(_LOOK)
            # The request that waited is called anew now, before any other.
            self._accepts_until_ns = self._clock() + round(PATIENCE * _NS)
            return
        error = SourceFailed(f"{self._text.path} has not answered for {GIVE_UP:g} s")
        self.state.failed(error)
        raise error

    def _take_ended(self) -> None:
        """Take in the result of a pass, if it has ended."""
        if self._pass is None or not self._pass.ended():
            return
        ended, self._pass = self._pass, None
        self._note(ended)
        try:
            self.take(ended.result())
        except SourceFailed as error:
            self.state.failed(error)

    def _note(self, ended: Pass[Listing]) -> None:
        """Note until when a pass is good, its duration, and the counters that the kernel summed.

        A late pass serves the requests that waited for it, and the period in which it ended.
        """
        self._began_ns, self._took_ns = ended.began_ns, ended.ended_ns - ended.began_ns
        waited_ns = round(PATIENCE * _NS)
        is_late = self._took_ns >= waited_ns
        self._until_ns = self._end_of_period(ended.ended_ns if is_late else ended.began_ns)
        self._late_until_ns = ended.ended_ns + waited_ns if is_late else 0
        passes, self._passes = self._text.passes - self._passes, self._text.passes
        self.counters_read += passes * len(self.tags.slots) * self.cpus

    def _end_of_period(self, ns: int) -> int:
        """Return when the period ends that a time is in; with max_age=0, that time."""
        return (ns // self._period_ns + 1) * self._period_ns if self._period_ns else ns
