"""How the bytes of each record moved over the samples of a window."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from allocfs.client.queries import Condition, records_path
from allocfs.formats.records import RECORD, TREND, Records, cut_name
from allocfs.moments.names import ALL, parse_window
from allocfs.query.places import Place

_NAMES = {"modname": "module", "function": "function", "filename": "file"}
_NUMBERS = [name for name in TREND.names or () if name not in ("index", "calls", "flags")]
_S64 = 2**63

TREND_ROW = np.dtype(
    [
        *((name, RECORD[name]) for name in (*_NAMES, "lineno")),
        *((name, TREND[name]) for name in (*_NUMBERS, "calls")),
        ("accurate", RECORD["accurate"]),
    ]
)
"""The dtype of trends: the names of RECORD, and the numbers of the records of trends."""


class Trend:
    """The trends of a mount over a window of time, such as `1h`, or over `all` samples."""

    def __init__(self, mount: str, window: str) -> None:
        """Name a window. Raises FileNotFoundError for one that is none."""
        self.window = window
        self._directory = f"{mount}/trend/{window}"
        if window != ALL and parse_window(window) is None:
            raise FileNotFoundError(
                errno.ENOENT,
                f"no window {window!r}: expected a length of time such as 90s, 10m or 1h30m, or"
                f" {ALL}",
                self._directory,
            )

    def __repr__(self) -> str:
        return f"Trend({self.window!r})"

    def rows(self, query: str | None = None, **conditions: Condition) -> Records:
        """Read the trends that a query selects; shape (n,), dtype TREND_ROW.

        There are none if no sample is in the window. Raises BadQuery and OSError.
        """
        path = records_path(f"{self._directory}/json", query, conditions, {Place.TREND})
        with open(path, "rb") as lines:
            return np.array([tuple(_fields(json.loads(line))) for line in lines], TREND_ROW)


def _fields(row: dict[str, Any]) -> Iterator[object]:
    """Return the fields of a row; a row of a group has only the names that it fixes."""
    for name in _NAMES.values():
        yield cut_name(row.get(name, ""))
    yield row.get("line", 0)
    for name in _NUMBERS:
        yield row[name]
    yield (row["calls"] + _S64) % 2**64 - _S64  # JSON has them unsigned
    yield row["accurate"]
