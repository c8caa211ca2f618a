"""Serving by periods: the reported sizes and times, and reads that agree with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyfuse3
import pytest
import trio
from trio.testing import MockClock

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import NameNotFound, NotCacheable, TagGone
from allocfs.formats.records import decode_record
from allocfs.formats.table import RECORDS, TEXT
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.query.language import parse
from allocfs.tags.axis import Axis
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.nodes import AboutFile, Scope, TagFile

XFS = TagFile(Scope(), Axis.MODULE, "xfs")
BIG = TagFile(Scope(RECORDS, "min_size=1", parse("min_size=1")))
XFS_TEXT = TagFile(Scope(TEXT), Axis.MODULE, "xfs")


class Clock:
    """A clock set by the test."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns

    def advance(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


class Pages(PageDropper):
    """Note the inodes whose pages would be dropped, and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.dropped: list[tuple[int, float]] = []
        self._clock = clock

    def drop(self, numbers: Iterable[int]) -> None:
        self.dropped += [(number, self._clock()) for number in numbers]


@pytest.fixture
def big() -> BoundFile:
    return BoundFile(BIG)


@pytest.fixture
def xfs_text() -> BoundFile:
    return BoundFile(XFS_TEXT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(store: CodetagStore, clock: Clock) -> PeriodicFiles:
    return PeriodicFiles(Filesystem(store), max_age=1.0, pages=Pages(clock), clock=clock)


def add(store: CodetagStore, slot: int, nbytes: int) -> None:
    store.count(np.array([slot]), np.array([0]), np.array([nbytes]), np.array([1]))


def bytes_of(files: PeriodicFiles, file: TagFile) -> int:
    return decode_record(files.published(1, BoundFile(file)).view.read(0, 224)).bytes


def test_values_stay_for_a_period_and_are_new_in_the_next(
    files: PeriodicFiles, store: CodetagStore, clock: Clock
) -> None:
    assert bytes_of(files, XFS) == 0
    add(store, 5, 100)
    clock.advance(0.9)
    files.renew(1, files.period())
    assert bytes_of(files, XFS) == 0
    clock.advance(0.2)
    files.renew(1, files.period())
    assert bytes_of(files, XFS) == 100


def test_a_read_after_the_end_gets_what_the_kernel_was_told(
    files: PeriodicFiles, store: CodetagStore, clock: Clock
) -> None:
    assert bytes_of(files, XFS) == 0
    add(store, 5, 100)
    clock.advance(5)
    assert bytes_of(files, XFS) == 0


def test_each_tag_is_summed_once_in_a_period(files: PeriodicFiles, store: CodetagStore) -> None:
    view = files.published(1, BoundFile(TagFile(Scope()))).view
    for offset in (0, 100, 224, 300):
        view.read(offset, 448)
    assert store.counters_read == 4 * 4


def test_the_mtime_is_that_of_the_period(files: PeriodicFiles, clock: Clock) -> None:
    first = files.period()
    clock.advance(0.75)
    again = files.period()
    clock.advance(0.5)
    second = files.period()
    assert first.mtime_ns == again.mtime_ns
    assert second.mtime_ns - first.mtime_ns == 1_000_000_000
    assert again.remaining == pytest.approx(0.25)


def test_sizes_are_measured_with_the_file_that_has_them(
    files: PeriodicFiles, store: CodetagStore, clock: Clock, big: BoundFile
) -> None:
    assert files.measure(1, big)[0] == 0
    add(store, 5, 100)
    assert files.measure(1, big)[0] == 0
    clock.advance(1)
    size, held = files.measure(1, big)
    assert size == len(held.view.read(0, 10_000)) == 224


def test_text_is_rendered_once_in_a_period(
    files: PeriodicFiles, store: CodetagStore, clock: Clock, xfs_text: BoundFile
) -> None:
    size, held = files.measure(1, xfs_text)
    add(store, 5, 10**15)
    assert files.measure(1, xfs_text) == (size, held)
    assert held.view.read(0, 10_000) == files.published(1, xfs_text).view.read(0, 10_000)
    clock.advance(1)
    assert files.measure(1, xfs_text)[0] > size


def test_a_file_about_the_mount_changes_its_mtime_with_its_content(
    files: PeriodicFiles, store: CodetagStore, clock: Clock
) -> None:
    content_id = AboutFile("content_id")
    _, first = files.measure(1, BoundFile(content_id))
    clock.advance(0.1)
    assert files.measure(1, BoundFile(content_id))[1] == first
    store.unload("xfs")
    _, second = files.measure(1, BoundFile(content_id))
    assert second.mtime_ns > first.mtime_ns
    assert second.view.read(0, 100) == b"2\n"


def test_a_name_that_is_gone_is_not_found_in_the_next_period(
    files: PeriodicFiles, store: CodetagStore, clock: Clock, xfs_text: BoundFile
) -> None:
    files.measure(1, xfs_text)
    store.unload("xfs")
    assert files.measure(1, xfs_text)[0] > 0
    clock.advance(1)
    with pytest.raises(TagGone):
        files.measure(1, xfs_text)
    with pytest.raises(NameNotFound):
        files.measure(2, BoundFile(XFS_TEXT))


def describe(files: PeriodicFiles, bound: BoundFile) -> int:
    attributes = pyfuse3.EntryAttributes()
    attributes.st_ino = 1
    files.describe_file(attributes, bound)
    return int(attributes.st_size)


def test_a_read_without_getattr_gets_new_values_of_the_size_that_was_told(
    files: PeriodicFiles, store: CodetagStore, clock: Clock, xfs_text: BoundFile
) -> None:
    size = describe(files, xfs_text)
    old = files.open(1, xfs_text).read(0, 10_000)
    add(store, 5, 5)
    clock.advance(1.29)  # the pages are not dropped yet
    assert files.open(1, xfs_text).read(0, 10_000) == old
    clock.advance(0.01)
    new = files.open(1, xfs_text).read(0, 10_000)
    assert new != old
    assert len(new) == size
    add(store, 5, 5)
    clock.advance(1.71)  # a moment after the end of a period, but not of the last
    assert files.open(1, xfs_text).read(0, 10_000) not in (old, new)


def test_a_read_without_getattr_is_refused_if_the_size_has_changed(
    files: PeriodicFiles, store: CodetagStore, clock: Clock, xfs_text: BoundFile
) -> None:
    size = describe(files, xfs_text)
    add(store, 5, 10**15)
    clock.advance(1.3)
    for _ in range(2):  # the kernel tries again, page by page
        with pytest.raises(NotCacheable):
            files.open(1, xfs_text).read(0, 10_000)
    assert describe(files, xfs_text) > size
    assert len(files.open(1, xfs_text).read(0, 10_000)) > size


def test_a_lookup_tells_the_size_that_the_kernel_knows(
    files: PeriodicFiles, clock: Clock, xfs_text: BoundFile
) -> None:
    size = describe(files, xfs_text)
    clock.advance(100)
    files.published(2, BoundFile(XFS_TEXT))  # drops the old ones
    attributes = pyfuse3.EntryAttributes()
    attributes.st_ino = 1
    files.describe_entry(attributes, xfs_text, None)
    assert attributes.st_size == size


def test_pages_are_dropped_after_the_period_of_their_read_though_the_task_is_late(
    store: CodetagStore, xfs_text: BoundFile
) -> None:
    pages = Pages(trio.current_time)

    timer = MockClock(autojump_threshold=0)

    async def main() -> None:
        files = PeriodicFiles(
            Filesystem(store), 1.0, pages, lambda: round(trio.current_time() * 1e9)
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(files.run)
            await trio.sleep(0.95)
            files.open(1, BoundFile(XFS)).read(0, 10)
            timer.jump(0.06)  # no task runs until the next period
            files.measure(2, xfs_text)
            files.open(2, xfs_text).read(0, 10)
            await trio.sleep(3)
            nursery.cancel_scope.cancel()

    start = timer.current_time()
    trio.run(main, clock=timer)
    moments = [(number, round(moment - start, 3)) for number, moment in pages.dropped]
    assert moments == [(1, 1.02), (2, 2.3)]
