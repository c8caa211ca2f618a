"""The columns that fit on a screen."""

from __future__ import annotations

import pytest

from allocfs.screen.top.app import TITLES
from allocfs.screen.top.columns import layout_of


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (200, ["size", "grown", "tick", "rate", "calls", "history", "name"]),
        (100, ["size", "grown", "tick", "rate", "calls", "name"]),
        (80, ["size", "grown", "calls", "name"]),
        (20, ["size", "name"]),
        (5, ["size", "name"]),
    ],
)
def test_columns_leave_room_for_the_name(width: int, columns: list[str]) -> None:
    layout = layout_of(TITLES, width)
    assert list(layout.columns) == columns
    if width >= 20:
        assert sum(layout.columns.values()) == width
    assert len(layout.titles()) <= max(width, 11)


def test_a_long_name_keeps_its_end() -> None:
    cells = dict.fromkeys(TITLES, "1") | {
        "name": "a" * 30 + "/end.c:5 function",
        "history": "▁" * 60,
    }
    texts = dict(layout_of(TITLES, 60).cells(cells))
    assert texts["name"].startswith("…")
    assert texts["name"].endswith("end.c:5 function")
    assert len(dict(layout_of(TITLES, 150).cells(cells))["history"]) == 20


def test_a_place_is_in_a_column() -> None:
    layout = layout_of(TITLES, 200)
    assert [layout.column_at(x) for x in (0, 9, 10, 24, 199, 500)] == [
        "size",
        "size",
        "grown",
        "tick",
        "name",
        "name",
    ]
