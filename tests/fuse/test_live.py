"""The mode without a page cache: which files are live, and how old a rendering may be."""

from __future__ import annotations

import math

import numpy as np
import pyfuse3
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import NotCacheable
from allocfs.formats.records import parse_records
from allocfs.formats.table import RECORDS, TEXT
from allocfs.fuse.live import UNKNOWN_SIZE, LiveFiles
from allocfs.fuse.promises import Promises
from allocfs.query.language import parse
from allocfs.tags.axis import Axis
from allocfs.vfs.filesystem import BoundFile, Filesystem, View
from allocfs.vfs.limits import Limits
from allocfs.vfs.nodes import AboutFile, AllocinfoFile, Scope, TagFile
from tests.fuse.test_periodic import Clock
from tests.support.live_files import Pages, files_of

XFS = TagFile(Scope(), Axis.MODULE, "xfs")
XFS_TEXT = TagFile(Scope(TEXT), Axis.MODULE, "xfs")
BIG = TagFile(Scope(RECORDS, "min_size=1", parse("min_size=1")))
INODE = 300


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.advance(100)
    return clock


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def files(store: CodetagStore, clock: Clock, pages: Pages) -> LiveFiles:
    return files_of(store, clock, pages)


def add(store: CodetagStore, slot: int, nbytes: int) -> None:
    store.count(np.array([slot]), np.array([0]), np.array([nbytes]), np.array([1]))


def stat(files: LiveFiles, bound: BoundFile) -> pyfuse3.EntryAttributes:
    attributes = pyfuse3.EntryAttributes()
    attributes.st_ino = INODE
    files.describe_file(attributes, bound)
    return attributes


def read(view: View) -> bytes:
    data = view.read(0, 10_000)
    assert view.read(len(data), 10_000) == b""
    return data


def test_records_are_summed_at_each_read(files: LiveFiles, store: CodetagStore) -> None:
    view = files.open(INODE, BoundFile(XFS))
    for total in (100, 200):
        add(store, 5, 100)
        assert parse_records(read(view))["bytes"].tolist() == [total, 0]


