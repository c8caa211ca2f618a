"""The counters of a source over the ticks."""

from __future__ import annotations

import pytest

from allocfs.errors import BadQuery, SourceFailed
from allocfs.screen.top.watch import TICKS
from tests.screen.top.fakes import Scene


def test_each_tick_reads_all_counters() -> None:
    scene = Scene()
    scene.grow({2: 500}, calls=3)
    scene.tick()
    first, second = scene.watch.ticks
    assert (second.bytes - first.bytes).tolist() == [0, 0, 500, 0, 0, 0, 0, 0]
    assert (second.calls - first.calls).tolist() == [0, 0, 3, 0, 0, 0, 0, 0]
    assert (first.time, second.time) == (100.0, 101.0)


def test_the_history_is_short_and_the_start_stays() -> None:
    scene = Scene()
    start = scene.watch.start
    for _ in range(TICKS + 5):
        scene.grow({0: 1})
        scene.tick()
    assert len(scene.watch.ticks) == TICKS
    assert scene.watch.start is start
    assert scene.watch.now.bytes[0] - start.bytes[0] == TICKS + 5


def test_codetags_keep_their_history_when_modules_come_and_go() -> None:
    scene = Scene()
    scene.watch.set_mark()
    scene.store.unload("xfs")
    scene.tick()
    assert scene.watch.mark.bytes.tolist() == [1000, 2000, 3000, 4000, 5000, 8000]
    scene.store.load("xfs")
    scene.grow({5: 10, 6: 20})
    scene.tick()
    sizes = dict(
        zip(scene.watch.names.records["lineno"].tolist(), scene.watch.now.bytes, strict=True)
    )
    assert sizes[3] == 8000
    assert sorted(scene.watch.now.bytes.tolist())[:2] == [10, 20]


def test_a_query_chooses_codetags() -> None:
    scene = Scene()
    watch = scene.watch
    assert watch.matching("module=xfs").nonzero()[0].tolist() == [5, 6]
    assert watch.matching("file=mm/*").nonzero()[0].tolist() == [0, 1]
    assert watch.matching("min_size=7000,sort=-bytes,limit=1").nonzero()[0].tolist() == [6, 7]
    assert watch.matching("sort=bytes").all()
    for query in ("color=red", "state=new", "module="):
        with pytest.raises(BadQuery):
            watch.matching(query)


def test_a_source_that_fails_keeps_the_last_ticks() -> None:
    scene = Scene()
    scene.tree.fails = True
    with pytest.raises(SourceFailed):
        scene.tick()
    assert len(scene.watch.ticks) == 1
    scene.tree.fails = False
    scene.tick()
    assert len(scene.watch.ticks) == 2
