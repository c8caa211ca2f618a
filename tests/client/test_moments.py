"""Snapshots, samples and differences in Python, on mounts."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from allocfs.client import DIFFERENCE, RECORD, Mount
from allocfs.formats.textlines import HEADER
from tests.conftest import Mounter, control, wait_until

PLACE = "file=mm%2Fslub.c,line=2478"


@pytest.fixture
def mount(mounts: Mounter) -> Mount:
    return Mount(mounts("cpus=2"))


def alloc(mount: Mount, nbytes: int) -> None:
    control(Path(mount.path), f"alloc mm/slub.c:2478 {nbytes}")


def test_a_snapshot_keeps_its_records_until_it_is_dropped(mount: Mount) -> None:
    now = mount.records()
    with mount.snapshot("before") as before:
        alloc(mount, 4096)
        assert np.array_equal(before.records(), now)
        assert np.array_equal(mount.moment("before").records(PLACE), before.records(PLACE))
        assert [one.name for one in mount.snapshots()] == ["before"]
        (grown,) = mount.moment("now").records(PLACE)
        assert grown["bytes"] == before.records(PLACE)["bytes"] + 4096
    assert mount.snapshots() == []


def test_a_snapshot_can_be_renamed_or_dropped_before_its_end(mount: Mount) -> None:
    with mount.snapshot("one") as one:
        one.rename("two")
        assert (one.name, os.listdir(f"{mount.path}/snapshots")) == ("two", ["two"])
        assert len(one.records(limit=1)) == 1
        one.drop()
    assert os.listdir(f"{mount.path}/snapshots") == []


def test_a_snapshot_has_its_time(mount: Mount) -> None:
    began = datetime.now(UTC)
    with mount.snapshot("before") as before:
        assert before.time is not None
        assert abs(before.time - began) < timedelta(seconds=20)
    assert mount.moment("now").time is None


@pytest.mark.parametrize("name", ["now", "-1m", "a..b", "a/b", ".a", ""])
def test_a_name_that_no_snapshot_can_have_is_explained(mount: Mount, name: str) -> None:
    with pytest.raises(OSError, match="expected the name of a snapshot") as caught:
        mount.snapshot(name)
    assert caught.value.errno == errno.EINVAL


def test_a_name_that_is_taken_and_one_too_many_are_refused(mounts: Mounter) -> None:
    mount = Mount(mounts("cpus=2,max_snapshots=2"))
    first, _ = mount.snapshot("a"), mount.snapshot("b")
    with pytest.raises(OSError, match="as many snapshots as max_snapshots allows") as caught:
        mount.snapshot("c")
    assert caught.value.errno == errno.EDQUOT
    with pytest.raises(FileExistsError):
        first.rename("b")
    first.drop()
    with pytest.raises(FileExistsError):
        mount.snapshot("b")


def test_a_moment_that_is_missing_is_told_with_those_that_exist(mount: Mount) -> None:
    mount.snapshot("b")
    lost = mount.snapshot("a")
    difference = mount.diff(lost)
    lost.drop()
    expected = r"no moment 'a': there are now, the snapshots \(b\), and those of history/ \(none\)"
    for ask in (
        lambda: mount.moment("a"),
        lambda: mount.diff("now", "a"),
        lambda: mount.diff("a"),
        difference.records,
        lost.records,
        lambda: lost.time,
        lost.drop,
    ):
        with pytest.raises(FileNotFoundError, match=expected):
            ask()


@pytest.mark.parametrize("name", ["", ".", "..", "../snapshots", "-1x", "@now", "last"])
def test_other_words_are_no_moments(mount: Mount, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no moment"):
        mount.moment(name)


def test_a_difference_is_signed(mount: Mount) -> None:
    with mount.snapshot("before") as before:
        alloc(mount, 1 << 20)
        (grown,) = mount.diff("before", "now").records(query="min_size=1M", sort="-bytes")
        assert (grown["filename"], grown["lineno"]) == (b"mm/slub.c", 2478)
        assert (grown["bytes"], grown["calls"]) == (1 << 20, 1)
        (shrunk,) = mount.diff("now", before).records(state="shrunk")
        assert (shrunk["bytes"], shrunk["calls"]) == (-(1 << 20), -1)
        assert shrunk.dtype == DIFFERENCE
        assert mount.diff(before, before).records().shape == (0,)


def test_the_dtypes_differ_in_the_sign_of_calls_alone() -> None:
    assert DIFFERENCE.names == RECORD.names
    assert RECORD.fields is not None
    assert DIFFERENCE.fields is not None
    changed = [
        name for name in RECORD.names or () if RECORD.fields[name] != DIFFERENCE.fields[name]
    ]
    assert (changed, DIFFERENCE["calls"]) == (["calls"], np.dtype("i8"))


def test_a_name_that_moves_on_stands_for_one_sample(mounts: Mounter) -> None:
    mount = Mount(mounts("cpus=2,history=0.1s*1000"))
    wait_until(lambda: len(mount.history()) > 1, "there are two samples")
    last, first = mount.moment("last"), mount.moment("first")
    alloc(mount, 4096)
    wait_until(lambda: mount.history()[-1].name != last.name, "there is another sample")
    names = [one.name for one in mount.history()]
    assert (names[0], names.index(last.name) > 0) == (first.name, True)
    assert last.time is not None
    assert first.time is not None
    assert last.time > first.time
    assert len(mount.diff("first", last).records()) == 0
    assert len(mount.diff(first).records()) == 1
    with pytest.raises(FileNotFoundError, match=rf"history/ \([0-9]+, from {first.name} to @"):
        mount.moment("-1d")


def test_the_captures_of_a_series_are_its_history(mounts: Mounter, tmp_path: Path) -> None:
    series = tmp_path / "series"
    series.mkdir()
    for name, size in (("a", 4096), ("b", 8192)):
        (series / f"{name}.txt").write_bytes(HEADER + b"%12d 1 mm/new.c:5 func:new \n" % size)
    mount = Mount(mounts(source=str(series)))
    assert [one.name for one in mount.history()] == ["a", "b"]
    assert mount.history()[0].time is None
    assert mount.diff("a", "b").records()["bytes"].tolist() == [4096]
