"""Memory kept for clients: its accounting, its limit and its release."""

from __future__ import annotations

import gc
import math

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import OptionError, TooMuchMemory
from allocfs.formats.table import TEXT
from allocfs.fuse.live import LiveFiles
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.fuse.promises import Promises
from allocfs.mount.options import parse_options
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.limits import Budget, Limits
from allocfs.vfs.nodes import AllocinfoFile, Scope, TagFile
from tests.fuse.test_periodic import Clock

TEXT_FILE = TagFile(Scope(TEXT))
RECORDS_FILE = TagFile(Scope())


def filesystem(store: CodetagStore, max_kept: int) -> Filesystem:
    return Filesystem(store, limits=Limits(max_kept=max_kept))


def test_a_charge_counts_for_as_long_as_it_lives() -> None:
    budget = Budget(10)
    first = budget.reserve(7)
    with pytest.raises(TooMuchMemory, match="max_kept=10"):
        budget.reserve(4)
    assert budget.used == 7
    second = budget.reserve(3)
    del first
    assert budget.used == 3
    del second
    assert budget.used == 0


def test_an_open_text_counts_from_its_first_read_to_its_end(store: CodetagStore) -> None:
    kept = (files := filesystem(store, 10_000)).memory_budget
    clock = Clock()
    live = LiveFiles(files, Promises(math.inf), PageDropper(), clock=clock)
    view = live.open(1, BoundFile(TEXT_FILE))
    assert kept.used == 0
    text = view.read(0, 10_000)
    assert kept.used == len(text)
    assert view.read(0, 10_000) == text
    assert kept.used == len(text)
    clock.advance(2)
    live.give_back()
    assert kept.used == len(text)  # the reader may go on
    assert view.read(len(text), 10_000) == b""
    assert kept.used == 0
    assert view.read(len(text), 10_000) == b""
    assert kept.used == 0
    assert view.read(5, 9) == text[5:14]
    assert kept.used == len(text)
    live.forget(1)
    del view
    assert kept.used == 0


def test_a_text_that_would_be_too_much_is_refused_until_another_is_closed(
    store: CodetagStore,
) -> None:
    length = len(Filesystem(store).open(BoundFile(TEXT_FILE)).read(0, 10_000))
    files = filesystem(store, 2 * length)
    open_files = [files.open(BoundFile(TEXT_FILE)) for _ in range(3)]
    for view in open_files[:2]:
        view.read(0, 10)
    with pytest.raises(TooMuchMemory):
        open_files[2].read(0, 10)
    assert len(open_files[0].read(0, 10_000)) == length
    del open_files[0], view
    assert len(open_files[1].read(0, 10_000)) == length


def test_records_are_not_kept_for_open_files(store: CodetagStore) -> None:
    files = filesystem(store, 1)
    view = files.open(BoundFile(RECORDS_FILE))
    assert len(view.read(0, 10_000)) == 8 * 224
    assert files.memory_budget.used == 0


def test_what_is_held_for_a_period_counts_and_goes_when_it_is_old(store: CodetagStore) -> None:
    clock = Clock()
    files = filesystem(store, 100_000)
    periodic = PeriodicFiles(files, max_age=1.0, pages=PageDropper(), clock=clock)
    periodic.published(0, BoundFile(RECORDS_FILE)).view.read(0, 10_000)
    used_by_records = files.memory_budget.used
    texts = [
        periodic.published(inode, BoundFile(file)).view.read(0, 10_000)
        for inode, file in ((1, TEXT_FILE), (2, AllocinfoFile()))
    ]
    used = files.memory_budget.used
    assert used == used_by_records + sum(map(len, texts))
    clock.advance(5)
    periodic.published(9, BoundFile(RECORDS_FILE))
    assert files.memory_budget.used > used
    clock.advance(8)
    periodic.published(10, BoundFile(RECORDS_FILE))
    assert files.memory_budget.used == 2 * used_by_records  # of the five files the last two
    periodic.forget(9)
    periodic.forget(10)
    assert files.memory_budget.used == 0


def test_what_is_held_for_a_period_has_the_limit_too(store: CodetagStore) -> None:
    files = filesystem(store, 3000)
    periodic = PeriodicFiles(files, max_age=1.0, pages=PageDropper(), clock=Clock())
    periodic.published(1, BoundFile(RECORDS_FILE))
    with pytest.raises(TooMuchMemory):
        periodic.published(2, BoundFile(RECORDS_FILE))
    assert len(periodic.published(1, BoundFile(RECORDS_FILE)).view.read(0, 10_000)) == 8 * 224


def test_nothing_is_left_to_the_garbage_collector(store: CodetagStore) -> None:
    files = filesystem(store, 1_000_000)
    gc.collect()
    gc.disable()
    try:
        for file in (RECORDS_FILE, TEXT_FILE, AllocinfoFile()):
            for view in (files.open(BoundFile(file)), files.open_cached(BoundFile(file))):
                view.read(0, 10_000)
            del view
        assert files.memory_budget.used == 0
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", Limits()),
        ("max_open=3", Limits(max_open=3)),
        ("max_queries=1", Limits(max_queries=1)),
        ("max_kept=64M", Limits(max_kept=64 << 20)),
    ],
)
def test_each_limit_is_an_option(text: str, limits: Limits) -> None:
    assert parse_options(text).limits == limits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max_open=0", "a whole number from 1 to 1000000"),
        ("max_queries=0", "a whole number from 1 to 100000"),
        ("max_kept=1K", "a size from 1M to 1T, such as 64M"),
        ("max_kept=-1", "a size from 1M to 1T"),
        ("max_kept=lots", "a size from 1M to 1T"),
    ],
)
def test_a_limit_out_of_range_is_refused(text: str, expected: str) -> None:
    with pytest.raises(OptionError, match=expected):
        parse_options(text)
