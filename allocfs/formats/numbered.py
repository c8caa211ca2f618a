"""Records that know their tag by number, as lines with `index:N` in the place of the tag."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from allocfs.formats.records import COUNTERS_SIZE, TREND_SIZE, CounterFlags, Records
from allocfs.formats.textlines import trend_pairs
from allocfs.tags.rows import Trends

MOST_TAGS = 2**32  # far more than there can be, and less than a name read as a number

_KNOWN_FLAGS = np.uint64(sum(CounterFlags))
_STATES = {
    CounterFlags.NEW: "new",
    CounterFlags.GONE: "gone",
    CounterFlags.MOVED: "moved",
    CounterFlags.UNKNOWN: "unknown",
}
_VALUE_FLAGS = np.uint64(CounterFlags.ACCURATE | CounterFlags.APPROXIMATE)


def format_counters(records: Records, as_json: bool = False) -> bytes:
    """Write records of /counters as the lines of /proc/allocinfo, or as JSON lines.

    Raises ValueError if these cannot be records of /counters.
    """
    if np.any(records["flags"] & ~_KNOWN_FLAGS) or np.any(records["index"] >= MOST_TAGS):
        raise ValueError(f"these are not records of {COUNTERS_SIZE} bytes")
    write = _counters_json if as_json else _counters_text
    return "".join([write(*row) for row in records.tolist()]).encode()


def format_trends(records: Records, as_json: bool = False) -> bytes:
    """Write records of a trend likewise, with bytes and calls of the last sample.

    Raises ValueError if these cannot be records of a trend.
    """
    if not _can_be_trends(records):
        raise ValueError(f"these are not records of {TREND_SIZE} bytes")
    if as_json:
        names = records.dtype.names or ()
        return "".join([_trend_json(names, values) for values in records.tolist()]).encode()
    pairs = trend_pairs(Trends._make(records[name] for name in Trends._fields))
    columns = [records[name].tolist() for name in ("index", "last", "calls", "flags")]
    pairs = [f"{_approximate(flags)}{text}" for flags, text in zip(columns[3], pairs, strict=True)]
    return "".join([_line(*row) for row in zip(*columns, pairs, strict=True)]).encode()


def _can_be_trends(records: Records) -> bool:
    """Tell whether all fields have the numbers that a trend can have."""
    floats = (records[name] for name in ("mean", "slope", "seconds"))
    return bool(
        all(np.all(np.isfinite(column)) for column in floats)
        and all(np.all(records[name] < MOST_TAGS) for name in ("index", "samples"))
        and all(np.all(records["min"] <= records[name]) for name in ("first", "last"))
        and all(np.all(records["max"] >= records[name]) for name in ("first", "last"))
        and np.all((records["rising"] >= 0) & (records["rising"] <= 1))
        and not np.any(records["flags"] & ~_VALUE_FLAGS)
    )


def _line(index: int, size: int, calls: int, flags: int, pairs: str) -> str:
    accurate = "" if flags & CounterFlags.ACCURATE else "accurate:no "
    return f"{size:12d} {calls:8d} index:{index} {accurate}{pairs}{' ' if pairs else ''}\n"


def _counters_text(index: int, size: int, calls: int, flags: int) -> str:
    state = f"state:{_state(flags)}" if _state(flags) else ""
    return _line(index, size, calls, flags, f"{_approximate(flags)}{state}".strip())


def _counters_json(index: int, size: int, calls: int, flags: int) -> str:
    accurate = bool(flags & CounterFlags.ACCURATE)
    members: dict[str, object] = {
        "index": index,
        "bytes": size,
        "calls": calls,
        "accurate": accurate,
    }
    if state := _state(flags):
        members["state"] = state
    if flags & CounterFlags.APPROXIMATE:
        members["approximate"] = True
    return f"{json.dumps(members)}\n"


def _approximate(flags: int) -> str:
    return "approx:yes " if flags & CounterFlags.APPROXIMATE else ""


def _trend_json(names: Sequence[str], values: tuple[object, ...]) -> str:
    fields = dict(zip(names, values, strict=True))
    members = {"index": fields["index"], "bytes": fields["last"], "calls": fields["calls"]}
    members |= {name: fields[name] for name in Trends._fields}
    flags = fields["flags"]
    assert isinstance(flags, int)
    members["accurate"] = bool(flags & CounterFlags.ACCURATE)
    if flags & CounterFlags.APPROXIMATE:
        members["approximate"] = True
    return f"{json.dumps(members)}\n"


def _state(flags: int) -> str:
    return next((state for flag, state in _STATES.items() if flags & flag), "")
