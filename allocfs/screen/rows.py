"""Rows of JSON lines as people read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from allocfs.units import human_size

Row = Mapping[str, Any]

ROUNDED, INACCURATE = "~", "*"
"""The marks of sizes that were rounded, and of those that miss allocations."""


def rows_of(lines: bytes) -> list[Row]:
    """Read JSON lines."""
    return list(map(json.loads, lines.splitlines()))


def site(row: Row) -> str:
    """Name a codetag, or a row of a group by the names that it has."""
    place = row.get("file", "")
    if "line" in row:
        place += f":{row['line']}"
    module = f"[{row['module']}]" if place and row.get("module") else row.get("module")
    if not place and module == "":
        module = "vmlinux"
    parts = [place, module, row.get("function")]
    return " ".join(part for part in parts if part) or "all"


def size(row: Row) -> str:
    """Write the bytes of a row, with marks."""
    return f"{marks(row)}{human_size(row['bytes'])}"


def marks(row: Row) -> str:
    """Return the marks of the bytes of a row."""
    return (ROUNDED if "approx" in row else "") + ("" if row["accurate"] else INACCURATE)


def average(row: Row) -> str:
    """Write the bytes of one allocation, empty without any."""
    return human_size(row["bytes"] / row["calls"]) if 0 < row["calls"] < 2**63 else ""


def legend(rows: list[Row]) -> list[str]:
    """Explain the marks that some rows have."""
    notes = []
    if any("approx" in row for row in rows):
        notes.append(f"{ROUNDED} rounded before it was read")
    if not all(row["accurate"] for row in rows):
        notes.append(f"{INACCURATE} not every allocation is counted")
    return notes


def notes_of(source: str) -> list[str]:
    """Return what `.allocfs/source` tells that a reader of numbers should know."""
    pairs = [line.partition(" ") for line in source.splitlines()]
    notes = [f"a partial list: the {value}" for name, _, value in pairs if name == "partial"]
    conditions = [value for name, _, value in pairs if name == "condition" and value != "ok"]
    return [*notes, *(f"the source: {value}" for value in conditions)]
