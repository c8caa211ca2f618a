"""Snapshots, history, differences and trends on real mounts."""

from __future__ import annotations

import errno
import json
import os
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from allocfs.client import read_records
from tests.conftest import Mounter, control, daemon_of, stats, wait_until

TAG = "kernel/fork.c:1891"
GROWN = f"       +5000       +3 {TAG} func:copy_signal \n"
NS = 1_000_000_000


def grow(mountpoint: Path, tag: str = TAG) -> None:
    control(mountpoint, f"alloc {tag} 5000 3")


def differences(mountpoint: Path, name: str) -> str:
    return (mountpoint / "text/diff" / name / "records").read_text()


def is_dead(process: int) -> bool:
    """Tell whether a process is gone, or was not waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_snapshot_is_the_whole_tree_as_it_was(mounts: Mounter) -> None:
    mountpoint = mounts()
    snapshot = mountpoint / "snapshots/before"
    before = (mountpoint / "allocinfo").read_bytes()
    begun = datetime.now(UTC).timestamp()
    snapshot.mkdir()
    grow(mountpoint)
    assert (mountpoint / "allocinfo").read_bytes() != before
    assert (snapshot / "allocinfo").read_bytes() == before
    assert (mountpoint / "text/snapshots/before/records").read_bytes() in before
    assert (snapshot / "text/records").read_bytes() in before
    assert set(os.listdir(snapshot)) >= {"records", "by-file", "query", "counters", "json", "text"}
    assert snapshot.stat().st_mtime == pytest.approx(begun, abs=5)
    time = (snapshot / ".allocfs/time").read_text().strip()
    assert os.getxattr(snapshot / "records", "user.allocfs.time").decode() == time
    assert abs(datetime.fromisoformat(time).timestamp() - snapshot.stat().st_mtime) < 0.001


def test_a_frozen_file_sums_nothing(mounts: Mounter) -> None:
    mountpoint = mounts()
    for name in ("a", "b"):
        (mountpoint / "snapshots" / name).mkdir()
        grow(mountpoint)
    before = stats(mountpoint)["counters_read"]
    assert len(read_records(mountpoint / "snapshots/a/records")) == 3219
    assert differences(mountpoint, "a..b") == GROWN
    assert stats(mountpoint)["counters_read"] == before


def test_a_snapshot_is_renamed_and_removed(mounts: Mounter) -> None:
    mountpoint = mounts()
    snapshots = mountpoint / "snapshots"
    (snapshots / "a").mkdir()
    grow(mountpoint)
    with (snapshots / "a/text/records").open("rb") as held:
        (snapshots / "a").rename(snapshots / "b")
        assert os.listdir(snapshots) == ["b"]
        assert differences(mountpoint, "b") == GROWN
        assert (snapshots / "b/text/records").stat().st_size > 0
        (snapshots / "b").rmdir()
        assert os.listdir(snapshots) == []
        assert held.read(21) == b"           0        0"  # like any file that is removed
    wait_until(lambda: not (mountpoint / "text/diff/b").exists(), "the kernel has looked it up")
    with pytest.raises(FileNotFoundError):
        differences(mountpoint, "b")
    (snapshots / "b").mkdir()  # the name is free, and stands for another moment
    assert differences(mountpoint, "b") == ""


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("now", errno.EINVAL),
        ("-1m", errno.EINVAL),
        (".hidden", errno.EINVAL),
        ("a..b", errno.EINVAL),
        ("@2026", errno.EINVAL),
        ("taken", errno.EEXIST),
        ("more", errno.EDQUOT),
        ("x" * 129, errno.EINVAL),
    ],
)
def test_a_bad_snapshot_leaves_nothing_behind(mounts: Mounter, name: str, number: int) -> None:
    mountpoint = mounts("max_snapshots=1")
    (mountpoint / "snapshots/taken").mkdir()
    with pytest.raises(OSError) as caught:
        (mountpoint / "snapshots" / name).mkdir()
    assert caught.value.errno == number
    assert os.listdir(mountpoint / "snapshots") == ["taken"]


def test_memory_for_snapshots_is_limited(mounts: Mounter) -> None:
    mountpoint = mounts("max_kept=1M,max_snapshots=100")
    numbers = []
    for number in range(100):
        try:
            (mountpoint / "snapshots" / str(number)).mkdir()
        except OSError as error:
            numbers.append(error.errno)
    assert set(numbers) == {errno.ENOSPC}
    assert len(os.listdir(mountpoint / "snapshots")) == 100 - len(numbers) > 3


def test_only_snapshots_can_be_changed(mounts: Mounter) -> None:
    mountpoint = mounts()
    (mountpoint / "snapshots/a").mkdir()
    for change in (
        (mountpoint / "text/more").mkdir,
        (mountpoint / "snapshots/a/more").mkdir,
        (mountpoint / "text").rmdir,
        partial((mountpoint / "snapshots/a").rename, mountpoint / "a"),
        (mountpoint / "history/more").mkdir,
    ):
        with pytest.raises(OSError) as caught:
            change()
        assert caught.value.errno == errno.EROFS
    assert os.listdir(mountpoint / "snapshots") == ["a"]


def test_a_difference_has_the_tags_whose_values_differ(mounts: Mounter) -> None:
    mountpoint = mounts()
    (mountpoint / "snapshots/before").mkdir()
    assert differences(mountpoint, "before") == ""
    grow(mountpoint)
    diff = mountpoint / "diff/before"
    assert differences(mountpoint, "before") == GROWN
    assert os.listdir(diff / "by-file") == [".records", "kernel"]
    assert os.listdir(diff / "by-function") == ["copy_signal"]
    (record,) = read_records(diff / "records")
    assert (record["bytes"], record["calls"]) == (5000, 3)
    assert (diff / "records").stat().st_size == 224
    (line,) = (mountpoint / "json/diff/before/records").read_text().splitlines()
    row = json.loads(line)
    assert row["delta"] == {"bytes": 5000, "calls": 3}
    assert row["after"]["bytes"] - row["before"]["bytes"] == 5000
    assert row["per_second"]["bytes"] > 0
    assert row["state"] == "grown"
    schema = json.loads((mountpoint / ".allocfs/schema.json").read_text())
    names = [member["name"] for member in schema["json"] + schema["json_diff"]]
    assert set(row) == set(names) - {"bytes", "calls", "approx", "pairs"}


def test_tags_that_come_and_go_are_marked(mounts: Mounter) -> None:
    mountpoint = mounts()
    snapshots = mountpoint / "snapshots"
    (snapshots / "with").mkdir()
    control(mountpoint, "unload btrfs")
    (snapshots / "without").mkdir()
    gone = differences(mountpoint, "with..without").splitlines()
    assert gone
    assert all("state:gone" in line and "[btrfs]" in line for line in gone)
    new = differences(mountpoint, "without..with").splitlines()
    assert sorted(line.split()[2] for line in gone) == sorted(line.split()[2] for line in new)
    assert all("state:new" in line for line in new)
    query = mountpoint / "text/diff/with/query/state=gone/records"
    assert sorted(query.read_text().splitlines()) == sorted(gone)
    assert (mountpoint / "text/diff/with/query/state=new/records").read_text() == ""
    held = os.open(mountpoint / "text/diff/with/records", os.O_RDONLY)
    control(mountpoint, "load btrfs")
    assert os.pread(held, 1 << 20, 0)  # a tag of a difference is never stale
    os.close(held)


def test_a_moment_that_does_not_exist_is_not_found(mounts: Mounter) -> None:
    mountpoint = mounts("history=1s*10")
    for name in ("nope", "a..b..c", "now..nope", "-10d", "@2026-11-25T10:00:00Z"):
        with pytest.raises(FileNotFoundError):
            os.listdir(mountpoint / "diff" / name)
    assert differences(mountpoint, "now..now") == ""


def test_values_decide_queries_on_a_difference(mounts: Mounter) -> None:
    mountpoint = mounts()
    (mountpoint / "snapshots/before").mkdir()
    grow(mountpoint)
    control(mountpoint, "free mm/readahead.c:263 4096")
    below = mountpoint / "text/diff/before/query"
    assert (below / "min_size=5000/records").read_text() == GROWN
    assert (below / "state=shrunk/records").read_text().startswith("       -4096       -1 ")
    assert (below / "sort=-bytes,limit=1/records").read_text() == GROWN
    assert (below / "group=all/records").read_text() == "        +904       +2 all tags:3219 \n"
    for place in ("query/state=new", "diff/before/query/rising=90", "query/min_slope=1_per_s"):
        with pytest.raises(OSError) as caught:
            os.listdir(mountpoint / place)
        assert caught.value.errno == errno.EINVAL


def test_each_open_file_has_differences_of_its_own(mounts: Mounter) -> None:
    mountpoint = mounts()
    path = mountpoint / "text/diff/last-read/records"
    one, other = (os.open(path, os.O_RDONLY) for _ in range(2))
    everything = os.pread(one, 1 << 20, 0)
    assert everything.count(b"state:new") > 500
    assert os.pread(one, 1 << 20, 0) == b""
    grow(mountpoint)
    assert os.pread(one, 1 << 20, 0).decode() == GROWN
    assert os.pread(one, 1 << 20, 0) == b""
    assert os.pread(other, 1 << 20, 0).count(b"\n") == everything.count(b"\n")
    os.close(one)
    os.close(other)


def test_the_last_read_has_no_time_for_all(mounts: Mounter) -> None:
    mountpoint = mounts()
    assert ".allocfs" not in os.listdir(mountpoint / "diff/last-read")
    (mountpoint / "snapshots/a").mkdir()
    assert (mountpoint / "diff/a/.allocfs/time").read_text() == "unknown\n"


def test_an_interrupted_reader_loses_nothing(mounts: Mounter) -> None:
    mountpoint = mounts()
    file = os.open(mountpoint / "counters/diff/last-read/records", os.O_RDONLY)
    begin = os.pread(file, 64, 0)
    grow(mountpoint)
    assert os.pread(file, 64, 0) == begin  # the first difference goes on
    whole = os.pread(file, 1 << 20, 0)
    assert whole.startswith(begin)
    assert len(os.pread(file, 1 << 20, 0)) == 32
    os.close(file)


def test_kept_snapshots_survive_the_daemon(mounts: Mounter, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    mountpoint = mounts(f"snapshots={kept}")
    (mountpoint / "snapshots/before").mkdir()
    text = (mountpoint / "text/snapshots/before/records").read_bytes()
    grow(mountpoint)
    (mountpoint / "snapshots/after").mkdir()
    daemon = daemon_of(mountpoint)
    os.kill(daemon, signal.SIGKILL)
    wait_until(lambda: is_dead(daemon), "the daemon is dead")
    again = mounts(f"snapshots={kept}")
    assert sorted(os.listdir(again / "snapshots")) == ["after", "before"]
    assert (again / "text/snapshots/before/records").read_bytes() == text
    assert differences(again, "before..after") == GROWN
    (again / "snapshots/before").rename(again / "snapshots/first-one")
    (again / "snapshots/after").rmdir()
    (file,) = kept.glob("*.txt")
    assert file.name.startswith("first-one-")


def test_max_age_serves_moments_from_the_page_cache(mounts: Mounter) -> None:
    mountpoint = mounts("max_age=200ms")
    (mountpoint / "snapshots/before").mkdir()
    grow(mountpoint)
    wait_until(lambda: differences(mountpoint, "before") == GROWN, "the next period")
    with pytest.raises(OSError) as caught:
        differences(mountpoint, "last-read")
    assert caught.value.errno == errno.EINVAL


def test_all_live_serves_moments_too(mounts: Mounter) -> None:
    mountpoint = mounts("max_age=0")
    (mountpoint / "snapshots/before").mkdir()
    grow(mountpoint)
    assert differences(mountpoint, "before") == GROWN
    assert (mountpoint / "snapshots/before/allocinfo").stat().st_size > 100_000
