"""Moments, differences, trends and groups in plain Python, as an oracle of the file system.

A moment is what the text `allocinfo` had at that time. All else is computed from such texts with
dicts, whole numbers and fractions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

from allocfs.formats.text import parse
from allocfs.tags.table import Codetag
from tests.support.selection_oracle import Counted

S = 10**9
LONG = "a_name_that_the_records_cut_because_it_has_many_more_bytes_than_they_can_hold"
PATHS = {  # by the kernel's spelling
    "mm/slub.c": "mm/slub.c",
    "main.c": "main.c",
    "./include/linux/slab.h": "include/linux/slab.h",
    "include/linux/slab.h": "include/linux/slab.h",
    "drivers/amd/../pages.h": "drivers/pages.h",
    "drivers/pages.h": "drivers/pages.h",
    "fs/xfs/log.c": "fs/xfs/log.c",
    f"fs/{LONG}.c": f"fs/{LONG}.c",
}
TAGS = [
    Codetag("mm/slub.c", 10, "alloc"),
    Codetag("mm/slub.c", 10, "alloc"),
    Codetag("mm/slub.c", 20, "free*"),
    Codetag("./include/linux/slab.h", 5, "kmalloc"),
    Codetag("include/linux/slab.h", 5, "kmalloc"),
    Codetag("drivers/amd/../pages.h", 94, "alloc"),
    Codetag("main.c", 1, f"start_{LONG}"),
    Codetag("fs/xfs/log.c", 7, "xlog", "xfs"),
    Codetag("fs/xfs/log.c", 7, "xlog", "xfs"),
    Codetag(f"fs/{LONG}.c", 9, "xlog", "xfs"),
    Codetag("./include/linux/slab.h", 5, "kmalloc", "xfs"),
    Codetag("drivers/pages.h", 94, "alloc", "ext4"),
    Codetag("mm/slub.c", 10, "alloc", "ext4"),
    Codetag("main.c", 3, "init", LONG),
    Codetag("main.c", 3, "init", LONG),
]
INACCURATE = (1, 6, 9, 14)


def signed(number: int) -> int:
    """Wrap a number as a signed one of 64 bits."""
    return (number + 2**63) % 2**64 - 2**63


class Key(NamedTuple):
    """A codetag, and its number among equal ones."""

    tag: Codetag
    number: int


class Value(NamedTuple):
    """The counters of a codetag; calls are unsigned."""

    bytes: int = 0
    calls: int = 0
    accurate: bool = True


ZERO = Value()
Values = dict[Key, Value]


class Known(NamedTuple):
    """A moment: its text, its time, and its values in the order of the text."""

    text: bytes
    boot_ns: int
    values: Values


def known(text: bytes, boot_ns: int) -> Known:
    """Read the text of a moment."""
    listing = parse(text, "the model")
    columns = [column.tolist() for column in listing.sums]
    seen: Counter[Codetag] = Counter()
    values: Values = {}
    for slot, value in enumerate(map(Value._make, zip(*columns, strict=True))):
        tag = listing.table.tag(slot)
        values[Key(tag, seen[tag])] = value
        seen[tag] += 1
    return Known(text, boot_ns, values)


class Trend(NamedTuple):
    """How bytes moved; all are exact."""

    first: int
    last: int
    min: int
    max: int
    mean: Fraction
    slope: Fraction
    rising: Fraction
    samples: int
    seconds: Fraction


def trend_of(points: dict[int, int]) -> Trend:
    """Compute a trend of bytes by time, in nanoseconds."""
    times, nbytes = [Fraction(time, S) for time in points], list(points.values())
    middle, mean = sum(times) / len(times), Fraction(sum(nbytes), len(nbytes))
    spread = sum((time - middle) ** 2 for time in times)
    product = sum((x - middle) * (y - mean) for x, y in zip(times, nbytes, strict=True))
    grown = sum(later > earlier for earlier, later in pairwise(nbytes))
    return Trend(
        nbytes[0],
        nbytes[-1],
        min(nbytes),
        max(nbytes),
        mean,
        Fraction(product) / Fraction(spread or 1),
        Fraction(grown, max(len(nbytes) - 1, 1)),
        len(nbytes),
        times[-1] - times[0],
    )


@dataclass(frozen=True)
class Row:
    """A row of a file; `keys` are its codetags, and `index` is its number in the list."""

    one: Counted
    keys: tuple[Key, ...]
    index: int = 0
    before: Value = ZERO
    points: dict[int, int] | None = None  # bytes by time

    @property
    def differs(self) -> bool:
        return self.one.bytes != 0 or self.one.calls != 0

    @property
    def trend(self) -> Trend:
        assert self.points
        return trend_of(self.points)


def gone(row: Row) -> Row:
    """Return the difference of a codetag that neither moment has."""
    return replace(row, one=Counted(row.one.tag))


Kind = Literal["values", "diff", "trend"]


@dataclass(frozen=True)
class Base:
    """All codetags of a directory, in the order of its list. A frozen diff lists differences."""

    rows: list[Row]
    kind: Kind = "values"
    is_frozen: bool = False
    seconds: Fraction | None = None


def base_of_values(moment: Known) -> Base:
    """Return the codetags of a moment."""
    return Base(
        [
            Row(Counted(key.tag, value.bytes, value.calls, value.accurate), (key,), index)
            for index, (key, value) in enumerate(moment.values.items())
        ]
    )


def base_of_diff(
    before: Values,
    after: Values,
    is_frozen: bool,
    seconds: Fraction | None = None,
    numbering: Values | None = None,
) -> Base:
    """Return the codetags of two moments: those of the later one, then those that are gone.

    `numbering` has all codetags that have numbers before those that are gone.
    """
    gone_keys = [key for key in before if key not in after]
    index = {key: n for n, key in enumerate([*(numbering or after), *gone_keys])}
    rows = [
        _change(index[key], key, before.get(key), after.get(key)) for key in [*after, *gone_keys]
    ]
    return Base(rows, "diff", is_frozen, seconds)


def _change(index: int, key: Key, before: Value | None, after: Value | None) -> Row:
    old, new = before or ZERO, after or ZERO
    one = Counted(
        key.tag,
        signed(new.bytes - old.bytes),
        signed(new.calls - old.calls),
        new.accurate and old.accurate,
        mark="new" if before is None else "gone" if after is None else "",
    )
    return Row(one, (key,), index, old)


def base_of_trend(samples: Sequence[Known]) -> Base:
    """Return the codetags of samples: those of the newest, then those of the ones before."""
    newest: Values = {}
    for sample in reversed(samples):
        newest = {**newest, **{k: v for k, v in sample.values.items() if k not in newest}}
    rows = []
    for index, (key, value) in enumerate(newest.items()):
        points = {one.boot_ns: one.values[key].bytes for one in samples if key in one.values}
        rows.append(with_trend(Row(Counted(key.tag, *value), (key,), index, points=points)))
    return Base(rows, "trend")


def with_trend(row: Row) -> Row:
    """Put the trend where conditions look for it."""
    slope, rising = float(row.trend.slope), float(row.trend.rising)
    return replace(row, one=row.one._replace(slope=slope, rising=rising))
