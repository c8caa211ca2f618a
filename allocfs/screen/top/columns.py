"""The columns that fit on a screen, and their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

_WIDTHS = {"size": 10, "grown": 14, "tick": 13, "rate": 14, "calls": 10, "history": 20}
_DROPPED_FIRST = ("history", "tick", "rate", "calls", "grown")
_NAME = "name"
_NAME_WIDTH = 34  # columns are dropped for a name that has less


class Layout(NamedTuple):
    """The columns of a screen, with their titles and widths."""

    columns: Mapping[str, int]
    names: Mapping[str, str]

    def titles(self) -> str:
        """Write the line of titles."""
        return "".join(text for _, text in self.cells(self.names))

    def cells(self, cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Write the cells of a row, each with the space before the next."""
        for column, width in self.columns.items():
            text = cells[column]
            if column == _NAME:
                yield column, _end(text, width)
            elif column == "history":
                yield column, f"{text[-width + 1 :]:<{width}}"
            else:
                yield column, f"{text[: width - 2]:>{width - 2}}  "

    def column_at(self, x: int) -> str:
        """Return the column at a place of a line."""
        for column, width in self.columns.items():
            if x < width:
                return column
            x -= width
        return _NAME


def layout_of(titles: Mapping[str, str], width: int) -> Layout:
    """Choose the columns that leave enough for the name."""
    columns = [name for name in titles if name != _NAME]
    for dropped in _DROPPED_FIRST:
        if sum(_WIDTHS[name] for name in columns) + _NAME_WIDTH <= width:
            break
        if dropped in columns:
            columns.remove(dropped)
    widths = {name: _WIDTHS[name] for name in columns}
    rest = max(1, width - sum(widths.values()))
    return Layout({**widths, _NAME: rest} if _NAME in titles else widths, titles)


def _end(text: str, width: int) -> str:
    """Cut a name at its beginning: the end tells more."""
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}"
