"""The rows of the live screen, compared with plain sums."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter

import pytest

from allocfs.screen.top.view import GROUPS, View, rows_of, sparkline
from allocfs.screen.top.watch import TICKS
from tests.conftest import TAGS
from tests.screen.top.fakes import Scene


def name_of(group: str, slot: int) -> str:
    tag = TAGS[slot]
    module = f" [{tag.module}]" if tag.module else ""
    names = {
        "site": f"{tag.file}:{tag.line}{module} {tag.function}",
        "function": tag.function,
        "file": tag.file,
        "dir": tag.file.rpartition("/")[0],
        "module": tag.module or "vmlinux",
    }
    return names[group]


@pytest.mark.parametrize("group", GROUPS)
def test_rows_are_the_sums_of_their_codetags(group: str) -> None:
    scene = Scene()
    scene.grow({0: 7, 5: -300, 7: 50}, calls=2)
    scene.tick(2)
    rows, totals = rows_of(scene.watch, View(group=group), 100)
    size, grown = Counter[str](), Counter[str]()
    for slot in range(len(TAGS)):
        size[name_of(group, slot)] += 1000 * (slot + 1)
        grown[name_of(group, slot)] += {0: 7, 5: -300, 7: 50}.get(slot, 0)
    size.update(grown)
    assert {row.name: (row.size, row.grown, row.tick) for row in rows} == {
        name: (size[name], grown[name], grown[name]) for name in size
    }
    assert [row.size for row in rows] == sorted(size.values(), reverse=True)
    assert {row.name: row.rate for row in rows} == {name: n / 2 for name, n in grown.items()}
    assert (totals.size, totals.grown, totals.rows) == (sum(size.values()), -243, len(size))
    for row in rows:
        assert row.history == [row.size - row.grown, row.size]


@pytest.mark.parametrize("column", ["size", "grown", "tick", "rate", "calls", "name"])
@pytest.mark.parametrize("descending", [False, True])
def test_rows_are_sorted_and_the_first_are_kept(column: str, descending: bool) -> None:
    scene = Scene()
    scene.grow({slot: 10 * slot for slot in range(8)}, calls=3)
    scene.tick()
    view = View(sort=column, descending=descending)  # type: ignore[arg-type]
    every, _ = rows_of(scene.watch, view, 100)
    values = [getattr(row, column) for row in every]
    assert values == sorted(values, reverse=descending)
    few, totals = rows_of(scene.watch, view, 3)
    assert [row.name for row in few] == [row.name for row in every[:3]]
    assert totals.rows == len(every)


def test_a_query_and_a_directory_choose_rows() -> None:
    scene = Scene()
    rows, _ = rows_of(scene.watch, View(query="module=ext4"), 100)
    assert [row.name for row in rows] == [name_of("site", 7)]
    rows, _ = rows_of(scene.watch, View(group="file", directory="mm"), 100)
    assert [row.name for row in rows] == ["mm/slub.c"]
    rows, totals = rows_of(scene.watch, View(query="module=none"), 100)
    assert (rows, totals) == ([], (0, 0, 0, 0))


def test_the_same_column_turns_the_order_round() -> None:
    view = View().sorted_by("size")
    assert (view.sort, view.descending) == ("size", False)
    assert view.sorted_by("name").descending is False
    assert view.sorted_by("calls").descending is True
    groups = [view := view.next_group() for _ in GROUPS]
    assert [each.group for each in groups] == [*GROUPS[1:], GROUPS[0]]


def test_cells_are_written_for_people() -> None:
    scene = Scene()
    scene.grow({0: 5 << 20}, calls=4)
    scene.tick(2)
    (row, *_), _ = rows_of(scene.watch, View(), 100)
    assert row.cells() == [
        "5.00 MiB",
        "+5.00 MiB",
        "+5.00 MiB",
        "+2.50 MiB/s",
        "5",
        "▁█",
        name_of("site", 0),
    ]


@pytest.mark.parametrize(
    ("numbers", "bars"),
    [
        ([], ""),
        ([5], "▁"),
        ([5, 5], "▁▁"),
        ([0, 7], "▁█"),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([-(2**63), 2**63 - 1], "▁█"),
    ],
)
def test_a_sparkline_goes_from_the_least_to_the_most(numbers: list[int], bars: str) -> None:
    assert sparkline(numbers) == bars


def test_a_day_of_ticks_takes_no_more_memory_than_an_hour() -> None:
    """A tick a minute, by a fake clock: 24 hours after the first hour."""
    scene = Scene()

    def watch(minutes: int) -> int:
        for minute in range(minutes):
            scene.grow({minute % 8: 64})
            scene.tick(60)
            rows_of(scene.watch, View(group=GROUPS[minute % len(GROUPS)]), 100)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    after_an_hour = watch(2 * TICKS)
    after_a_day = watch(24 * 60)
    tracemalloc.stop()
    assert after_a_day - after_an_hour < 64 << 10
