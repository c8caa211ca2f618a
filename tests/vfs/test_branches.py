"""The branches of differences, read through the file system."""

from __future__ import annotations

import json

import numpy as np
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.formats.records import TREND_SIZE
from allocfs.moments.history import History
from allocfs.moments.moment import take
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.nodes import ROOT, Dir, Node, TagFile


def node_at(filesystem: Filesystem, path: str) -> Node:
    node: Node = ROOT
    for name in path.split("/"):
        assert isinstance(node, Dir)
        node = filesystem.lookup(node, name)
    return node


def read(filesystem: Filesystem, path: str) -> bytes:
    node = node_at(filesystem, path)
    assert isinstance(node, TagFile)
    view = filesystem.open_cached(BoundFile(node))
    return view.read(0, view.size())


def snapshot(filesystem: Filesystem, name: str) -> None:
    parent = node_at(filesystem, "snapshots")
    assert isinstance(parent, Dir)
    filesystem.snapshots.make(parent, name)


def add(store: CodetagStore, slot: int, nbytes: int, calls: int) -> None:
    store.count(np.array([slot]), np.array([0]), np.array([nbytes]), np.array([calls]))


@pytest.fixture
def filesystem(store: CodetagStore) -> Filesystem:
    """A file system with two snapshots, between which one codetag of xfs grew."""
    filesystem = Filesystem(store)
    add(store, 0, 100, 1)
    add(store, 6, 10, 1)
    snapshot(filesystem, "a")
    add(store, 5, 7, 2)
    snapshot(filesystem, "b")
    return filesystem


@pytest.mark.parametrize("ends", ["a..b", "a"])
def test_rows_of_a_difference_sum_all_codetags(filesystem: Filesystem, ends: str) -> None:
    data = read(filesystem, f"json/diff/{ends}/query/group=module/records")
    (row,) = map(json.loads, data.splitlines())
    assert (row["module"], row["tags"], row["state"]) == ("xfs", 2, "grown")
    assert row["before"] == {"bytes": 10, "calls": 1}
    assert row["after"] == {"bytes": 17, "calls": 3}


def test_a_row_is_new_if_all_of_its_codetags_are(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    store.unload("ext4")
    snapshot(filesystem, "c")
    store.load("ext4")
    add(store, 7, 5, 1)
    snapshot(filesystem, "d")
    for ends in ("c..d", "c"):
        path = f"text/diff/{ends}/query/group={{}}/records"
        assert b"state:new" in read(filesystem, path.format("module"))
        assert b"state:" not in read(filesystem, path.format("all"))


def test_a_limit_leaves_no_name_out_of_a_listing(
    filesystem: Filesystem, store: CodetagStore
) -> None:
    add(store, 0, 1, 1)
    directory = node_at(filesystem, "diff/a/query/limit=1/by-module")
    assert isinstance(directory, Dir)
    names = [entry.name for entry in filesystem.listing(directory).entries]
    assert names == ["vmlinux", "xfs"]


@pytest.mark.parametrize("form", ["", "counters/"])
def test_records_of_rows_of_a_trend_are_those_of_trends(store: CodetagStore, form: str) -> None:
    history = History(most=2)
    filesystem = Filesystem(store, record=history)
    history.add(take(store))
    data = read(filesystem, f"{form}trend/all/query/group=module/records")
    assert len(data) == 3 * TREND_SIZE
