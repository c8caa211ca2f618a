"""Queries on a real mount: the counters they sum, their forms, their errors, their lifetime."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from allocfs.formats.records import COUNTERS, RECORD, parse_records
from tests.conftest import Mounter, control, daemon_of, stats, wait_until

FORMS = ("", "counters", "text", "json")


def records_below(directory: Path) -> list[Path]:
    return [Path(at, name) for at, _, names in os.walk(directory) for name in names]


def of_text(path: Path) -> list[tuple[int, int]]:
    return [(int(line.split()[0]), int(line.split()[1])) for line in path.read_text().splitlines()]


def of_json(path: Path) -> list[tuple[int, int]]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [(line["bytes"], line["calls"]) for line in found]


def of_records(path: Path, dtype: np.dtype[np.void]) -> list[tuple[int, int]]:
    records = parse_records(path.read_bytes(), dtype)
    pairs = zip(records["bytes"].tolist(), records["calls"].tolist(), strict=True)
    return [(int(nbytes), int(calls)) for nbytes, calls in pairs]


def values_in_all_forms(root: Path, path: Path) -> list[list[tuple[int, int]]]:
    return [
        of_records(root / path, RECORD),
        of_records(root / "counters" / path, COUNTERS),
        of_text(root / "text" / path),
        of_json(root / "json" / path),
    ]


@pytest.mark.parametrize("group", ["records", "by-file", "by-function", "by-module"])
def test_the_four_forms_agree_on_every_view(default_mount: Path, group: str) -> None:
    top = default_mount / group
    paths = records_below(top) if top.is_dir() else [top]
    assert paths
    for path in paths:
        first, *others = values_in_all_forms(default_mount, path.relative_to(default_mount))
        assert first
        assert all(other == first for other in others)


@pytest.mark.parametrize(
    "query",
    ["sort=-bytes,limit=10", "min_size=1M", "module=xfs|ext4,sort=-calls", "file=mm%2F*,line=1-99"],
)
def test_the_four_forms_agree_on_queries(default_mount: Path, query: str) -> None:
    first, *others = values_in_all_forms(default_mount, Path("query", query, "records"))
    assert all(other == first for other in others)


def test_the_index_of_counters_is_the_number_of_the_record(default_mount: Path) -> None:
    everything = (default_mount / "records").read_bytes()
    xfs = (default_mount / "by-module/xfs").read_bytes()
    counters = (default_mount / "counters/by-module/xfs").read_bytes()
    for number, start in enumerate(range(0, len(counters), 32)):
        (index,) = struct.unpack_from("@Q", counters, start)
        assert everything[224 * index :][:224] == xfs[224 * number :][:224]


def test_the_top_ten_are_the_ten_largest(default_mount: Path) -> None:
    every = of_text(default_mount / "text/records")
    top = of_text(default_mount / "text/query/sort=-bytes,limit=10/records")
    assert top == sorted(every, reverse=True, key=lambda pair: pair[0])[:10]


def test_names_narrow_before_anything_is_summed(default_mount: Path) -> None:
    slub = (default_mount / "by-file/mm/slub.c").stat().st_size // 224
    for query in ("min_calls=1", "sort=-calls,limit=1", "min_size=1M,max_size=64M"):
        before = stats(default_mount)["counters_read"]
        with (default_mount / f"query/file=mm%2Fslub.c,{query}/records").open("rb"):
            pass
        assert stats(default_mount)["counters_read"] - before <= slub * 224


def test_listing_sums_nothing(default_mount: Path) -> None:
    before = stats(default_mount)["counters_read"]
    for form in FORMS:
        for query in ("min_size=1M,sort=-bytes", "module=xfs"):
            top = default_mount / form / "query" / query
            assert records_below(top)
            for path in records_below(top):
                if form in ("", "counters") and query == "module=xfs":
                    path.stat()
    assert stats(default_mount)["counters_read"] == before


def test_a_query_that_matches_nothing_is_empty(default_mount: Path) -> None:
    top = default_mount / "query/module=nosuch"
    assert (top / "records").read_bytes() == b""
    assert os.listdir(top / "by-module") == []
    assert (default_mount / "text/query/module=nosuch/records").read_bytes() == b""


BAD = {
    "colour=red": errno.EINVAL,
    "module=": errno.EINVAL,
    "min_size=2M,max_size=1M": errno.EINVAL,
    "line=9-3": errno.EINVAL,
    "limit=0": errno.EINVAL,
    "limit=-1": errno.EINVAL,
    "file=[": errno.EINVAL,
    "file=%zz": errno.EINVAL,
    "module=xfs,": errno.EINVAL,
    "sort=bytes,sort=calls": errno.EINVAL,
    "module=\udcff": errno.EINVAL,
    "min_size=1Q": errno.EINVAL,
    "file=" + "x" * 1100: errno.ENAMETOOLONG,
    "file=" + "x" * 5000: errno.ENAMETOOLONG,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("query", BAD)
def test_a_bad_query_has_its_errno_at_every_level(
    default_mount: Path, form: str, query: str
) -> None:
    for below in ("", "/records", "/by-file/mm/slub.c"):
        path = os.path.join(default_mount, form, "query", query + below)
        for act in (os.stat, os.listdir):
            with pytest.raises(OSError) as raised:
                act(path)
            assert raised.value.errno == BAD[query]


def test_conditions_given_twice_must_both_hold(default_mount: Path) -> None:
    both = default_mount / "query/file=mm%2F*,file=*slub*/by-file/mm"
    assert sorted(os.listdir(both)) == [".records", "slub.c"]


def test_help_is_where_one_looks(default_mount: Path) -> None:
    text = (default_mount / "query/.help").read_text()
    assert "min_size" in text
    assert (default_mount / "query/.help").stat().st_size == len(text.encode())


def test_queries_in_use_are_listed(mounts: Mounter) -> None:
    root = mounts("cpus=1")
    assert os.listdir(root / "query") == [".help"]
    (root / "query/module=xfs/records").read_bytes()
    assert sorted(os.listdir(root / "query")) == [".help", "module=xfs"]


def test_what_the_kernel_forgets_the_tree_forgets(mounts: Mounter) -> None:
    """Look up 10,000 queries; ALLOCFS_QUERIES sets another number."""
    root = mounts("cpus=1")
    count = int(os.environ.get("ALLOCFS_QUERIES", "10000"))

    def look_up(first: int, last: int) -> None:
        for number in range(first, last):
            os.stat(root / f"query/line={number}/by-file")
            if number % 500 == 0:  # on a busy machine the thread that makes it forget comes later
                wait_until(lambda: stats(root)["inodes"] < 1000, "the kernel has forgotten")

    look_up(0, 12_000)
    before = resident(daemon_of(root))
    look_up(12_000, 12_000 + count)
    assert resident(daemon_of(root)) - before < 2 << 20


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_an_open_query_keeps_its_tags_when_values_change(mounts: Mounter) -> None:
    root = mounts("cpus=2,max_age=0")
    with (root / "query/min_calls=1,file=arch%2F*rapl.c/records").open("rb") as file:
        assert file.read() == b""
    control(root, "alloc arch/x86/events/rapl.c:606 4096")
    with (root / "query/min_calls=1,file=arch%2F*rapl.c/records").open("rb", buffering=0) as file:
        control(root, "free arch/x86/events/rapl.c:606 4096")
        assert parse_records(file.read())["bytes"].tolist() == [0]
