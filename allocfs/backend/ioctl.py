"""A running kernel by the ioctls of /proc/allocinfo: only the tags that are wanted are summed.

The text is read once for each content_id, for the names in full: the ioctls cut them to their
last 63 bytes. Codetags that are alike after the cut are told apart by their order. They are
always of one module, as the names of modules are shorter than that, so they come and go
together and their order stays.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import trio

from allocfs.backend.base import (
    Bounds,
    Flags,
    NameColumn,
    Slots,
    Sums,
    TagList,
    TagTable,
    ignore_change,
)
from allocfs.backend.procfs import MOST_PASSES, Watched
from allocfs.backend.snapshot import Condition
from allocfs.backend.tagslots import TagSlots
from allocfs.backend.text import Listing
from allocfs.backend.textfile import next_listing, read_text
from allocfs.errors import SourceFailed, TagGone
from allocfs.ioctl_client import AllocinfoIoctl, Filter
from allocfs.profiling import obstacle
from allocfs.records import EARLIER, Record, cut_name

WATCH = 0.1  # seconds between two looks at the content_id while somebody waits for it
_COMPARED = 64  # tags that the kernel compares with a filter in the time of one ioctl

Open = Callable[[str], AllocinfoIoctl]


def has_ioctl(path: str, open_: Open = AllocinfoIoctl.open) -> bool:
    """Tell whether a file can be opened and answers the ioctls."""
    try:
        open_(path).close()
    except (OSError, SourceFailed):
        return False
    return True


class CutTag(NamedTuple):
    """What the ioctls say of a codetag; several can be alike."""

    module: str
    function: str
    file: str
    line: int


@dataclass(frozen=True)
class CutNames:
    """A list of codetags as the ioctls spell them: `slots[tag]` are in the kernel's order."""

    slots: dict[CutTag, list[int]]

    @classmethod
    def of(cls, tags: TagList) -> CutNames:
        """Cut the names of a list."""
        table, listed = tags.table, tags.slots
        columns = zip(
            *(_cut(column, listed) for column in (table.module, table.function, table.file)),
            table.line[listed].tolist(),
            strict=True,
        )
        slots: dict[CutTag, list[int]] = {}
        for row, slot in zip(columns, listed.tolist(), strict=True):
            slots.setdefault(CutTag(*row), []).append(slot)
        return cls(slots)

    def found(self, records: Iterable[Record]) -> Iterator[tuple[int, Record]]:
        """Tell the slots of all the records that a filter by names and line returns."""
        seen: Counter[CutTag] = Counter()
        for record in records:
            tag = _cut_tag(record)
            alike = self.slots.get(tag, [])
            if seen[tag] < len(alike):  # else its module was loaded after the list was made
                yield alike[seen[tag]], record
            seen[tag] += 1


def filters_for(slots: Slots, tags: TagList) -> list[Filter]:
    """Choose filters that select some slots, and as few others as is worth the while.

    Either one filter has all that the slots have in common, or there is one for each of their
    files, functions or modules.
    """
    table = tags.table
    columns = (None, table.file, table.function, table.module)
    best = min(columns, key=lambda column: _cost(slots, tags, column))
    groups = [slots] if best is None else _split(slots, best)
    return [_in_common(group, table) for group in groups]


