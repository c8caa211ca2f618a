"""The live screen, by the library's own pilot: the effect of each key."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio  # noqa: F401  the mount's loop; this screen runs on asyncio

pytest.importorskip("textual")
import asyncio

from textual.pilot import Pilot
from textual.widgets import Input, Static

from allocfs.screen.top.app import Top
from allocfs.screen.top.completion import complete
from allocfs.screen.top.table import RowTable
from allocfs.screen.top.view import View
from tests.screen.top.fakes import Scene

SLOW = 3600.0  # seconds between ticks that never come; tests tick themselves
Act = Callable[[Top, Pilot[None], Scene], Awaitable[None]]


def on_screen(act: Act, size: tuple[int, int] = (120, 30)) -> None:
    """Run a screen over the scene, and act on it."""

    async def run() -> None:
        scene = Scene()
        app = Top(scene.watch, View(), SLOW)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await act(app, pilot, scene)

    asyncio.run(run())


def lines(app: Top) -> list[str]:
    table = app.query_one(RowTable)
    return ["".join(part.text for part in table.render_line(y)) for y in range(table.size.height)]


def shown(app: Top, widget: str) -> str:
    return str(app.query_one(widget, Static).render())


def test_the_largest_come_first_under_titles() -> None:
    async def act(app: Top, _pilot: Pilot[None], _scene: Scene) -> None:
        title, first, *_ = lines(app)
        assert title.split()[:2] == ["Size", "▼"]
        assert first.split()[:2] == ["12.7", "KiB"]  # two codetags of equal names
        assert "fs/xfs/xfs_log.c:7 [xfs] xlog_alloc" in first
        assert "35.2 KiB in 8 allocations" in shown(app, "#state")
        assert "a store" in shown(app, "#state")

    on_screen(act)


def test_keys_sort_group_and_turn_round() -> None:
    async def act(app: Top, pilot: Pilot[None], _scene: Scene) -> None:
        await pilot.press("I")
        assert app.view.descending is False
        assert "mm/slub.c:10" in lines(app)[1]
        await pilot.press("greater_than_sign")
        assert str(app.view.sort) == "grown"
        await pilot.press("less_than_sign", "less_than_sign")
        assert str(app.view.sort) == "name"
        await pilot.press("g")
        assert app.view.group == "function"
        assert "Function" in lines(app)[0]
        await pilot.click(RowTable, offset=(2, 0))
        assert (app.view.sort, app.view.descending) == ("size", True)

    on_screen(act)


def test_growth_is_since_the_mark() -> None:
    async def act(app: Top, pilot: Pilot[None], scene: Scene) -> None:
        scene.grow({0: 1 << 20})
        scene.tick()
        app._redraw()
        assert lines(app)[1].count("+1.00 MiB") == 3
        await pilot.press("m")
        assert lines(app)[1].count("+1.00 MiB") == 1  # of the last tick
        assert "marked" in shown(app, "#state")

    on_screen(act)


def test_a_filter_acts_as_one_types_and_tells_what_is_wrong() -> None:
    async def act(app: Top, pilot: Pilot[None], _scene: Scene) -> None:
        await pilot.press("slash", *"module=ex")
        await pilot.pause()
        assert app.query_one("#filter", Input).has_focus
        assert not app.query_one("#fault").has_class("shown")
        await pilot.press("right")
        await pilot.pause()
        assert app.view.query == "module=ext4"
        assert len([line for line in lines(app)[1:] if line.strip()]) == 1
        await pilot.press(*",colo")
        await pilot.pause()
        assert app.query_one("#fault").has_class("shown")
        assert "expected" in shown(app, "#fault")
        assert app.view.query == "module=ext4"
        await pilot.press("escape")
        assert app.query_one(RowTable).has_focus
        assert not app.query_one("#fault").has_class("shown")

    on_screen(act)


def test_a_directory_opens_and_closes() -> None:
    async def act(app: Top, pilot: Pilot[None], _scene: Scene) -> None:
        await pilot.press("g", "g", "g")
        assert app.view.group == "dir"
        place = next(n for n, line in enumerate(lines(app)[1:]) if line.split()[-1] == "mm")
        await pilot.press(*["down"] * place, "enter")
        await pilot.pause()
        assert (app.view.directory, app.view.group) == ("mm", "file")
        assert "mm/slub.c" in lines(app)[1]
        assert "below mm/" in shown(app, "#state")
        await pilot.press("backspace")
        assert (app.view.directory, app.view.group) == ("", "dir")

    on_screen(act)


def test_details_tell_the_history_of_a_row() -> None:
    async def act(app: Top, pilot: Pilot[None], scene: Scene) -> None:
        for _ in range(3):
            scene.grow({7: 1 << 20})
            scene.tick()
        app._redraw()
        await pilot.press("enter")
        await pilot.pause()
        text = shown(app, "#details")
        assert text.startswith("fs/ext4/super.c:3 [ext4] ext4_init")
        assert "max 3.01 MiB" in text
        assert "slope +1.00 MiB/s" in text
        assert "since start +3.00 MiB" in text
        await pilot.press("escape")
        assert not app.query_one("#details").has_class("shown")

    on_screen(act)


def test_frozen_numbers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(app: Top, pilot: Pilot[None], scene: Scene) -> None:
        await pilot.press("z")
        assert "FROZEN" in shown(app, "#state")
        app._tick()
        await app.workers.wait_for_complete()
        assert len(scene.watch.ticks) == 1
        await pilot.press("z")
        app._tick()
        await app.workers.wait_for_complete()
        assert len(scene.watch.ticks) == 2

    on_screen(act)


def test_a_source_that_dies_leaves_the_last_numbers() -> None:
    async def act(app: Top, pilot: Pilot[None], scene: Scene) -> None:
        before = lines(app)
        scene.tree.fails = True
        app._tick()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "the source is gone" in shown(app, "#state")
        assert lines(app) == before
        scene.tree.fails = False
        app._tick()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "the source is gone" not in shown(app, "#state")

    on_screen(act)


def test_a_capture_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(app: Top, pilot: Pilot[None], scene: Scene) -> None:
        await pilot.press("w")
        (name,) = os.listdir(tmp_path)
        assert (tmp_path / name).read_bytes() == scene.tree.read("allocinfo")
        assert name in shown(app, "#state")
        await pilot.press("s")
        assert "a snapshot needs a mount" in shown(app, "#state")

    on_screen(act)


def test_help_tells_the_keys() -> None:
    async def act(app: Top, pilot: Pilot[None], _scene: Scene) -> None:
        await pilot.press("f1")
        assert "mark now" in shown(app, "#details")
        await pilot.press("f1")
        assert not app.query_one("#details").has_class("shown")

    on_screen(act)


@pytest.mark.parametrize("size", [(80, 24), (20, 8), (300, 5)])
def test_every_size_of_a_terminal_shows_rows(size: tuple[int, int]) -> None:
    async def act(app: Top, pilot: Pilot[None], _scene: Scene) -> None:
        await pilot.press("end", "pageup", "home", "down")
        assert lines(app)[0].split()[0] == "Size"
        assert app.query_one(RowTable).cursor == 1

    on_screen(act, size)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("mod", "module="),
        ("module=x", "module=xfs"),
        ("module=xfs,func", "module=xfs,function="),
        ("file=mm", "file=mm/slub.c"),
        ("", None),
        ("nix", None),
        ("module=", None),
        ("line=1", None),
    ],
)
def test_queries_are_completed(typed: str, completed: str | None) -> None:
    assert complete(typed, Scene().watch) == completed
