"""The names of moments: those of snapshots, ages and times, and windows of time.

Nothing here imports numpy: mount options are checked before the slow imports.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from allocfs.errors import BadName
from allocfs.units import parse_span

NOW, FIRST, LAST = "now", "first", "last"
LAST_READ = "last-read"  # in diff/: what changed since the last read of an open file
RESERVED = (NOW, FIRST, LAST, LAST_READ)
ALL = "all"  # the window of all samples
MOST_BYTES = 128  # of the name of a snapshot

HISTORY_FORM = "INTERVAL*NUMBER such as 10s*360, from 0.1s to 1d, and from 2 to 100000 samples"

_NS = 1_000_000_000
_INTERVALS = range(_NS // 10, 86400 * _NS + 1)
_SAMPLES = range(2, 100_001)
_HISTORY = re.compile(r"([^*]+)\*([0-9]{1,6})", re.ASCII)
_UTC = re.compile(
    r"@([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?Z", re.ASCII
)


class Age(NamedTuple):
    """The moment that is at least so old."""

    ns: int


class At(NamedTuple):
    """The moment at a time of the wall clock or before it."""

    utc_ns: int


class HistoryOptions(NamedTuple):
    """How often a sample is taken, in seconds, and how many are kept."""

    interval: float
    samples: int


def check_name(name: str) -> None:
    """Raise BadName for a name that a snapshot cannot have."""
    if fault := _fault(name):
        raise BadName(f"{name!r}: expected the name of a snapshot, {fault}")


def missing_moment(name: str, snapshots: Sequence[str], record: Sequence[str]) -> str:
    """Say that no moment has a name, and which there are: snapshots, and moments of a record."""
    history = f"{len(record)}, from {record[0]} to {record[-1]}" if record else "none"
    return (
        f"no moment {name!r}: there are {NOW}, the snapshots ({', '.join(snapshots) or 'none'}),"
        f" and those of history/ ({history})"
    )


def parse_when(text: str) -> Age | At | None:
    """Read an age such as `-10m`, or a time such as `@2026-11-25T10:00:00Z`, None if it is neither.

    A time may have a fraction of a second, or no seconds.
    """
    if text.startswith("-"):
        ns = _span(text[1:])
        return None if ns is None else Age(ns)
    found = _UTC.fullmatch(text)
    return _at(*found.groups("")) if found else None


def parse_window(text: str) -> int | None:
    """Read a window such as `1h`, in nanoseconds, None if it is none."""
    return _span(text) or None


def parse_history(text: str) -> HistoryOptions:
    """Read the value of the mount option `history`; raise ValueError, naming the form."""
    found = _HISTORY.fullmatch(text)
    interval = (_span(found[1]) or 0) if found else 0
    if found is None or interval not in _INTERVALS or int(found[2]) not in _SAMPLES:
        raise ValueError(f"expected {HISTORY_FORM}")
    return HistoryOptions(interval / _NS, int(found[2]))


def _fault(name: str) -> str:
    """Tell how a name should be other than it is; empty if it is good."""
    if not name or len(os.fsencode(name)) > MOST_BYTES:
        return f"of 1 to {MOST_BYTES} bytes"
    if name[0] in "-.@" or name[-1] == ".":
        return "that does not begin with '-', '.' or '@', nor end with '.'"
    if ".." in name or "/" in name or any(unicodedata.category(char) == "Cc" for char in name):
        return "without '..', '/' and control characters"
    if name in RESERVED:
        return f"none of the words {', '.join(RESERVED)}"
    return ""


def _span(text: str) -> int | None:
    try:
        return parse_span(text)
    except ValueError:
        return None


def _at(minute: str, second: str, fraction: str) -> At | None:
    try:
        stamp = datetime.fromisoformat(f"{minute}:{second or '00'}").replace(tzinfo=UTC)
    except ValueError:  # such as the 30th of February
        return None
    return At(round(stamp.timestamp()) * _NS + int(fraction.ljust(9, "0")))