class IoctlBackend:
    """The tags of a file that answers the ioctls, and their counters of the moment.

    content_id is the kernel's own. If the source was lost and came back, as a mount can, its
    numbers go on from the last.
    """

    def __init__(self, path: str, cpus: int, open_: Open = AllocinfoIoctl.open) -> None:
        """Open a file and list its tags. Raises SourceFailed."""
        self.cpus = cpus
        self.counters_read = 0
        self.unnoticed = 0.0
        self.changed: Callable[[], None] = ignore_change
        self.condition = Condition()
        self._path = path
        self._open = open_
        self._passes = 0
        self._took = 0.0
        self._above_kernel = 0
        self._listing: Listing | None = None
        self._client: AllocinfoIoctl | None = None
        with self._source():
            self._client = self._connect()
            content_id, self._listing = self._list(self._client)
        self._slots = TagSlots(self._listing.table, content_id)
        self._names = CutNames.of(self.tags)

    @property
    def tags(self) -> TagList:
        """The codetags loaded now."""
        return self._slots.tags

    def renew(self) -> None:
        """Ask for the content_id, and list the tags anew if it is another."""
        before = self.tags.content_id
        try:
            with self._source():
                self._renew()
        except SourceFailed as error:
            self.condition.failed(error)
        else:
            self.condition.succeeded()
        if self.tags.content_id != before:
            self.changed()

    def sums(self, slots: Slots) -> Sums:
        """Have the kernel sum these tags; raise TagGone if one was unloaded just now."""
        self.condition.require()
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
        self.condition.require()
        with self._source():
            tags = {_cut_tag(record) for record in self._fetch(Filter(accurate=False))}
        doubtful = [slot for tag in tags for slot in self._names.slots.get(tag, ())]
        accurate = np.ones(len(self.tags.table), dtype=np.bool_)
        accurate[doubtful] = self.sums(np.array(doubtful, dtype=np.intp)).accurate
        return accurate[slots]

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these tags: without a sum, nothing is known."""
        limits = np.iinfo(np.int64)
        low, high = (np.full(len(slots), end, np.int64) for end in (limits.min, limits.max))
        return Bounds(low, high)

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its tag ever since content_id."""
        return self._slots.all_loaded_since(content_id, slots)

    async def run(self, watched: Watched) -> None:
        """Notice changes of the list while somebody waits for them."""
        while True:
            await trio.sleep(WATCH)
            if watched():
                self.renew()

    def extra_stats(self) -> dict[str, int]:
        """Return what `.allocfs/stats` has of passes over the text, one for each content_id."""
        return {"passes": self._passes, "pass_failures": self.condition.failures}

    def describe(self) -> str:
        """Say which ioctls are used and what the last question took, in seconds."""
        earlier = self._client is not None and self._client.layout is EARLIER
        return (
            f"source {self._path}\n"
            "interface ioctl\n"
            f"layout {'earlier' if earlier else 'merged'}\n"
            f"condition {self.condition}\n"
            "age 0\n"
            f"pass_seconds {self._took:.6f}"
        )

    def _renew(self) -> None:
        if in_the_way := obstacle(Path(self._path)):
            raise SourceFailed(in_the_way)
        if self._client is None:
            self._client = self._connect()
            self._above_kernel = self.tags.content_id + 1 - self._client.content_id()
        if self._client.content_id() + self._above_kernel != self.tags.content_id:
            content_id, self._listing = self._list(self._client)
            self._slots.take(self._listing.table, content_id + self._above_kernel)
            self._names = CutNames.of(self.tags)

    def _connect(self) -> AllocinfoIoctl:
        try:
            return self._open(self._path)
        except SourceFailed:
            raise SourceFailed(
                f"{self._path} does not answer the ioctls of /proc/allocinfo:"
                " mount with -o interface=text"
            ) from None

    def _list(self, client: AllocinfoIoctl) -> tuple[int, Listing]:
        """Read the text until no module came or went meanwhile."""
        for _ in range(MOST_PASSES):
            content_id = client.content_id()
            self._passes += 1
            listing = next_listing(read_text(self._path), self._path, self._listing)
            self.counters_read += len(listing.table) * self.cpus
            if client.content_id() == content_id:
                return content_id, listing
        raise SourceFailed(f"{self._path}: its list changed in each of {MOST_PASSES} passes")

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


def _cut(column: NameColumn, slots: Slots) -> list[str]:
    """Cut the names of some slots, each distinct name once."""
    names = [cut_name(name).decode("utf-8", "surrogateescape") for name in column.values]
    return [names[number] for number in column.ids[slots].tolist()]


def _cut_tag(record: Record) -> CutTag:
    return CutTag(record.module, record.function, record.file, record.line)


def _cost(slots: Slots, tags: TagList, column: NameColumn | None) -> float:
    """Estimate the cost of fetching some slots by the names of one column, in ioctls.

    Each record that a filter lets pass takes an ioctl, and each filter a walk over all tags.
    """
    if column is None:
        filters, records = 1, np.count_nonzero(_like_all(slots, tags))
    else:
        numbers = np.unique(column.ids[slots])
        filters = len(numbers)
        records = np.count_nonzero(np.isin(column.ids[tags.slots], numbers))
    return float(records + filters * len(tags.slots) / _COMPARED)


def _like_all(slots: Slots, tags: TagList) -> Flags:
    """Tell which tags of a list have all that some slots have in common."""
    table = tags.table
    alike = np.ones(len(tags.slots), dtype=np.bool_)
    for column in (table.file.ids, table.function.ids, table.module.ids, table.line):
        values = column[slots]
        if (values == values[0]).all():
            alike &= column[tags.slots] == values[0]
    return alike


def _split(slots: Slots, column: NameColumn) -> list[Slots]:
    """Split slots by their name."""
    numbers = column.ids[slots]
    order = np.argsort(numbers, kind="stable")
    return np.split(slots[order], np.flatnonzero(np.diff(numbers[order])) + 1)


def _in_common(slots: Slots, table: TagTable) -> Filter:
    """Return the filter that has all that some slots have in common."""

    def common(column: NameColumn) -> str | None:
        numbers = column.ids[slots]
        return column.values[numbers[0]] if (numbers == numbers[0]).all() else None

    line = table.line[slots]
    return Filter(
        module=common(table.module),
        function=common(table.function),
        file=common(table.file),
        line=int(line[0]) if (line == line[0]).all() else None,
    )