def test_a_text_is_rendered_once_a_second_for_all(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    one, other = files.open(INODE, bound), files.open(INODE, bound)
    before = read(one)
    add(store, 5, 100)
    clock.advance(0.9)
    assert read(one) == read(other) == before
    clock.advance(0.2)
    after = read(other)
    assert after != before
    assert read(one) == after
    assert store.counters_read == 2 * 2 * store.cpus


def test_a_client_that_reads_on_gets_the_rest_of_its_rendering(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    slow, quick = files.open(INODE, bound), files.open(INODE, bound)
    whole = read(quick)
    begun = slow.read(0, 20)
    add(store, 5, 10**15)
    clock.advance(5)
    assert read(quick) != whole
    assert begun + slow.read(20, 10_000) == whole
    assert slow.read(7, 3) != b""  # elsewhere, and so of a young rendering
    assert slow.read(0, 10_000) == read(quick)


def test_the_size_that_was_told_is_that_of_the_first_read(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    clock.advance(0.99)
    size = stat(files, bound).st_size
    clock.advance(0.95)
    assert stat(files, bound).st_size == size
    add(store, 5, 10**15)
    clock.advance(0.06)  # it is older than a second now, but was told just now
    view = files.open(INODE, bound)
    assert len(read(view)) == size
    clock.advance(0.1)
    assert len(read(view)) > size


@pytest.mark.parametrize("file", [XFS_TEXT, BIG, AllocinfoFile()])
def test_a_write_to_control_ends_the_second(
    files: LiveFiles, store: CodetagStore, file: TagFile | AllocinfoFile, pages: Pages
) -> None:
    bound = BoundFile(file)
    stat(files, bound)
    before = read(files.open(INODE, bound))
    add(store, 5, 100)
    files.expire()
    assert read(files.open(INODE, bound)) != before
    assert pages.dropped == [INODE]


def test_sizes_are_asked_for_again_when_the_rendering_is_old(
    files: LiveFiles, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    assert stat(files, bound).attr_timeout == pytest.approx(1)
    clock.advance(0.75)
    assert stat(files, bound).attr_timeout == pytest.approx(0.25)


def test_a_lookup_renders_nothing(files: LiveFiles, store: CodetagStore) -> None:
    attributes = pyfuse3.EntryAttributes()
    attributes.st_ino = INODE
    files.describe_entry(attributes, BoundFile(XFS_TEXT), None)
    assert (attributes.st_size, attributes.attr_timeout) == (UNKNOWN_SIZE, 0)
    assert store.counters_read == 0


def test_the_page_cache_is_filled_only_if_the_kernel_knows_the_size(
    files: LiveFiles, pages: Pages
) -> None:
    files.read_to_cache(INODE, files.open(INODE, BoundFile(XFS)), 0, 10)
    bound = BoundFile(XFS_TEXT)
    view = files.open(INODE + 1, bound)
    data = read(view)
    with pytest.raises(NotCacheable):
        files.read_to_cache(INODE + 1, view, 0, 10)
    assert pages.dropped == [INODE]
    files.forget(INODE + 1)
    stat(files, bound)
    assert files.read_to_cache(INODE, files.open(INODE, bound), 0, 10_000) == data
    assert pages.dropped == [INODE, INODE]


def test_the_page_cache_is_not_filled_with_contents_of_another_size(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    stat(files, bound)
    view = files.open(INODE, bound)
    add(store, 5, 10**15)
    clock.advance(2)
    with pytest.raises(NotCacheable):
        files.read_to_cache(INODE, view, 0, 10)
    stat(files, bound)
    assert files.read_to_cache(INODE, view, 0, 10_000) == read(view)


def test_the_page_cache_is_filled_further_on_from_one_rendering(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    stat(files, bound)
    view = files.open(INODE, bound)
    begun = files.read_to_cache(INODE, view, 0, 20)
    add(store, 5, 5)
    whole = read(files.open(INODE + 1, BoundFile(XFS_TEXT)))
    clock.advance(2)
    assert files.read_to_cache(INODE, view, 10, 10) == begun[10:]  # again, after a drop
    assert begun + files.read_to_cache(INODE, view, 20, 10_000) != whole
    assert files.read_to_cache(INODE, view, 0, 10_000) == whole


def test_a_lookup_tells_the_size_that_the_kernel_knows(files: LiveFiles, clock: Clock) -> None:
    bound = BoundFile(XFS_TEXT)
    size = stat(files, bound).st_size
    clock.advance(30)
    files.give_back()
    attributes = pyfuse3.EntryAttributes()
    attributes.st_ino = INODE
    files.describe_entry(attributes, bound, None)
    assert attributes.st_size == size


def test_a_rendering_is_dropped_before_the_next_is_made(
    store: CodetagStore, clock: Clock, pages: Pages
) -> None:
    length = len(Filesystem(store).open(BoundFile(TagFile(Scope(TEXT)))).read(0, 10_000))
    filesystem = Filesystem(store, Limits(max_kept=length * 3 // 2 + 3000))
    files = LiveFiles(filesystem, Promises(math.inf), pages, 1.0, clock)
    view = files.open(INODE, BoundFile(TagFile(Scope(TEXT))))
    for _ in range(3):
        assert len(view.read(0, 10_000)) == length
        clock.advance(2)


def test_with_max_age_0_each_read_from_the_start_renders(
    store: CodetagStore, clock: Clock, pages: Pages
) -> None:
    files = files_of(store, clock, pages, max_age=0)
    bound = BoundFile(XFS_TEXT)
    view = files.open(INODE, bound)
    assert stat(files, bound).st_size == len(read(view))
    assert store.counters_read == 2 * store.cpus  # of the size, which the read then has
    before = read(view)
    add(store, 5, 100)
    assert read(view) != before


def test_with_max_age_0_a_query_by_size_is_judged_at_open(
    store: CodetagStore, clock: Clock, pages: Pages
) -> None:
    files = files_of(store, clock, pages, max_age=0)
    add(store, 5, 100)
    bound = BoundFile(BIG)
    view = files.open(INODE, bound)
    summed = store.counters_read
    assert stat(files, bound).st_size == 224
    assert store.counters_read == summed
    clock.advance(1)
    add(store, 6, 100)
    add(store, 5, -100)
    assert parse_records(read(view))["bytes"].tolist() == [0]
    assert parse_records(read(files.open(INODE, bound)))["bytes"].tolist() == [100]


def test_the_files_about_the_mount_are_always_new(files: LiveFiles, store: CodetagStore) -> None:
    bound = BoundFile(AboutFile("content_id"))
    assert stat(files, bound).st_size == 2
    store.unload("xfs")
    assert read(files.open(INODE, bound)) == b"2\n"


def test_an_inode_of_which_there_were_pages_gets_no_other_tags(files: LiveFiles) -> None:
    view = files.open(INODE, BoundFile(XFS))
    assert files.reset(INODE)
    files.read_to_cache(INODE, view, 0, 10)
    assert not files.reset(INODE)
    files.forget(INODE)
    assert files.reset(INODE)


def test_a_client_that_asks_for_the_size_all_the_time_gets_new_contents(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    bound = BoundFile(XFS_TEXT)
    before = read(files.open(INODE, bound))
    add(store, 5, 100)
    for _ in range(22):
        stat(files, bound)
        clock.advance(0.05)
    assert read(files.open(INODE, bound)) != before


def test_the_end_of_a_rendering_stays_its_end(
    files: LiveFiles, store: CodetagStore, clock: Clock
) -> None:
    view = files.open(INODE, BoundFile(XFS_TEXT))
    size = len(read(view))
    add(store, 5, 10**15)
    clock.advance(1.5)
    before = store.counters_read
    assert view.read(size, 10_000) == view.read(size, 10_000) == b""
    assert store.counters_read == before
    assert len(view.read(0, 10_000)) > size


def test_an_act_on_the_source_ends_the_size_of_allocinfo(
    store: CodetagStore, clock: Clock, pages: Pages
) -> None:
    files = files_of(store, clock, pages, max_age=0)
    bound = BoundFile(AllocinfoFile())
    size = stat(files, bound).st_size
    add(store, 5, 10**15)
    files.expire()
    assert stat(files, bound).st_size > size
