"""Pollers: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import errno
from collections import Counter
from pathlib import Path

import pytest

from allocfs.client import DIFFERENCE, Changes, Mount, Records
from tests.conftest import Mounter, control

Totals = Counter[tuple[object, ...]]


def totals(records: Records) -> Totals:
    """Add up bytes and calls by name, as several tags can have the same name; without zeros."""
    sums: Totals = Counter()
    for *name, nbytes, calls, _, _ in records.tolist():
        sums[*name, "bytes"] += nbytes
        sums[*name, "calls"] += calls
    return without_zeros(sums)


def without_zeros(sums: Totals) -> Totals:
    return Counter({key: total for key, total in sums.items() if total})


def follow(root: Path, changes: Changes) -> Totals:
    """Poll while tags and modules come and go; return the sum of all changes."""
    sums: Totals = Counter()
    lines = ["rate 20000", "unload xfs", "leak mm/slub.c:2478 1M/s", "load xfs", "unload btrfs"]
    for line in lines:
        control(root, line)
        for _ in range(3):
            sums.update(totals(next(changes)))
    control(root, "rate 0\nleak mm/slub.c:2478 0")
    sums.update(totals(next(changes)))
    return without_zeros(sums)


@pytest.mark.parametrize("query", [None, "module!=vmlinux", "file=mm%2F*"])
def test_the_sum_of_all_changes_is_the_present_values(mounts: Mounter, query: str | None) -> None:
    root = mounts("cpus=4")
    mount = Mount(root)
    with mount.changes(query) as changes:
        sums = follow(root, changes)
        assert sums == totals(mount.records(query))
        assert len(next(changes)) == 0


def test_a_record_beyond_the_limit_comes_later(mounts: Mounter) -> None:
    root = mounts("cpus=4")
    mount = Mount(root)
    with mount.changes(sort="-bytes", limit=50) as changes:
        sums = follow(root, changes)
        while len(rest := next(changes)):
            assert len(rest) <= 50
            sums.update(totals(rest))
        assert without_zeros(sums) == totals(mount.records())


def test_a_record_that_changed_too_little_goes_on_from_where_it_was(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    with Mount(root).changes(min_size="4K") as changes:
        next(changes)
        for found in ([], [], [6000], []):
            control(root, "alloc mm/slub.c:2478 2000")
            assert next(changes)["bytes"].tolist() == found


def test_two_pollers_have_changes_of_their_own(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    mount = Mount(root)
    with mount.changes() as one, mount.changes() as other:
        first = next(one)
        assert first.dtype == DIFFERENCE
        control(root, "free mm/slub.c:2478 4096")
        (shrunk,) = next(one)
        assert (shrunk["filename"], shrunk["bytes"], shrunk["calls"]) == (b"mm/slub.c", -4096, -1)
        missed = Counter(totals(first))
        missed.update(totals(shrunk.reshape(1)))
        assert totals(next(other)) == missed
        assert [len(next(one)), len(next(other))] == [0, 0]


def test_a_group_has_the_changes_of_its_sums(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    with Mount(root).changes(group="module") as changes:
        next(changes)
        control(root, "alloc mm/slub.c:2478 4096\nalloc mm/filemap.c:1944 10 5")
        (row,) = next(changes)
        assert (row["modname"], row["bytes"], row["calls"]) == (b"", 4106, 6)


@pytest.mark.parametrize("options", ["max_age=1s", "max_age=1s,ioctl"])
def test_with_max_age_there_is_no_last_read(mounts: Mounter, options: str) -> None:
    mount = Mount(mounts(f"cpus=2,{options}"))
    with pytest.raises(OSError, match="a mount with max_age has no differences") as caught:
        next(mount.changes())
    assert caught.value.errno == errno.EINVAL
