"""The counters of a source, read once a tick, and their history.

Names are read when the list of codetags changes; a tick reads 32 bytes for each codetag.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from allocfs.client.trees import Tree
from allocfs.formats.records import COUNTERS, RECORD, Records, parse_records
from allocfs.query.language import format_query, parse
from allocfs.query.places import require_place

TICKS = 60  # of the history of each codetag: a minute at one tick a second

Ints = NDArray[np.int64]


class Values(NamedTuple):
    """The bytes and calls of all codetags at one time, in seconds of a clock."""

    time: float
    bytes: Ints
    calls: Ints


@dataclass(frozen=True)
class Names:
    """The names of all codetags, by their numbers in `records`."""

    content_id: int
    records: Records

    def identities(self) -> list[bytes]:
        """Return what tells codetags apart: all names, and among equal ones their order."""
        seen: dict[bytes, int] = {}
        keys = []
        for record in self.records[["modname", "function", "filename", "lineno"]]:
            key = record.tobytes()
            seen[key] = seen.get(key, 0) + 1
            keys.append(key + b"%d" % seen[key])
        return keys


class Watch:
    """The last ticks of a source, and the values at the start and at a mark."""

    def __init__(self, tree: Tree, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the names, and take a first tick. Raises AllocfsError and OSError."""
        self.tree = tree
        self._clock = clock
        self.names = self._read_names()
        self.ticks: deque[Values] = deque(maxlen=TICKS)
        self.ticks.append(self._read())
        self.start = self.mark = self.ticks[-1]

    @property
    def source(self) -> str:
        """The source as it was named."""
        return self.tree.source

    @property
    def now(self) -> Values:
        """The values of the last tick."""
        return self.ticks[-1]

    def tick(self) -> None:
        """Read all counters. Raises AllocfsError and OSError, and keeps the last ticks then."""
        if self._content_id() != self.names.content_id:
            self._renew()
        self.ticks.append(self._read())

    def set_mark(self) -> None:
        """Compare with the values of now from here on."""
        self.mark = self.now

    def matching(self, query: str) -> NDArray[np.bool_]:
        """Tell which codetags a query selects now; a / in it needs no escape. Raises BadQuery."""
        found = np.zeros(len(self.names.records), dtype=np.bool_)
        parsed = parse(query.replace("/", "%2F"))
        require_place(parsed)
        name = format_query(replace(parsed, group=None, sort=None, limit=None))
        if not name:
            return ~found
        counters = parse_records(self.tree.read(f"counters/query/{name}/records"), COUNTERS)
        index = counters["index"]
        found[index[index < len(found)].astype(np.intp)] = True
        return found

    def about(self) -> dict[str, str]:
        """Return what `.allocfs/source` tells, by name."""
        lines = self.tree.read(".allocfs/source").decode("utf-8", "replace").splitlines()
        pairs = (line.partition(" ") for line in lines)
        return {name: value for name, _, value in pairs}

    def _content_id(self) -> int:
        return int(self.tree.read(".allocfs/content_id"))

    def _read_names(self) -> Names:
        content_id = self._content_id()
        return Names(content_id, parse_records(self.tree.read("records"), RECORD).copy())

    def _read(self) -> Values:
        """Read all counters; codetags that come or go meanwhile count as zero."""
        counters = parse_records(self.tree.read("counters/records"), COUNTERS)
        nbytes, calls = (np.zeros(len(self.names.records), dtype=np.int64) for _ in range(2))
        index = counters["index"].astype(np.intp)
        known = index < len(nbytes)
        nbytes[index[known]] = counters["bytes"][known]
        calls[index[known]] = counters["calls"][known].view(np.int64)
        return Values(self._clock(), nbytes, calls)

    def _renew(self) -> None:
        """Take in another list: codetags keep their history by their names."""
        before, self.names = self.names, self._read_names()
        place = {key: number for number, key in enumerate(before.identities())}
        old = np.array([place.get(key, -1) for key in self.names.identities()], dtype=np.intp)

        def moved(values: Values) -> Values:
            columns = (np.where(old >= 0, column[old], 0) for column in values[1:])
            return Values(values.time, *columns)

        self.ticks = deque(map(moved, self.ticks), maxlen=TICKS)
        self.start, self.mark = moved(self.start), moved(self.mark)
