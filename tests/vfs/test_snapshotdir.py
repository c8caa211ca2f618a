"""The directory of snapshots: the only one that can be changed."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import trio

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import (
    NameNotFound,
    NameTaken,
    ReadOnly,
    SnapshotFailed,
    SourceFailed,
    SourceLate,
)
from allocfs.formats.table import TEXT
from allocfs.moments.snapshots import MemoryStorage, Snapshots
from allocfs.tags.table import Slots, Sums, TagTable
from allocfs.vfs.limits import Budget
from allocfs.vfs.nodes import ROOT, MomentsDir, Scope
from allocfs.vfs.snapshotdir import SnapshotDir
from tests.conftest import TAGS
from tests.support.source_fakes import SECOND, Gate

HERE = MomentsDir(Scope(), "snapshots")


def test_a_snapshot_is_made_renamed_and_removed(store: CodetagStore) -> None:
    snapshots = Snapshots()
    directory = SnapshotDir(store, snapshots)
    directory.make(HERE, "a")
    with pytest.raises(NameTaken):
        directory.make(HERE, "a")
    directory.rename(HERE, "a", HERE, "b")
    assert snapshots.names() == ["b"]
    directory.remove(MomentsDir(Scope(TEXT), "snapshots"), "b")  # the same in each format
    assert snapshots.names() == []


def test_a_refused_name_sums_nothing(store: CodetagStore) -> None:
    directory = SnapshotDir(store, Snapshots())
    directory.make(HERE, "a")
    read = store.counters_read
    with pytest.raises(NameTaken):
        directory.make(HERE, "a")
    assert store.counters_read == read


def test_no_other_directory_can_be_changed(store: CodetagStore) -> None:
    directory = SnapshotDir(store, Snapshots())
    directory.make(HERE, "a")
    for parent in (ROOT, MomentsDir(Scope(), "history"), MomentsDir(Scope(), "diff")):
        with pytest.raises(ReadOnly):
            directory.make(parent, "b")
        with pytest.raises(ReadOnly):
            directory.remove(parent, "a")
        with pytest.raises(ReadOnly):
            directory.rename(parent, "a", HERE, "b")
    with pytest.raises(ReadOnly):
        directory.rename(HERE, "a", MomentsDir(Scope(TEXT), "snapshots"), "b")


def test_a_snapshot_that_is_not_there_is_not_found(store: CodetagStore) -> None:
    directory = SnapshotDir(store, Snapshots())
    with pytest.raises(NameNotFound):
        directory.remove(HERE, "a")
    with pytest.raises(NameNotFound):
        directory.rename(HERE, "a", HERE, "b")


def test_memory_that_is_used_up_is_like_a_full_disk(store: CodetagStore) -> None:
    snapshots = Snapshots(MemoryStorage(Budget(200).reserve))
    directory = SnapshotDir(store, snapshots)
    directory.make(HERE, "a")
    with pytest.raises(SnapshotFailed) as caught:
        directory.make(HERE, "b")
    assert caught.value.number == errno.ENOSPC
    assert snapshots.names() == ["a"]


class FailedStore(CodetagStore):
    """A store that cannot be read."""

    def sums(self, _slots: Slots) -> Sums:
        raise SourceFailed("the source is gone")


def test_a_source_that_fails_leaves_nothing_behind() -> None:
    snapshots = Snapshots()
    with pytest.raises(SourceFailed):
        SnapshotDir(FailedStore(TagTable.from_tags(TAGS), 1), snapshots).make(HERE, "a")
    assert snapshots.names() == []


def test_a_snapshot_of_a_text_is_not_older_than_its_request(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "allocinfo")
    gate.write(1)
    backend = gate.backend(max_age=3600)
    gate.write(2)
    gate.now += 1
    snapshots = Snapshots()
    SnapshotDir(backend, snapshots, gate.clock).make(HERE, "a")
    snapshot = snapshots.by_name("a")
    assert snapshot is not None
    assert snapshot.moment().sums.bytes[0] == 2000


def test_a_request_that_waited_for_a_pass_makes_no_other(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "allocinfo")
    gate.write(1)
    backend = gate.backend(max_age=3600)
    directory = SnapshotDir(backend, Snapshots(), gate.clock)
    gate.close()
    gate.now += 1
    with pytest.raises(SourceLate) as late:
        directory.make(HERE, "a")
    gate.now += SECOND
    gate.open()
    trio.run(late.value.answer)
    backend.renew()
    passes = backend.extra_stats()["passes"]
    directory.make(HERE, "a")
    assert backend.extra_stats()["passes"] == passes
