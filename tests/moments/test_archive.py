"""Snapshots on the disk: whole files, whatever happens, that are there again after a mount."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from allocfs.backend.replay import captures_in
from allocfs.backend.simulated import default_capture
from allocfs.errors import NameTaken, OptionError, SnapshotFailed
from allocfs.formats.text import Listing, parse
from allocfs.moments.archive import Archive
from allocfs.moments.moment import Moment, Taken
from allocfs.moments.snapshots import Snapshots
from allocfs.tags.table import Sums, TagList
from tests.support.moment_fakes import UTC_0, S, moment

STAMP = "20270115T080001.000000Z"  # UTC_0 and a second
AFTER = "20270115T080002.000000Z"


def archived(directory: Path) -> Snapshots:
    """Open the snapshots of a directory as a mount does."""
    gc.collect()
    return Snapshots(Archive(str(directory)))


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def values(snapshots: Snapshots, name: str) -> Moment:
    found = snapshots.by_name(name)
    assert found is not None
    return found.moment()


def same(one: Moment, other: Moment) -> bool:
    """Compare codetags, values and pairs, though the slots may differ."""
    tags = [[one.tags.table.tag(slot) for slot in one.tags.slots.tolist()] for one in (one, other)]
    columns = zip(one.sums, other.sums, strict=True)
    return (
        tags[0] == tags[1]
        and one.pairs == other.pairs
        and all(np.array_equal(mine, theirs) for mine, theirs in columns)
    )


def test_a_snapshot_is_a_capture_with_its_time_in_its_name(tmp_path: Path) -> None:
    taken = moment(S, 5, pairs=["", "a:1", "", ""])
    archived(tmp_path).add("before", taken)
    assert names(tmp_path) == [f"before-{STAMP}.txt"]
    text = (tmp_path / f"before-{STAMP}.txt").read_bytes()
    assert text.startswith(b"allocinfo - version: 2.0\n")
    assert text.splitlines()[3].split() == b"6 1 mm/a.c:2 func:b accurate:no a:1".split()
    assert [capture.path for capture in captures_in(str(tmp_path))] == [
        str(tmp_path / f"before-{STAMP}.txt")
    ]


def test_it_is_there_after_the_mount(tmp_path: Path) -> None:
    taken = moment(S, 5, pairs=["", "a:1", "", ""])
    archived(tmp_path).add("a-b", taken)
    kept = archived(tmp_path)
    assert kept.names() == ["a-b"]
    assert same(values(kept, "a-b"), taken)
    again = values(kept, "a-b")
    assert again.taken is not None
    assert (again.taken.utc_ns, again.tags.content_id) == (UTC_0 + S, 1)


def test_slots_that_are_not_in_order_are_written_in_the_order_of_the_list(tmp_path: Path) -> None:
    taken = moment(S, 5)
    tags = TagList.from_slots(3, taken.tags.table, np.array([2, 0]))
    sums = Sums(taken.sums.bytes[:2], taken.sums.calls[:2], taken.sums.accurate[:2])
    part = Moment(tags, sums, ["a:1", ""], taken.taken, "source fake")
    kept = archived(tmp_path)
    kept.add("a", part)
    assert same(values(kept, "a"), part)


def test_a_rename_moves_the_file_and_a_drop_removes_it(tmp_path: Path) -> None:
    kept = archived(tmp_path)
    kept.add("a", moment(S, 5))
    held = kept.by_name("a")
    assert held is not None
    kept.rename("a", "b")
    assert names(tmp_path) == [f"b-{STAMP}.txt"]
    assert same(held.moment(), moment(S, 5))
    assert archived_names(kept, tmp_path) == ["b"]
    kept.drop("b")
    assert names(tmp_path) == []
    kept.add("a", moment(S, 6))
    os.unlink(tmp_path / f"a-{STAMP}.txt")
    kept.drop("a")
    assert kept.names() == []


def archived_names(kept: Snapshots, directory: Path) -> list[str]:
    """Compare the names with those of the files."""
    assert sorted(name.rsplit("-", 1)[0] for name in names(directory)) == kept.names()
    return kept.names()


def test_no_file_is_written_over(tmp_path: Path) -> None:
    kept = archived(tmp_path)
    kept.add("a", moment(S))
    (tmp_path / f"b-{STAMP}.txt").write_bytes(b"other")
    with pytest.raises(NameTaken, match="b-"):
        kept.rename("a", "b")
    with pytest.raises(NameTaken, match="b-"):
        kept.add("b", moment(S))
    assert (tmp_path / f"b-{STAMP}.txt").read_bytes() == b"other"
    assert kept.names() == ["a"]


def test_other_files_are_left_alone_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    others = [
        f"-a-{STAMP}.txt",
        f"a-{STAMP}.txt.gz",
        "a-20270115T080001.000Z.txt",
        "a-20270199T080001.000000Z.txt",
        f"now-{STAMP}.txt",
        f"twice-{STAMP}.txt",
        "README",
    ]
    for name in [*others, f"twice-{AFTER}.txt"]:
        (tmp_path / name).write_bytes(default_capture())
    (tmp_path / f"directory-{STAMP}.txt").mkdir()
    (tmp_path / f"link-{STAMP}.txt").symlink_to("/dev/zero")
    kept = archived(tmp_path)
    assert kept.names() == ["twice"]
    found = kept.by_name("twice")
    assert found is not None
    assert found.taken is not None
    assert found.taken.utc_ns == UTC_0 + 2 * S
    [line] = caplog.messages
    assert f"7 files are left alone, such as -a-{STAMP}.txt: expected names NAME-2026" in line
    kept.drop("twice")
    assert set(others) <= set(names(tmp_path))


def test_nothing_is_read_at_the_start(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"s{number}-{STAMP}.txt").write_bytes(b"nonsense\n")
    kept = archived(tmp_path)
    assert kept.names() == ["s0", "s1", "s2"]
    found = kept.by_name("s1")
    assert found is not None
    with pytest.raises(OptionError, match="another mount keeps its snapshots there"):
        Archive(str(tmp_path))


def test_a_name_can_have_a_time_in_it(tmp_path: Path) -> None:
    name = f"x-{AFTER}"
    archived(tmp_path).add(name, moment(S))
    kept = archived(tmp_path)
    assert kept.names() == [name]
    assert names(tmp_path) == [f"x-{AFTER}-{STAMP}.txt"]


def test_leftovers_of_a_killed_write_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".abcd_123.tmp").write_bytes(b"torn")
    (tmp_path / ".mine.tmp").write_bytes(b"")
    archived(tmp_path)
    assert names(tmp_path) == [".mine.tmp"]


def test_a_directory_that_is_missing_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"^snapshots=.*/nothing: No such file"):
        Archive(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, errno.ENOSPC),
        (errno.EROFS, errno.EROFS),
        (errno.EACCES, errno.EACCES),
        (errno.EDQUOT, errno.EDQUOT),
        (errno.ENOMEDIUM, errno.EIO),
    ],
)
def test_an_error_of_the_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: int
) -> None:
    def fail(_fd: int) -> None:
        raise OSError(number, "disk")

    kept = archived(tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SnapshotFailed, match=f"a-{STAMP}.txt: disk") as raised:
        kept.add("a", moment(S))
    assert raised.value.number == told
    assert (names(tmp_path), kept.names()) == ([], [])


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """Mount a file system of a MiB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(directory)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture(scope="module")
def listing() -> Listing:
    return parse(default_capture(), "default")


