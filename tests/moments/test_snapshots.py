"""Named moments: their names, limits, and serials."""

from __future__ import annotations

import errno
from collections.abc import Mapping

import pytest

from allocfs.errors import (
    BadName,
    NameNotFound,
    NameTaken,
    SnapshotFailed,
    TooManySnapshots,
    TooMuchMemory,
)
from allocfs.moments.moment import Moment
from allocfs.moments.snapshots import MemoryStorage, Snapshots, Values
from allocfs.vfs.limits import Budget
from tests.support.moment_fakes import S, moment

EACH = 4 * 17  # bytes of the values of a moment here


class FullDisk:
    """A storage with a snapshot on a disk that takes no changes."""

    def saved(self) -> Mapping[str, Values]:
        return {"old": MemoryStorage(int).save("old", moment(S))}

    def save(self, name: str, _moment: Moment) -> Values:
        raise SnapshotFailed(name, errno.ENOSPC)

    def rename(self, name: str, new_name: str) -> None:
        raise SnapshotFailed(f"{name} {new_name}", errno.EROFS)

    def delete(self, name: str) -> None:
        raise SnapshotFailed(name, errno.EACCES)


def snapshots(*names: str, most: int = 64, limit: int = 1 << 20) -> Snapshots:
    """Make snapshots in memory."""
    made = Snapshots(MemoryStorage(Budget(limit).reserve), most)
    for number, name in enumerate(names):
        made.add(name, moment(number * S, number))
    return made


def test_a_snapshot_has_its_values_until_it_is_dropped() -> None:
    kept = snapshots("b", "a")
    assert kept.names() == ["a", "b"]
    found = kept.by_name("a")
    assert found is not None
    assert found.taken == found.moment().taken == moment(S).taken
    assert found.moment().sums.bytes.tolist() == [1, 2, 3, 4]
    kept.drop("a")
    assert kept.by_name("a") is None
    assert kept.names() == ["b"]
    assert found.moment().sums.bytes[0] == 1


def test_a_renamed_snapshot_is_the_same_one() -> None:
    kept = snapshots("a", "b")
    before = kept.by_name("a")
    kept.rename("a", "c")
    assert kept.names() == ["b", "c"]
    after = kept.by_name("c")
    assert after is not None
    assert before is not None
    assert (after, after.name, before.name) == (before, "c", "a")
    assert hash(after) == hash(before)
    kept.rename("c", "c")
    assert kept.by_name("c") is after


def test_a_serial_is_never_used_again() -> None:
    kept = snapshots("a")
    first = kept.by_name("a")
    kept.drop("a")
    assert kept.add("a", moment(S)) != first


def test_a_bad_or_taken_name_is_refused() -> None:
    kept = snapshots("a", "b")
    for name in ("a..b", "now", ""):
        with pytest.raises(BadName):
            kept.add(name, moment(S))
        with pytest.raises(BadName):
            kept.rename("a", name)
    with pytest.raises(NameTaken, match="'b'"):
        kept.add("b", moment(S))
    with pytest.raises(NameTaken, match="'b'"):
        kept.rename("a", "b")
    assert kept.names() == ["a", "b"]


def test_a_snapshot_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(NameNotFound, match="no snapshot 'c': there are a, b"):
        snapshots("a", "b").drop("c")
    with pytest.raises(NameNotFound, match="there are none"):
        snapshots().rename("c", "d")


def test_the_number_is_limited() -> None:
    kept = snapshots("a", "b", most=2)
    with pytest.raises(TooManySnapshots, match="max_snapshots=2: remove one"):
        kept.prepare("c")
    with pytest.raises(TooManySnapshots):
        kept.add("c", moment(S))
    kept.drop("a")
    kept.add("c", moment(S))


def test_the_memory_is_limited_and_given_back() -> None:
    kept = snapshots("a", "b", limit=2 * EACH)
    with pytest.raises(TooMuchMemory):
        kept.add("c", moment(S))
    assert kept.names() == ["a", "b"]
    kept.rename("a", "d")
    held = kept.by_name("d")
    kept.drop("d")
    with pytest.raises(TooMuchMemory):
        kept.add("c", moment(S))
    del held
    kept.add("c", moment(S))


def test_a_disk_that_fails_changes_nothing() -> None:
    kept = Snapshots(FullDisk(), 1)
    with pytest.raises(TooManySnapshots):
        kept.add("a", moment(S))
    kept = Snapshots(FullDisk(), 2)
    with pytest.raises(SnapshotFailed) as raised:
        kept.add("a", moment(S))
    assert raised.value.number == errno.ENOSPC
    with pytest.raises(SnapshotFailed):
        kept.drop("old")
    with pytest.raises(SnapshotFailed):
        kept.rename("old", "new")
    assert kept.names() == ["old"]
