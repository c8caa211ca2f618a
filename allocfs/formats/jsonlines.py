"""Rows as JSON, one object a line, with full names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np

from allocfs.tags.pairs import pairs_of
from allocfs.tags.rounding import Rounding
from allocfs.tags.rows import Change, Rows, Trends
from allocfs.tags.table import Marks, Pairs, Sums


class Member(NamedTuple):
    """A member of each object, as schema.json describes it."""

    name: str
    type: str
    unit: str
    description: str


MEMBERS = (
    Member("file", "string", "", "source file as the kernel spells it"),
    Member("line", "integer", "lines", "line in the source file"),
    Member("function", "string", "", "function that allocates"),
    Member("module", "string", "", "module, empty for built-in code"),
    Member("bytes", "integer", "bytes", "bytes allocated and not yet freed"),
    Member("calls", "integer", "calls", "allocations not yet freed"),
    Member("accurate", "boolean", "", "whether every allocation is counted"),
    Member("approx", "array", "bytes", "what rounded bytes can be, null if open; absent if exact"),
    Member("pairs", "object", "", "strings by key: the other pairs of the text, absent if none"),
)
_COUNTS = "object of bytes and calls"
DIFF_MEMBERS = (
    Member("before", _COUNTS, "", "the values before, zero of a new tag"),
    Member("after", _COUNTS, "", "the values after, zero of a tag that is gone"),
    Member("delta", _COUNTS, "", "after minus before"),
    Member("per_second", _COUNTS, "1/s", "delta by time, null if a time is not known"),
    Member("state", "string", "", "new, gone, moved, unknown, grown or shrunk"),
)
"""In a difference these follow the names, in the place of bytes and calls."""
GROUP_MEMBERS = (
    Member("tags", "integer", "codetags", "codetags that the row sums"),
    Member("percent", "number", "%", "share of the bytes of all codetags, null if these are zero"),
)
"""These follow the values of a group, which has only the names that it fixes."""
TREND_MEMBERS = (
    Member("first", "integer", "bytes", "bytes in the first sample that has the tag"),
    Member("last", "integer", "bytes", "bytes in the last sample that has the tag"),
    Member("min", "integer", "bytes", "the fewest bytes in a sample"),
    Member("max", "integer", "bytes", "the most bytes in a sample"),
    Member("mean", "number", "bytes", "mean of the samples"),
    Member("slope", "number", "bytes/s", "slope of the line of least squares"),
    Member("rising", "number", "", "share of the steps between samples that grew, 0 to 1"),
    Member("samples", "integer", "samples", "samples that have the tag"),
    Member("seconds", "number", "s", "time from the first of these samples to the last"),
)
"""These follow the values of the last sample in a trend."""

JSON_MEMBERS = {
    "json": MEMBERS,
    "json_diff": DIFF_MEMBERS,
    "json_group": GROUP_MEMBERS,
    "json_trend": TREND_MEMBERS,
}
"""The members of the objects of each kind of rows, as schema.json names these kinds."""

_ALL_NAMES = ("file", "line", "function", "module")


def format_json(rows: Rows) -> bytes:
    """Render rows; an empty module stands for built-in code, as in the records."""
    members = [*_names(rows), *_values(rows)]
    template = "{" + ", ".join(f'"{name}": %s' for name, _ in members) + "%s%s}\n"
    columns = [column for _, column in members]
    pairs = _pair_members(rows.pairs, len(rows.slots))
    lines = zip(*columns, _approx_members(rows.rounding, rows.sums), pairs, strict=True)
    return "".join([template % line for line in lines]).encode()


def _names(rows: Rows) -> Iterator[tuple[str, Iterable[object]]]:
    table, slots = rows.table, rows.slots
    for name in rows.groups.names if rows.groups else _ALL_NAMES:
        if name == "line":
            yield name, table.line[slots].tolist()
        else:
            column = getattr(table, name)
            yield name, _encoded(column.values, column.ids[slots].tolist())


def _values(rows: Rows) -> Iterator[tuple[str, Iterable[object]]]:
    if rows.change:
        yield from _change_members(rows.sums, rows.change)
    else:
        yield "bytes", rows.sums.bytes.tolist()
        yield "calls", rows.sums.calls.tolist()
    if rows.trends:
        yield from _trend_members(rows.trends)
    yield "accurate", _booleans(rows.sums.accurate.tolist())
    if rows.groups:
        yield "tags", rows.groups.tags.tolist()
        yield "percent", [_percent(n, rows.groups.total) for n in rows.sums.bytes.tolist()]


def _change_members(delta: Sums, change: Change) -> Iterator[tuple[str, Iterable[object]]]:
    before, after = change.before, _plus(change.before, delta)
    yield "before", _counts(before.bytes.tolist(), before.calls.tolist())
    yield "after", _counts(after.bytes.tolist(), after.calls.tolist())
    yield "delta", _counts(delta.bytes.tolist(), delta.calls.tolist())
    if change.seconds:
        rates = (delta.bytes / change.seconds, delta.calls / change.seconds)
        yield "per_second", _counts(*(rate.tolist() for rate in rates))
    else:
        yield "per_second", ["null"] * len(delta.bytes)
    yield "state", [f'"{state}"' for state in states(delta, change.marks)]


def states(delta: Sums, marks: Marks) -> list[str]:
    """Name the state of each tag of a difference, the most telling one."""
    grown = (delta.growth() > 0).tolist()
    states = ["grown" if up else "shrunk" for up in grown]
    for flags, name in zip(marks, marks._fields, strict=True):
        for place in np.flatnonzero(flags).tolist():
            states[place] = name
    return states


def _plus(before: Sums, delta: Sums) -> Sums:
    calls = before.calls.view("i8") + delta.calls.view("i8")
    return Sums(before.bytes + delta.bytes, calls.view("u8"), delta.accurate)


def _trend_members(trends: Trends) -> Iterator[tuple[str, Iterable[object]]]:
    for name, column in zip(trends._fields, trends, strict=True):
        yield name, map(repr, column.tolist())


def _counts(nbytes: Sequence[object], calls: Sequence[object]) -> list[str]:
    return [f'{{"bytes": {b}, "calls": {c}}}' for b, c in zip(nbytes, calls, strict=True)]


def _percent(nbytes: int, total: int) -> str:
    return f"{100 * nbytes / total:.4g}" if total else "null"


def _booleans(flags: list[bool]) -> list[str]:
    return ["true" if flag else "false" for flag in flags]


def _approx_members(rounding: Rounding | None, sums: Sums) -> Iterable[str]:
    """Return the member `approx` of each object, with the comma before it; empty where exact."""
    if rounding is None:
        return repeat("", len(sums.bytes))
    ends = rounding.ends(sums.bytes)
    return ["" if each is None else f', "approx": {json.dumps(each)}' for each in ends]


def _pair_members(pairs: Pairs | None, count: int) -> Iterable[str]:
    """Return the member `pairs` of each object, with the comma before it; empty without pairs."""
    if pairs is None:
        return repeat("", count)
    encoded = {text: f', "pairs": {json.dumps(pairs_of(_utf8(text)))}' for text in set(pairs)}
    encoded[""] = ""
    return [encoded[text] for text in pairs]


def _encoded(values: tuple[str, ...], ids: list[int]) -> list[str]:
    """Encode each distinct name that occurs once; bytes that are not UTF-8 become U+FFFD."""
    encoded = {number: json.dumps(_utf8(values[number])) for number in set(ids)}
    return [encoded[number] for number in ids]


def _utf8(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