def of_listing(listing: Listing, seconds: int) -> Moment:
    """Make a moment of 3,219 tags, whose capture takes 260 KiB."""
    tags = TagList.from_slots(1, listing.table, np.arange(len(listing.table)))
    taken = Taken(seconds * S, UTC_0 + seconds * S)
    return Moment(tags, listing.sums, listing.pairs, taken, "source fake")


def add(kept: Snapshots, name: str, taken: Moment) -> int:
    """Add a snapshot; return its errno, 0 if there is none."""
    try:
        kept.add(name, taken)
    except SnapshotFailed as error:
        return error.number
    return 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_keeps_whole_files_only(tmp_path: Path, listing: Listing) -> None:
    with small_disk(tmp_path):
        kept = archived(tmp_path)
        full = [add(kept, f"s{number}", of_listing(listing, number)) for number in range(10)]
        stored = full.index(errno.ENOSPC)
        assert full == [0] * stored + [errno.ENOSPC] * (10 - stored)
        assert archived_names(kept, tmp_path) == [f"s{number}" for number in range(stored)]
        assert all(same(values(kept, name), of_listing(listing, 0)) for name in kept.names())
        kept.drop("s0")
        kept.add("new", of_listing(listing, 20))
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(SnapshotFailed) as raised:
            kept.drop("new")
        assert raised.value.number == errno.EROFS
        with pytest.raises(SnapshotFailed) as raised:
            kept.rename("new", "x")
        assert raised.value.number == errno.EROFS
        assert "new" in archived_names(kept, tmp_path)
