"""Views: reads at any offset, lazy sums, and the refusal of stale records."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.base import Backend
from allocfs.backend.counterstore import CodetagStore
from allocfs.backend.static import StaticCapture
from allocfs.errors import NameNotFound, TagGone
from allocfs.formats.records import RECORD_SIZE, TREND, decode_record
from allocfs.formats.table import COUNTERS
from allocfs.formats.text import parse
from allocfs.formats.textlines import HEADER
from allocfs.moments.diff import DiffBackend
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.identities import Identities
from allocfs.moments.moment import Moment, Taken, take
from allocfs.moments.trend import TrendBackend
from allocfs.tags.table import TagTable
from allocfs.vfs.files import Account, Files
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.limits import Budget
from allocfs.vfs.nodes import ROOT, AllocinfoFile, Dir, File, Node, Scope, TagFile
from allocfs.vfs.stats import Stats
from allocfs.vfs.view import View
from tests.conftest import TAGS


@pytest.fixture
def filesystem(store: CodetagStore) -> Filesystem:
    store.count(np.arange(8), np.zeros(8, dtype=np.intp), np.arange(8) * 100, np.arange(8))
    return Filesystem(store)


def file_at(filesystem: Filesystem, path: str) -> File:
    node: Node = ROOT
    for name in path.strip("/").split("/"):
        assert isinstance(node, Dir)
        node = filesystem.lookup(node, name)
    assert isinstance(node, File)
    return node


def view_of(filesystem: Filesystem, path: str) -> View:
    return filesystem.open(BoundFile(file_at(filesystem, path)))


def test_opening_sums_nothing_and_reading_sums_what_it_touches(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    view = view_of(filesystem, "/records")
    filesystem.size(BoundFile(file_at(filesystem, "/records")))
    assert store.counters_read == 0
    view.read(RECORD_SIZE, RECORD_SIZE)
    assert store.counters_read == 4
    view.read(RECORD_SIZE - 1, 2)
    assert store.counters_read == 4 + 2 * 4


def test_a_record_holds_the_tag_and_its_sums(filesystem: Filesystem) -> None:
    record = decode_record(view_of(filesystem, "/records").read(5 * RECORD_SIZE, RECORD_SIZE))
    assert record == ("xfs", "xlog_alloc", "fs/xfs/xfs_log.c", 7, 500, 5, True)


@given(st.integers(0, 2000), st.integers(0, 2000))
@pytest.mark.parametrize("path", ["/records", "/by-module/xfs", "/counters/records"])
def test_any_range_is_a_part_of_the_whole(path: str, offset: int, size: int) -> None:
    filesystem = Filesystem(CodetagStore(TagTable.from_tags(TAGS), cpus=2))
    whole = view_of(filesystem, path).read(0, 10_000)
    assert view_of(filesystem, path).read(offset, size) == whole[offset : offset + size]


def test_a_view_of_few_records_reads_as_one_of_many(filesystem: Filesystem) -> None:
    whole = view_of(filesystem, "/records").read(0, 10_000)
    few = view_of(filesystem, "/by-module/xfs").read(0, 10_000)
    assert few == whole[5 * RECORD_SIZE : 7 * RECORD_SIZE]


def test_views_that_are_read_in_turn_each_have_the_sums_of_their_own_read(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    whole = view_of(filesystem, "/records")
    xfs, again = (view_of(filesystem, "/by-module/xfs") for _ in range(2))
    before = whole.read(0, 10_000)
    store.count(np.array([5]), np.array([1]), np.array([11]), np.array([1]))
    first = xfs.read(0, RECORD_SIZE)
    assert decode_record(first).bytes == 511
    store.count(np.array([5]), np.array([1]), np.array([-600]), np.array([0]))
    assert decode_record(again.read(0, RECORD_SIZE)).bytes == -89
    assert decode_record(first).bytes == 511
    assert decode_record(before[5 * RECORD_SIZE : 6 * RECORD_SIZE]).bytes == 500


def test_sums_and_flags_are_those_of_the_source_at_each_read(tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    capture.write_bytes(HEADER + b"1 2 a.c:1 func:f \n3 4 a.c:2 func:g accurate:no \n")
    source = StaticCapture(str(capture))
    view = view_of(Filesystem(source), "/by-file/a.c")

    def read() -> list[tuple[int, int, bool]]:
        data = view.read(0, 2 * RECORD_SIZE)
        found = (decode_record(data[at : at + RECORD_SIZE]) for at in (0, RECORD_SIZE))
        return [(record.bytes, record.calls, record.accurate) for record in found]

    assert read() == [(1, 2, True), (3, 4, False)]
    later = b"-5 6 a.c:1 func:f accurate:no \n7 18446744073709551615 a.c:2 func:g \n"
    source.take(parse(HEADER + later, "later"))
    assert read() == [(-5, 6, False), (7, 2**64 - 1, True)]


def test_reads_after_an_unload_fail_for_its_records_alone(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    view, xfs = view_of(filesystem, "/records"), view_of(filesystem, "/by-module/xfs")
    store.unload("xfs")
    store.load("xfs")
    for gone in (xfs, view_of(filesystem, "/by-module/xfs")):
        if gone is xfs:
            with pytest.raises(TagGone):
                gone.read(0, 1)
        else:
            assert len(gone.read(0, 10_000)) == 2 * RECORD_SIZE
    with pytest.raises(TagGone):
        view.read(6 * RECORD_SIZE - 1, 1)
    assert decode_record(view.read(7 * RECORD_SIZE, RECORD_SIZE)).module == "ext4"
    assert len(view.read(0, 5 * RECORD_SIZE)) == 5 * RECORD_SIZE


def test_a_file_whose_tags_are_all_unloaded_is_not_found(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    file = file_at(filesystem, "/by-module/xfs")
    store.unload("xfs")
    with pytest.raises(NameNotFound):
        filesystem.open(BoundFile(file))
    with pytest.raises(NameNotFound):
        filesystem.size(BoundFile(file))


def test_counters_carry_the_number_of_the_record(filesystem: Filesystem) -> None:
    data = view_of(filesystem, "/counters/by-module/ext4").read(0, 100)
    assert np.frombuffer(data, "<u8,<i8,<u8,<u8").tolist() == [(7, 700, 7, 1)]


def test_text_is_rendered_once_at_its_first_read(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    view, later = (view_of(filesystem, "/text/by-module/ext4") for _ in range(2))
    line = b"         700        7 fs/ext4/super.c:3 [ext4] func:ext4_init \n"
    assert view.read(0, 10) + view.read(10, 1000) == line
    store.count(np.array([7]), np.array([0]), np.array([1]), np.array([1]))
    assert view.read(10, 1000) == line[10:]
    assert view.read(0, 1000) == line
    assert later.read(0, 1000) == line.replace(b"700        7", b"701        8")


def test_json_has_the_names_in_full(filesystem: Filesystem) -> None:
    lines = view_of(filesystem, "/json/by-file/mm/slub.c").read(0, 10_000).splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "file": "mm/slub.c",
            "line": line,
            "function": function,
            "module": "",
            "bytes": nbytes,
            "calls": nbytes // 100,
            "accurate": True,
        }
        for line, function, nbytes in ((10, "slab_alloc", 0), (20, "slab_free", 100))
    ]


def test_allocinfo_is_what_is_loaded_when_it_is_read(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    view = filesystem.open(BoundFile(AllocinfoFile()))
    store.unload("xfs")
    lines = view.read(0, 100_000).splitlines()
    assert lines[0] == b"allocinfo - version: 2.0"
    assert len(lines) == 2 + 6


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/records", 8 * 224),
        ("/counters/records", 8 * 32),
        ("/by-module/xfs", 448),
        ("/query/limit=3,sort=-bytes/records", 3 * 224),
        ("/query/accurate=no/records", 0),
        ("/query/min_size=1/records", 0),
        ("/text/records", 0),
    ],
)
def test_sizes_are_exact_where_no_counter_decides(
    filesystem: Filesystem, store: CodetagStore, path: str, size: int
) -> None:
    assert filesystem.size(BoundFile(file_at(filesystem, path))) == size
    assert store.counters_read == 0


def test_the_top_of_the_list_is_read_in_its_order(filesystem: Filesystem) -> None:
    view = view_of(filesystem, "/query/sort=-bytes,limit=2/records")
    data = view.read(0, 10_000)
    found = [decode_record(data[n : n + RECORD_SIZE]) for n in range(0, len(data), RECORD_SIZE)]
    assert [(record.bytes, record.module) for record in found] == [(700, "ext4"), (600, "xfs")]


@pytest.mark.parametrize("path", ["/records", "/counters/records", "/by-module/xfs"])
def test_a_read_that_goes_on_within_a_record_gets_the_rest_of_it(
    filesystem: Filesystem, store: CodetagStore, path: str
) -> None:
    view = view_of(filesystem, path)
    size = view.size() // 2 + 16
    before = view.read(0, 10_000)
    begun = view.read(0, size)
    store.count(np.arange(8), np.zeros(8, dtype=np.intp), np.arange(8) * 7 + 1, np.arange(8) + 1)
    after = view.read(0, 10_000)
    view.read(0, 0)
    assert begun == before[:size]
    # The last read was another one, so this is a read of its own.
    assert view.read(size, 10_000) == after[size:]
    begun = view.read(0, size)
    store.count(np.arange(8), np.zeros(8, dtype=np.intp), np.arange(8) * 7 + 1, np.arange(8) + 1)
    rest = view.read(size, 10_000)
    record = RECORD_SIZE if path != "/counters/records" else 32
    cut = -(-size // record) * record
    assert (begun + rest)[:cut] == after[:cut]
    assert rest[cut - size :] != after[cut:] or cut == len(after)


ALL_COUNTERS = TagFile(Scope(COUNTERS))


def moment_of(store: CodetagStore, seconds: int) -> Moment:
    """Take the values of now as those of a time."""
    now = take(store)
    taken = Taken(seconds * 10**9, seconds * 10**9)
    return Moment(now.tags, now.sums, now.pairs, taken, now.source)


def whole(backend: Backend, file: TagFile, *, cached: bool) -> bytes:
    """Read a file over a backend, in which the sums are taken once or by each read."""
    files = Files(backend, {}, Account(Stats(), Budget(1 << 20)))
    view = files.cached(BoundFile(file)) if cached else files.live(BoundFile(file))
    data = view.read(0, 10_000)
    assert len(data) == view.size()
    assert view.read(40, 100) == data[40:140]
    return data


@pytest.mark.parametrize("cached", [False, True])
def test_counters_of_a_difference_are_signed_and_marked(store: CodetagStore, cached: bool) -> None:
    store.count(np.array([0, 5]), np.array([0, 1]), np.array([100, 200]), np.array([1, 2]))
    before = FrozenBackend(moment_of(store, 1))
    store.count(np.array([0]), np.array([0]), np.array([-60]), np.array([-1]))
    store.unload("xfs")
    after = FrozenBackend(moment_of(store, 2))
    diff = DiffBackend(Identities(store.tags), before, after)
    data = whole(diff, ALL_COUNTERS, cached=cached)
    assert np.frombuffer(data, "i8,i8,i8,i8").tolist() == [
        (0, -60, -1, 1),
        (6, -200, -2, 1 | 1 << 2),
    ]


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("file", [TagFile(Scope()), ALL_COUNTERS])
def test_records_of_a_trend_are_trends(store: CodetagStore, file: TagFile, cached: bool) -> None:
    samples = []
    for second in range(3):
        store.count(np.array([7]), np.array([0]), np.array([50]), np.array([1]))
        samples.append(moment_of(store, second))
    data = whole(TrendBackend(Identities(store.tags), lambda: samples), file, cached=cached)
    records = np.frombuffer(data, TREND)
    assert records["index"].tolist() == list(range(8))
    assert records[7].item() == (7, 50, 150, 50, 150, 100.0, 50.0, 1.0, 3, 2.0, 3, 1)
