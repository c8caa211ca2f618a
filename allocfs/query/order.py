"""The orders of records that a query can ask for."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

SortKey = Literal["bytes", "calls", "file", "slope", "rising"]

SORT_KEYS: dict[str, SortKey] = {key: key for key in get_args(SortKey)} | {
    "size": "bytes",
    "byte": "bytes",
    "count": "calls",
    "call": "calls",
    "path": "file",
}
"""The words for the orders: their names in the canonical form, and other words for them."""

SUM_ORDERS = frozenset({"bytes", "calls"})
TREND_ORDERS = frozenset({"slope", "rising"})


class Sort(NamedTuple):
    """The order of the records; `file` is by path, then line.

    `names`, which has no word in a query, is by path, line, function and module: `sort=file` of
    the rows of a group, in which some of these names are empty.
    """

    key: SortKey | Literal["names"]
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.key}"

    def of_rows(self) -> Sort:
        """Return the order for the rows of a group."""
        return self._replace(key="names") if self.key == "file" else self


def parse_sort(text: str) -> Sort:
    """Read an order; raise ValueError, naming the expected words."""
    key = text.removeprefix("-")
    if key not in SORT_KEYS:
        raise ValueError(f"expected {', '.join(get_args(SortKey))}, or one of them after a -")
    return Sort(SORT_KEYS[key], text.startswith("-"))
