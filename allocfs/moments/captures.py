"""Captures as moments: read when their values are asked for, and the last few kept."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from weakref import WeakValueDictionary

import numpy as np

from allocfs.backend.textfile import read_capture
from allocfs.errors import SourceFailed
from allocfs.formats.text import Listing
from allocfs.moments.moment import Moment, Taken
from allocfs.reports.times import time_in_name
from allocfs.tags.table import TagList

log = logging.getLogger("allocfs.moments")

CONTENT_ID = 1  # a capture does not tell that of its source
_US_PER_S = 1_000_000
_NS_PER_US = 1_000
_MOST_KEPT = 4  # moments; one of 3,219 tags takes 53 KiB


def utc_in_name(path: str) -> int | None:
    """Return the time in the name of a capture in nanoseconds, exact to microseconds."""
    seconds = time_in_name(path)
    return None if seconds is None else round(seconds * _US_PER_S) * _NS_PER_US


def all_taken(times_utc_ns: Iterable[int]) -> Iterator[Taken]:
    """Place times on the boot clock by one look at the clocks: their distances stay."""
    boot_ns = Taken.at_utc(0).boot_ns
    return (Taken(boot_ns + utc_ns, utc_ns) for utc_ns in times_utc_ns)


class CaptureFile:
    """A capture that may be read; `path` follows it when it is renamed."""

    def __init__(self, path: str, taken: Taken | None, reader: CaptureReader) -> None:
        """Read nothing yet."""
        self.path = path
        self.taken = taken
        self._reader = reader

    def moment(self) -> Moment:
        """Return its values. Raises SourceFailed, or BadCapture naming file and line."""
        return self._reader.read(self)


class CaptureReader:
    """The moments of captures, of which the last few are kept, and all that are in use.

    Moments with the same codetags in a row share their list.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._last: tuple[Listing, TagList] | None = None
        self._recent: OrderedDict[CaptureFile, Moment] = OrderedDict()
        self._in_use: WeakValueDictionary[CaptureFile, Moment] = WeakValueDictionary()

    def read(self, file: CaptureFile) -> Moment:
        """Return the moment of a file. Raises SourceFailed, or BadCapture naming file and line."""
        moment = self._in_use.get(file)
        if moment is None:
            moment = self._in_use[file] = self._parse(file)
        self._recent[file] = moment
        self._recent.move_to_end(file)
        if len(self._recent) > _MOST_KEPT:
            self._recent.popitem(last=False)
        return moment

    def forget(self, file: CaptureFile) -> None:
        """Keep the moment of a file no longer."""
        self._recent.pop(file, None)

    def _parse(self, file: CaptureFile) -> Moment:
        previous, tags = self._last or (None, None)
        try:
            listing = read_capture(file.path, previous)
        except SourceFailed as error:
            log.warning("%s", error, extra={"kind": type(error).__name__})
            raise
        if tags is None or listing.table is not tags.table:
            every = np.arange(len(listing.table), dtype=np.intp)
            tags = TagList.from_slots(CONTENT_ID, listing.table, every)
        self._last = listing, tags
        partial = f"\npartial {listing.partial.note}" if listing.partial else ""
        source = f"source {file.path}\ninterface capture{partial}"
        values = listing.sums, listing.pairs, file.taken, source
        return Moment(tags, *values, listing.rounding, listing.partial)
