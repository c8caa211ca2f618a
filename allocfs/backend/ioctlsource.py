"""A running kernel by the ioctls of /proc/allocinfo: only the tags that are wanted are summed.

The text is read once for each content_id, for the names in full: the ioctls cut them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import trio

from allocfs.backend.base import Backend, Watched
from allocfs.backend.ioctl_filters import CutNames, cut_tag, filters_for
from allocfs.backend.livetext import LiveText
from allocfs.backend.passes import GIVE_UP, MOST_PASSES, PAUSE
from allocfs.backend.sourcestate import SourceState
from allocfs.backend.textfile import read_text
from allocfs.errors import SourceFailed, TagGone
from allocfs.formats.records import Record
from allocfs.formats.text import Listing
from allocfs.kernel.abi import EARLIER
from allocfs.kernel.ioctl import AllocinfoIoctl, Filter
from allocfs.kernel.profiling import Watch
from allocfs.tags.slots import TagSlots
from allocfs.tags.table import Flags, Slots, Sums, TagList

WATCH = 0.1  # seconds between two looks at the content_id while a client waits for it

Open = Callable[[str], AllocinfoIoctl]


def has_ioctl(path: str, open_: Open = AllocinfoIoctl.open) -> bool:
    """Tell whether a file can be opened and answers the ioctls."""
    try:
        open_(path).close()
    except (OSError, SourceFailed):
        return False
    return True


class _ListChanged(Exception):
    """None of MOST_PASSES passes over the text had a list that is reliable."""


class IoctlBackend(Backend):
    """The tags of a file that answers the ioctls, and their counters of the moment.

    content_id is the kernel's own. If the source was lost and came back, as a mount can, its
    numbers go on from the last.
    """

    staleness = 0.0
    rereads_source = True
    may_be_late = True  # while modules come and go

    def __init__(self, path: str, cpus: int, open_: Open = AllocinfoIoctl.open) -> None:
        """Open a file and list its tags. Raises SourceFailed."""
        super().__init__()
        self.cpus = cpus
        self.state = SourceState()
        self._path = path
        self._profiling = Watch(Path(path))
        self._open = open_
        self._passes = 0
        self._took = 0.0
        self._above_kernel = 0
        self._give_up_at = math.inf  # finite while the list does not stay
        self._retry_at = 0.0
        self._text = LiveText(path)
        self._client: AllocinfoIoctl | None = None
        self._profiling.look()
        with self._source():
            self._client = self._connect()
            content_id, listing = self._first_list(self._client)
        self._slots = TagSlots(listing.table, content_id)
        self._names = CutNames.from_tags(self.tags)

    @property
    def tags(self) -> TagList:
        """The codetags loaded now."""
        return self._slots.tags

    def renew(self) -> None:
        """Ask for the content_id, and list the tags anew if it is another."""
        if self.state.wait and time.monotonic() < self._retry_at:
            return  # many may wait, and each pass delays all others
        before = self.tags.content_id
        self.state.wait = None
        try:
            with self._source():
                self._renew()
        except _ListChanged:
            self._wait_for_list()
        except SourceFailed as error:
            self._give_up_at = math.inf
            self.state.failed(error)
        else:
            self._give_up_at = math.inf
            self.state.succeeded()
        if self.tags.content_id != before:
            self.announce_change()

    def require_tags(self) -> None:
        """Raise SourceLate while the list does not stay."""
        self.state.require_answer()

    def sums(self, slots: Slots) -> Sums:
        """Have the kernel sum these tags; raise TagGone if one was unloaded just now."""
        self.state.require()
        records = self._records(filters_for(slots, self.tags)) if len(slots) else {}
        try:
            wanted = [records[slot] for slot in slots.tolist()]
        except KeyError:
            raise TagGone("a module of these records was unloaded") from None
        return Sums(
            np.array([record.bytes for record in wanted], dtype=np.int64),
            np.array([record.calls for record in wanted], dtype=np.uint64),
            np.array([record.accurate for record in wanted], dtype=np.bool_),
        )

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags count every allocation; of tags alike, some may not."""
        self.state.require()
        with self._source():
            tags = {cut_tag(record) for record in self._fetch(Filter(accurate=False))}
        found = [self._names.slots.get(tag, ()) for tag in tags]
        accurate = np.ones(len(self.tags.table), dtype=np.bool_)
        accurate[[slots[0] for slots in found if len(slots) == 1]] = False
        alike = np.array([slot for slots in found if len(slots) > 1 for slot in slots], np.intp)
        accurate[alike] = self.sums(alike).accurate
        return accurate[slots]

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its tag ever since content_id."""
        return self._slots.all_loaded_since(content_id, slots)

    async def run(self, watched: Watched) -> None:
        """Notice changes of the list while a client waits for them."""
        while True:
            await trio.sleep(WATCH)
            if watched():
                self.renew()

    def extra_stats(self) -> dict[str, int]:
        """Return the numbers of passes over the text and of failures."""
        return {"passes": self._passes, "pass_failures": self.state.failures}

    def describe(self) -> str:
        """Tell the layout of the ioctls and the duration of the last question, in seconds."""
        layout = "earlier" if self._layout is EARLIER else "merged"
        return (
            f"source {self._path}\n"
            "interface ioctl\n"
            f"{self._profiling.describe()}"
            f"layout {layout}\n"
            f"condition {self.state}\n"
            "age 0\n"
            f"pass_seconds {self._took:.6f}"
            f"{self._text.notice()}"
        )

    def _renew(self) -> None:
        if reason := self._profiling.why_unreadable():
            raise SourceFailed(reason)
        if self._client is None:
            self._client = self._connect()
            self._above_kernel = self.tags.content_id + 1 - self._client.content_id()
        if self._client.content_id() + self._above_kernel != self.tags.content_id:
            content_id, listing = self._list(self._client)
            self._slots.take(listing.table, content_id + self._above_kernel)
            self._names = CutNames.from_tags(self.tags)

    def _connect(self) -> AllocinfoIoctl:
        try:
            client = self._open(self._path)
        except SourceFailed:
            raise SourceFailed(
                f"{self._path} does not answer the ioctls of /proc/allocinfo:"
                " mount with -o interface=text"
            ) from None
        self._layout = client.layout
        return client

    def _wait_for_list(self) -> None:
        """Let requests wait and try again; let them fail after GIVE_UP."""
        now = time.monotonic()
        self._give_up_at = min(self._give_up_at, now + GIVE_UP)
        if now < self._give_up_at:
            self._retry_at = now + PAUSE
            self.state.wait = _pause
        else:
            self.state.failed(self._never_the_same())

    def _never_the_same(self) -> SourceFailed:
        return SourceFailed(f"{self._path}: for {GIVE_UP:g} s its list changed in each pass")

    def _first_list(self, client: AllocinfoIoctl) -> tuple[int, Listing]:
        deadline = time.monotonic() + GIVE_UP
        while True:
            try:
                return self._list(client)
            except _ListChanged:
                if time.monotonic() > deadline:
                    raise self._never_the_same() from None
                time.sleep(PAUSE)

    def _list(self, client: AllocinfoIoctl) -> tuple[int, Listing]:
        """Read the text until its list is reliable. Raises _ListChanged.

        If modules came or went meanwhile, its content_id is the one before, so that the next
        request reads it again.
        """
        for _ in range(MOST_PASSES):
            content_id = client.content_id()
            self._passes += 1
            text = read_text(self._path)
            stayed = client.content_id() == content_id  # asked before the slow parsing
            listing = self._text.take(text)
            self.counters_read += len(listing.table) * self.cpus
            if stayed:
                self._text.rely()
            if self._text.is_reliable:
                return content_id, listing
        raise _ListChanged

    def _records(self, filters: list[Filter]) -> dict[int, Record]:
        """Fetch records by names and line, with their slots."""
        began = time.monotonic()
        with self._source():
            found = [self._names.found(self._fetch(wanted)) for wanted in filters]
            records = dict(pair for pairs in found for pair in pairs)
        self._took = time.monotonic() - began
        return records

    def _fetch(self, wanted: Filter) -> Iterator[Record]:
        if self._client is None:
            raise SourceFailed(f"{self._path} was lost")
        for record in self._client.records(wanted):
            self.counters_read += self.cpus
            yield record

    @contextmanager
    def _source(self) -> Iterator[None]:
        """Make of an error of the file a SourceFailed, and open it anew the next time."""
        try:
            yield
        except OSError as error:
            if self._client is not None:
                self._client.close()
            self._client = None
            raise SourceFailed(f"{self._path}: {error.strerror}") from None


async def _pause() -> None:
    await trio.sleep(PAUSE)
