"""The rows of the live screen: chosen, summed, sorted, and written as cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from allocfs.screen.top.watch import Ints, Names, Values, Watch
from allocfs.units import human_size

Column = Literal["size", "grown", "tick", "rate", "calls", "name"]
COLUMNS: dict[Column, str] = {
    "size": "Size",
    "grown": "Since mark",
    "tick": "Last tick",
    "rate": "Per second",
    "calls": "Calls",
    "name": "Call site",
}
GROUPS = ("site", "function", "file", "dir", "module")
_BARS = " ▁▂▃▄▅▆▇█"
WIDTH = 20  # of a sparkline, in ticks


@dataclass(frozen=True)
class View:
    """How the screen shows the numbers."""

    sort: Column = "size"
    descending: bool = True
    group: str = "site"
    query: str = ""
    directory: str = ""  # only what is below, if a directory is open

    def sorted_by(self, column: Column) -> View:
        """Sort by a column; the same one again in the other direction."""
        if column == self.sort:
            return replace(self, descending=not self.descending)
        return replace(self, sort=column, descending=column != "name")

    def next_group(self) -> View:
        """Sum by the next key."""
        place = (GROUPS.index(self.group) + 1) % len(GROUPS)
        return replace(self, group=GROUPS[place], directory="")


@dataclass(frozen=True)
class Row:
    """A row: its name, and its numbers at each tick that is shown."""

    name: str
    members: Ints
    size: int
    grown: int
    tick: int
    rate: float
    calls: int
    history: list[int] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Write the row."""
        return [
            human_size(self.size),
            _signed(self.grown),
            _signed(self.tick),
            f"{_signed(round(self.rate))}/s" if round(self.rate) else "",
            f"{self.calls}",
            sparkline(self.history),
            self.name,
        ]


class Totals(NamedTuple):
    """The sums of all rows."""

    rows: int
    size: int
    grown: int
    calls: int


def rows_of(watch: Watch, view: View, most: int) -> tuple[list[Row], Totals]:
    """Return the first rows in the order of a view, and the totals. Raises BadQuery."""
    chosen = _chosen(watch, view)
    names, group_of = _groups(watch.names, view.group, chosen)
    sums = _Sums(group_of, len(names))
    size, calls = sums.of(watch.now.bytes[chosen]), sums.of(watch.now.calls[chosen])
    grown = size - sums.of(watch.mark.bytes[chosen])
    last = watch.ticks[-2] if len(watch.ticks) > 1 else watch.now
    tick = size - sums.of(last.bytes[chosen])
    rate = grown / max(watch.now.time - watch.mark.time, 1e-9) if grown.any() else grown * 0.0
    columns: dict[Column, NDArray[np.generic]] = {
        "size": size,
        "grown": grown,
        "tick": tick,
        "rate": rate,
        "calls": calls,
        "name": np.array(names, dtype=object),
    }
    order = np.argsort(columns[view.sort], kind="stable")
    order = (order[::-1] if view.descending else order)[:most]
    history = _history(watch, chosen, group_of, order)
    rows = [
        Row(
            names[n],
            chosen[group_of == n],
            int(size[n]),
            int(grown[n]),
            int(tick[n]),
            float(rate[n]),
            int(calls[n]),
            history[place],
        )
        for place, n in enumerate(order.tolist())
    ]
    return rows, Totals(len(names), int(size.sum()), int(grown.sum()), int(calls.sum()))


def sparkline(numbers: list[int]) -> str:
    """Draw numbers as bars, from the least to the most of them."""
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    span = high - low
    if not span:
        return _BARS[1] * len(numbers)
    return "".join(_BARS[1 + (number - low) * (len(_BARS) - 2) // span] for number in numbers)


class _Sums(NamedTuple):
    """The division of codetags into groups."""

    group_of: NDArray[np.intp]
    groups: int

    def of(self, values: Ints) -> Ints:
        """Sum the values of each group, exact in 64 bits."""
        sums = np.zeros(self.groups, dtype=np.int64)
        np.add.at(sums, self.group_of, values)
        return sums


def _chosen(watch: Watch, view: View) -> Ints:
    """Return the numbers of the codetags that a view has."""
    records = watch.names.records
    chosen = np.ones(len(records), dtype=np.bool_)
    if view.query:
        chosen &= watch.matching(view.query)
    if view.directory:
        prefix = f"{view.directory}/".encode()
        chosen &= np.char.startswith(records["filename"].astype("S64"), prefix)
    return np.flatnonzero(chosen)


def _groups(names: Names, group: str, chosen: Ints) -> tuple[list[str], NDArray[np.intp]]:
    """Name the groups of some codetags, and number the group of each."""
    numbers: dict[str, int] = {}
    every = _names_by(names, group)
    group_of = [numbers.setdefault(every[n], len(numbers)) for n in chosen.tolist()]
    return list(numbers), np.array(group_of, dtype=np.intp)


_cached: dict[tuple[int, str], tuple[Names, list[str]]] = {}


def _names_by(names: Names, group: str) -> list[str]:
    """Name the group of each codetag; made once for each list."""
    found = _cached.get((id(names), group))
    if found is None or found[0] is not names:
        if len(_cached) > len(GROUPS):
            _cached.clear()
        found = _cached[id(names), group] = names, _name_all(names, group)
    return found[1]


def _name_all(names: Names, group: str) -> list[str]:
    columns = (
        [name.decode("utf-8", "replace") for name in names.records[column].tolist()]
        for column in ("filename", "function", "modname")
    )
    lines = names.records["lineno"].tolist()
    return [_name(group, *one) for one in zip(*columns, lines, strict=True)]


def _name(group: str, file: str, function: str, module: str, line: int) -> str:
    match group:
        case "module":
            return module or "vmlinux"
        case "file":
            return file
        case "dir":
            return file.rpartition("/")[0] or "."
        case "function":
            return function
    return f"{file}:{line}{f' [{module}]' if module else ''} {function}"


def _history(
    watch: Watch, chosen: Ints, group_of: NDArray[np.intp], order: NDArray[np.intp]
) -> list[list[int]]:
    """Return the bytes of some groups at each of the last ticks."""
    place = np.full(group_of.max(initial=-1) + 1, -1, dtype=np.intp)
    place[order] = np.arange(len(order))
    shown = place[group_of]
    members, rows = chosen[shown >= 0], shown[shown >= 0]
    table = np.zeros((min(len(watch.ticks), WIDTH), len(order)), dtype=np.int64)
    for tick, values in enumerate(list(watch.ticks)[-WIDTH:]):
        np.add.at(table[tick], rows, values.bytes[members])
    return [column.tolist() for column in table.T]


def _signed(number: int) -> str:
    return human_size(number, "+") if number else ""


__all__ = ["COLUMNS", "Column", "Row", "Totals", "Values", "View", "rows_of", "sparkline"]
