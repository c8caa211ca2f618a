"""The bytes of files of moments as plain Python writes them, and the comparison with found ones."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from tests.support.moment_model import Base, Row, Trend
from tests.support.selection_oracle import states

_NAMES = {
    "": ("file", "line", "function", "module"),
    "module": ("module",),
    "file": ("file",),
    "dir": ("file",),
    "function": ("function",),
    "site": ("file", "line", "function", "module"),
    "all": (),
}
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_RECORD = struct.Struct("=64s64s64sQqQB7x")
_COUNTERS = struct.Struct("=QqQQ")
_TREND = struct.Struct("=QqqqqdddQdqQ")
_TREND_FIELDS = ("index", *Trend._fields, "calls", "flags")
_FLAGS = {"new": 2, "gone": 4, "moved": 16}


class Shape(NamedTuple):
    """All that the rows of a file have in common."""

    base: Base
    group: str
    total: int


def check(form: str, data: bytes, rows: list[Row], shape: Shape) -> None:
    """Compare a file with the rows that it should have."""
    match form:
        case "" | "counters" if shape.base.kind == "trend":
            pieces = list(_pieces(data, _TREND.size))
            assert len(pieces) == len(rows)
            for piece, row in zip(pieces, rows, strict=True):
                fields = dict(zip(_TREND_FIELDS, _TREND.unpack(piece), strict=True))
                _check_member(fields, _trend_record(row), slack(row))
        case "":
            assert list(_pieces(data, _RECORD.size)) == list(map(_record, rows))
        case "counters":
            assert list(_pieces(data, _COUNTERS.size)) == list(map(_counters, rows))
        case "text":
            lines = data.decode().splitlines(keepends=True)
            assert len(lines) == len(rows), (lines, rows)
            for found, row in zip(lines, rows, strict=True):
                _check_words(found, _line(row, shape), slack(row))
        case "json":
            lines = data.decode().splitlines()
            assert len(lines) == len(rows), (lines, rows)
            for found, row in zip(lines, rows, strict=True):
                _check_member(json.loads(found), _object(row, shape), slack(row))


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _cut(name: str) -> bytes:
    return name.encode()[-63:]


def _record(row: Row) -> bytes:
    tag, calls = row.one.tag, row.one.calls % 2**64
    names = _cut(tag.module), _cut(tag.function), _cut(tag.file)
    return _RECORD.pack(*names, tag.line, row.one.bytes, calls, row.one.accurate)


def _counters(row: Row) -> bytes:
    flags = row.one.accurate + _FLAGS.get(row.one.mark, 0)
    return _COUNTERS.pack(row.index, row.one.bytes, row.one.calls % 2**64, flags)


def _trend_record(row: Row) -> dict[str, object]:
    calls = row.one.signed_calls
    return {"index": row.index, **_trend(row), "calls": calls, "flags": int(row.one.accurate)}


def _trend(row: Row) -> dict[str, object]:
    """Return the values of a trend, those that are not whole as floats."""
    return {
        name: float(value) if isinstance(value, Fraction) else value
        for name, value in row.trend._asdict().items()
    }


def _head(row: Row, group: str) -> str:
    tag = row.one.tag
    match group.partition(":")[0]:
        case "module":
            return tag.module or "vmlinux"
        case "file":
            return tag.file
        case "dir":
            return f"{tag.file}/"
        case "function":
            return f"func:{tag.function}"
        case "all":
            return "all"
        case _:
            module = f" [{tag.module}]" if tag.module else ""
            return f"{tag.file}:{tag.line}{module} func:{tag.function}"


def _line(row: Row, shape: Shape) -> str:
    """Write the line of a row."""
    one, kind = row.one, shape.base.kind
    sign = "+" if kind == "diff" else ""
    numbers = f"{one.bytes:{sign}12} {one.calls:{sign}8}"
    words = [numbers, _head(row, shape.group)]
    words += [] if one.accurate else ["accurate:no"]
    words += [f"tags:{len(row.keys)}"] if shape.group else []
    words += [f"state:{one.mark}"] if one.mark else []
    words += _trend_words(row.trend) if kind == "trend" else []
    return " ".join([*words, "\n"])


def _trend_words(trend: Trend) -> list[str]:
    return [
        f"slope:{float(trend.slope):+.3f}/s",
        f"rising:{float(100 * trend.rising):.1f}%",
        f"first:{trend.first}",
        f"last:{trend.last}",
        f"min:{trend.min}",
        f"max:{trend.max}",
        f"mean:{float(trend.mean):.1f}",
        f"samples:{trend.samples}",
    ]


def slack(row: Row) -> float:
    """Return the rounding error that floats of a trend may have."""
    return 1e-13 * (row.trend.max - row.trend.min) if row.points else 0.0


def _check_words(found: str, expected: str, slack: float) -> None:
    """Compare lines, numbers with a point by their rounding."""
    assert _FLOAT.sub("N", found) == _FLOAT.sub("N", expected)
    numbers = zip(_FLOAT.findall(found), _FLOAT.findall(expected), strict=True)
    for ours, theirs in numbers:
        decimals = len(theirs.partition(".")[2])
        assert _close(float(ours), float(theirs), 1.01 * 10.0**-decimals + slack), expected


def _object(row: Row, shape: Shape) -> dict[str, object]:
    """Return the object of a row."""
    one, kind = row.one, shape.base.kind
    names = _NAMES[shape.group.partition(":")[0]]
    members: dict[str, object] = {name: getattr(one.tag, name) for name in names}
    members |= _change(row, shape) if kind == "diff" else {"bytes": one.bytes, "calls": one.calls}
    if kind == "trend":
        members |= _trend(row)
    members["accurate"] = one.accurate
    if shape.group:
        percent = float(f"{100 * one.bytes / shape.total:.4g}") if shape.total else None
        members |= {"tags": len(row.keys), "percent": percent}
    return members


def _change(row: Row, shape: Shape) -> dict[str, object]:
    one, before, seconds = row.one, row.before, shape.base.seconds
    after_bytes = (before.bytes + one.bytes + 2**63) % 2**64 - 2**63
    state = one.mark or next(iter(states(one) - {""}))
    rates = (
        {"bytes": float(one.bytes / seconds), "calls": float(one.calls / seconds)}
        if seconds
        else None
    )
    return {
        "before": {"bytes": before.bytes, "calls": before.calls},
        "after": {"bytes": after_bytes, "calls": (before.calls + one.calls) % 2**64},
        "delta": {"bytes": one.bytes, "calls": one.calls},
        "per_second": rates,
        "state": state,
    }


def _check_member(found: Any, expected: Any, slack: float) -> None:
    """Compare values of JSON, and the order of members; floats by their rounding."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for name, value in expected.items():
            _check_member(found[name], value, slack)
    elif isinstance(expected, float):
        assert _close(found, expected, 1e-9 + slack), (found, expected)
    else:
        assert found == expected


def _close(found: float, expected: float, error: float) -> bool:
    return abs(found - expected) <= error + 1e-9 * abs(expected)
