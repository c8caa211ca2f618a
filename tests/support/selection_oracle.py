"""A filter in plain Python as an oracle of selections, and strategies that draw queries."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from allocfs.backend.base import Backend
from allocfs.tags.rows import Trends
from allocfs.tags.table import (
    Bounds,
    Codetag,
    Flags,
    Ints,
    Marks,
    Pairs,
    Slots,
    Sums,
    TagList,
    TagTable,
)

S64 = np.iinfo(np.int64)
TOP_U64 = 2**64 - 1

PATHS = {  # by the kernel's spelling
    "mm/slub.c": "mm/slub.c",
    "mm/kasan/a.c": "mm/kasan/a.c",
    "./include/linux/slab.h": "include/linux/slab.h",
    "include/linux/slab.h": "include/linux/slab.h",
    "drivers/amd/../pages.h": "drivers/pages.h",
    "/root/m,x|y%.c": "root/m,x|y%.c",
}
FUNCTIONS = ["alloc", "alloc_node", "free*", "a[b]"]
MODULES = ["", "xfs", "ext4"]


class Counted(NamedTuple):
    """A codetag, its counters, and the distances of its bytes from their bounds."""

    tag: Codetag
    bytes: int = 0
    calls: int = 0
    accurate: bool = True
    below: int = 0
    above: int = 0
    pairs: str = ""
    mark: str = ""
    slope: float = 0.0
    rising: float = 0.0

    @property
    def signed_calls(self) -> int:
        return self.calls - 2**64 if self.calls > S64.max else self.calls

    @property
    def low(self) -> int:
        return max(self.bytes - self.below, int(S64.min))

    @property
    def high(self) -> int:
        return min(self.bytes + self.above, int(S64.max))


class FakeBackend(Backend):
    """A backend that records the summed slots. As a diff it has signed calls."""

    diff = False

    def __init__(self, counted: list[Counted], order: list[int]) -> None:
        super().__init__()
        self.counted = counted
        self.summed: list[int] = []
        self.sizes: dict[int, int] = {}  # of the rows that these codetags are
        table = TagTable.from_tags([one.tag for one in counted])
        self._tags = TagList.from_slots(1, table, np.array(order, dtype=np.intp))

    @property
    def tags(self) -> TagList:
        return self._tags

    def sums(self, slots: Slots) -> Sums:
        self.summed += slots.tolist()
        chosen = [self.counted[slot] for slot in slots]
        calls = np.array([one.calls for one in chosen], dtype=np.uint64)
        return Sums(
            np.array([one.bytes for one in chosen], dtype=np.int64),
            calls.view(np.int64) if self.diff else calls,
            self.accurate(slots),
        )

    def accurate(self, slots: Slots) -> Flags:
        return np.array([self.counted[slot].accurate for slot in slots], dtype=np.bool_)

    def bounds(self, slots: Slots) -> Bounds:
        low = np.array([self.counted[slot].low for slot in slots], dtype=np.int64)
        return Bounds(low, np.array([self.counted[slot].high for slot in slots], dtype=np.int64))

    def pairs(self, slots: Slots) -> Pairs | None:
        if not any(one.pairs for one in self.counted):
            return None
        return [self.counted[slot].pairs for slot in slots]

    def members(self, slots: Slots) -> Ints | None:
        return np.array([self.sizes.get(slot, 0) for slot in slots.tolist()], dtype=np.int64)

    def marks(self, slots: Slots) -> Marks | None:
        marks = [self.counted[slot].mark for slot in slots]
        flags = (
            np.array([mark == name for mark in marks], dtype=np.bool_) for name in Marks._fields
        )
        return Marks(*flags)

    def trends(self, slots: Slots) -> Trends | None:
        chosen = [self.counted[slot] for slot in slots]
        slope = np.array([one.slope for one in chosen], dtype=np.float64)
        rising = np.array([one.rising for one in chosen], dtype=np.float64)
        none, unknown = np.zeros(len(slots), dtype=np.int64), np.full(len(slots), np.nan)
        return Trends(none, none, none, none, unknown, slope, rising, none, unknown)

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        return True

    def describe(self) -> str:
        return ""


# The oracle: each term as text, and as a test of one codetag.

Test = Callable[[Counted], bool]
Term = tuple[str, Test]


def spellings(key: str, tag: Codetag) -> set[str]:
    match key:
        case "file":
            return {tag.file, PATHS[tag.file]}
        case "module":
            return {tag.module or "vmlinux"}
        case _:
            return {tag.function}


def name_term(key: str, equal: bool, patterns: list[tuple[str, str]]) -> Term:
    text = f"{key}{'=' if equal else '!='}{'|'.join(ours for ours, _ in patterns)}"

    def holds(one: Counted) -> bool:
        names = spellings(key, one.tag)
        return equal == any(fnmatchcase(name, theirs) for name in names for _, theirs in patterns)

    return text, holds


def line_term(equal: bool, ranges: list[tuple[int, int]]) -> Term:
    text = f"line{'=' if equal else '!='}{'|'.join(f'{a}-{b}' for a, b in ranges)}"
    return text, lambda one: equal == any(a <= one.tag.line <= b for a, b in ranges)


def bound_term(key: str, bound: int) -> Term:
    def holds(one: Counted) -> bool:
        value = one.bytes if key.endswith("size") else one.calls
        return value >= bound if key.startswith("min") else value <= bound

    return f"{key}={bound}", holds


def states(one: Counted) -> set[str]:
    growth = one.bytes or one.signed_calls
    return {one.mark, "grown" if growth > 0 else "shrunk" if growth < 0 else ""}


def state_term(equal: bool, wanted: list[str]) -> Term:
    text = f"state{'=' if equal else '!='}{'|'.join(wanted)}"
    return text, lambda one: equal == any(state in wanted for state in states(one))


def is_anomaly(one: Counted) -> bool:
    return one.bytes < 0 or one.signed_calls < 0 or (one.bytes == 0) != (one.calls == 0)


def slope_term(key: str, rate: tuple[str, float]) -> Term:
    text, bound = rate
    if key.startswith("min"):
        return f"{key}={text}", lambda one: one.slope >= bound
    return f"{key}={text}", lambda one: one.slope <= bound


def rising_term(percent: int) -> Term:
    return f"rising={percent}%", lambda one: one.rising >= percent / 100


def pair_term(key: str, equal: bool, values: list[tuple[str, Callable[[str], bool]]]) -> Term:
    def holds(one: Counted) -> bool:
        found = [pair[len(key) + 1 :] for pair in one.pairs.split() if pair.startswith(f"{key}:")]
        return bool(found) and equal == any(test(found[-1]) for _, test in values)

    texts = "|".join(text for text, _ in values)
    return f"pair.{key}{'=' if equal else '!='}{texts}", holds


def number_test(low: int | None, high: int | None) -> Callable[[str], bool]:
    def within(value: str) -> bool:
        digits = value.removeprefix("-")
        if not digits.isdecimal() or len(digits) > 20:
            return False
        number = int(value)
        return (low is None or low <= number) and (high is None or number <= high)

    return within


def glob_test(glob: str) -> Callable[[str], bool]:
    return lambda value: fnmatchcase(value, glob)


def literal(name: str) -> tuple[str, str]:
    """Escape a name for a query and for fnmatch."""
    return quote(name, safe=""), "".join(f"[{char}]" if char in "*?[" else char for char in name)


def expected(backend: FakeBackend, terms: list[Term]) -> list[int]:
    """Return the loaded slots that meet all terms, in the kernel's order."""
    loaded = backend.tags.slots.tolist()
    return [slot for slot in loaded if all(holds(backend.counted[slot]) for _, holds in terms)]


def sort_key(sort: str, one: Counted) -> tuple[float | str, int]:
    match sort.removeprefix("-"):
        case "bytes":
            return one.bytes, 0
        case "calls":
            return one.calls, 0
        case "slope":
            return one.slope, 0
        case "rising":
            return one.rising, 0
        case _:
            return PATHS[one.tag.file], one.tag.line


def in_order(backend: FakeBackend, slots: list[int], sort: str) -> list[int]:
    """Sort slots; sorted() keeps the order of equal keys, also in reverse. NaN is last."""
    keys = {n: sort_key(sort, backend.counted[n]) for n in slots}
    unknown = [n for n in slots if keys[n][0] != keys[n][0]]
    known = [n for n in slots if n not in unknown]
    return sorted(known, key=keys.__getitem__, reverse=sort[0] == "-") + unknown
