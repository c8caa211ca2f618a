"""The samples that are kept of a mounted source, and the gaps where it could not be read."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from allocfs.clock import age_clock_ns
from allocfs.logs import one_line
from allocfs.moments.moment import Moment, Taken, format_utc
from allocfs.tags.table import NameColumn, TagList

_MS = 1_000_000
_NS = 1_000_000_000


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample, named by its time."""

    name: str
    taken: Taken
    values: Moment

    def moment(self) -> Moment:
        """Return its values."""
        return self.values


class Gap(NamedTuple):
    """Samples in a row that could not be taken, and the reason of the first."""

    boot_ns: int
    reason: str
    samples: int

    def __str__(self) -> str:
        count = f"{self.samples} sample{'s' if self.samples > 1 else ''}"
        return f"gap of {count}: {one_line(self.reason)}"


class History:
    """The newest samples of a source, the oldest first.

    Samples share the parts that do not change from one to the next, so that each needs the 17
    bytes a tag of its values at most.
    """

    def __init__(self, most: int, clock: Callable[[], int] = age_clock_ns) -> None:
        """Keep at most so many samples, whose ages are by a clock."""
        self._most = most
        self._clock = clock
        self._samples: deque[Sample] = deque()
        self._gaps: deque[Gap] = deque(maxlen=most)
        self._in_gap = False
        self._by_name: dict[str, Sample] = {}  # in the order of the samples
        self.version = 0

    @property
    def nbytes(self) -> int:
        """The bytes of the values, and about those of the lists, each of which counts once."""
        moments = [sample.values for sample in self._samples]
        columns = {id(column): column.nbytes for moment in moments for column in moment.sums}
        lists = {id(moment.tags): moment.tags for moment in moments}
        pairs = {
            id(moment.pairs): sys.getsizeof(moment.pairs) for moment in moments if moment.pairs
        }
        return sum(columns.values()) + sum(pairs.values()) + _size_of_lists(lists.values())

    def names(self) -> list[str]:
        """List the names of the samples, the oldest first."""
        return list(self._by_name)

    def all(self) -> Sequence[Sample]:
        """Return the samples, the oldest first."""
        return self._samples

    def add(self, moment: Moment) -> None:
        """Add a sample. One that is not newer than the last shows the same pass: leave it out."""
        self._in_gap = False
        taken = moment.taken
        if taken is None:
            raise ValueError("a sample has a time")
        if self._samples:
            last = self._samples[-1]
            if taken.boot_ns <= last.taken.boot_ns:
                return
            moment = _shared(moment, last.values)
        sample = Sample(self._new_name(taken), taken, moment)
        self._samples.append(sample)
        self._by_name[sample.name] = sample
        while len(self._samples) > self._most:
            self._drop_first()
        self.version += 1

    def note_gap(self, reason: str, boot_ns: int) -> None:
        """Note a sample that could not be taken; of those in a row the first has the reason."""
        if self._in_gap:
            gap = self._gaps[-1]
            self._gaps[-1] = gap._replace(samples=gap.samples + 1)
            return
        self._gaps.append(Gap(boot_ns, reason, 1))
        self._in_gap = True

    def by_name(self, name: str) -> Sample | None:
        """Return the sample of a name."""
        return self._by_name.get(name)

    def at_age(self, age_ns: int) -> Sample | None:
        """Return the newest sample that is at least so old."""
        return self._newest_at(self._clock() - age_ns)

    def at_utc(self, utc_ns: int) -> Sample | None:
        """Return the newest sample at or before a time, as the wall clock runs now."""
        return self._newest_at(Taken.at_utc(utc_ns).boot_ns)

    def since(self, length_ns: int | None) -> Sequence[Sample]:
        """Return the samples that are at most so old, the oldest first; None stands for all."""
        if length_ns is None:
            return self._samples
        start = bisect_left(self._samples, self._clock() - length_ns, key=_boot_ns)
        return list(islice(self._samples, start, None))

    def text(self) -> str:
        """Return a line for each sample, with name, age and content_id, and one for each gap."""
        lines = [
            (_boot_ns(one), one.name, f"{one.values.tags.content_id}") for one in self._samples
        ]
        lines += [(gap.boot_ns, "-", str(gap)) for gap in self._gaps]
        now_ns = self._clock()
        rows = [
            (name, f"{(now_ns - boot_ns) / _NS:.3f}", rest) for boot_ns, name, rest in sorted(lines)
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        return "".join(f"{a:{widths[0]}}  {b:>{widths[1]}}  {c}\n" for a, b, c in rows)

    def _newest_at(self, boot_ns: int) -> Sample | None:
        after = bisect_right(self._samples, boot_ns, key=_boot_ns)
        return self._samples[after - 1] if after else None

    def _new_name(self, taken: Taken) -> str:
        """Name a sample by its time, a later one if another has that name."""
        utc_ns = taken.utc_ns
        while (name := f"@{format_utc(utc_ns)}") in self._by_name:
            utc_ns += _MS
        return name

    def _drop_first(self) -> None:
        """Drop the oldest sample, and the gaps before the next."""
        del self._by_name[self._samples.popleft().name]
        while self._gaps and self._gaps[0].boot_ns < self._samples[0].taken.boot_ns:
            self._gaps.popleft()


def _boot_ns(sample: Sample) -> int:
    return sample.taken.boot_ns


def _shared(moment: Moment, last: Moment) -> Moment:
    """Take the parts that are the same as in the last sample from there."""
    accurate, pairs = moment.sums.accurate, moment.pairs
    if np.array_equal(accurate, last.sums.accurate):
        accurate = last.sums.accurate
    if pairs is not None and pairs == last.pairs:
        pairs = last.pairs
    return replace(moment, sums=moment.sums._replace(accurate=accurate), pairs=pairs)


def _size_of_lists(lists: Iterable[TagList]) -> int:
    """Add up the columns of lists, and those of their tables."""
    lists = list(lists)
    tables = {id(one.table): one.table for one in lists}.values()
    columns = [(table.file, table.function, table.module) for table in tables]
    names = {id(column): column for row in columns for column in row}.values()
    return (
        sum(one.slots.nbytes + one.rank.nbytes for one in lists)
        + sum(table.line.nbytes for table in tables)
        + sum(map(_size_of_names, names))
    )


def _size_of_names(column: NameColumn) -> int:
    return column.ids.nbytes + sum(map(sys.getsizeof, column.values))
