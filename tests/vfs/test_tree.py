"""The tree: from names to nodes by lookup, and back by listing."""

from __future__ import annotations

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import BadQuery, NameNotFound
from allocfs.formats.table import FORMATS, Format
from allocfs.vfs.nodes import ROOT, Dir, Node, TagFile
from allocfs.vfs.tree import Tree
from tests.support.trees import tree_of


@pytest.fixture
def tree(store: CodetagStore) -> Tree:
    return tree_of(store, has_control=True)


def walk(tree: Tree, path: str) -> Node:
    node: Node = ROOT
    for name in path.strip("/").split("/"):
        assert isinstance(node, Dir), f"{node.path} is a file"
        node = tree.lookup(node, name)
    return node


def slots(tree: Tree, path: str) -> list[int]:
    node = walk(tree, path)
    assert isinstance(node, TagFile)
    return [int(slot) for slot in tree.branches.of(node.scope).selector.by_name(node).slots]


def listed(tree: Tree, path: str) -> dict[str, int | None]:
    node = walk(tree, path)
    assert isinstance(node, Dir)
    return {entry.name: entry.tags for entry in tree.entries(node)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/records", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("/by-file/mm/slub.c", [0, 1]),
        ("/by-file/include/linux/slab.h", [2]),
        ("/by-file/drivers/iommu/iommu-pages.h", [3, 4]),
        ("/by-file/fs/.records", [5, 6, 7]),
        ("/by-file/.records", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("/by-file/drivers/iommu/amd/.records", []),
        ("/by-function/xlog_alloc", [5, 6]),
        ("/by-module/vmlinux", [0, 1, 2, 3, 4]),
        ("/by-module/ext4", [7]),
        ("/query/module=xfs|ext4/records", [5, 6, 7]),
        ("/query/line=7/by-file/fs/xfs/xfs_log.c", [5, 6]),
        ("/query/module=nosuch/records", []),
        ("/text/query/file=mm%2F*/by-function/slab_free", [1]),
    ],
)
def test_a_path_selects_tags(tree: Tree, path: str, expected: list[int]) -> None:
    assert slots(tree, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/nosuch",
        "/by-file/mm/nosuch.c",
        "/by-function/nosuch",
        "/by-module/nosuch",
        "/counters/allocinfo",
        "/counters/.allocfs",
        "/query/module=xfs/query",
        "/query/module=xfs/by-file/mm/slub.c",
        "/.allocfs/nosuch",
    ],
)
def test_a_name_that_does_not_exist_is_not_found(tree: Tree, path: str) -> None:
    with pytest.raises(NameNotFound):
        walk(tree, path)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_malformed_query_is_refused_in_every_form(tree: Tree, format_: Format) -> None:
    with pytest.raises(BadQuery):
        walk(tree, f"/{format_.directory}/query/colour=red")


def test_listing_a_directory_tells_how_many_tags_each_file_holds(tree: Tree) -> None:
    assert listed(tree, "/by-file/fs") == {".records": 3, "ext4": None, "xfs": None}
    assert listed(tree, "/by-file/mm") == {".records": 2, "slub.c": 2}
    assert listed(tree, "/by-module") == {"ext4": 1, "vmlinux": 5, "xfs": 2}


def test_a_query_lists_only_what_matches(tree: Tree) -> None:
    assert listed(tree, "/query/module=xfs/by-file") == {".records": 2, "fs": None}
    assert listed(tree, "/query/module=xfs/by-function") == {"xlog_alloc": 2}


def test_what_is_unloaded_is_neither_listed_nor_found(tree: Tree, store: CodetagStore) -> None:
    store.unload("xfs")
    assert "xfs" not in listed(tree, "/by-file/fs")
    with pytest.raises(NameNotFound):
        walk(tree, "/by-file/fs/xfs")
    store.load("xfs")
    assert slots(tree, "/by-file/fs/xfs/xfs_log.c") == [5, 6]


def test_every_listed_name_is_found_again(tree: Tree) -> None:
    def check(directory: Dir) -> None:
        for entry in tree.entries(directory):
            assert tree.lookup(directory, entry.name) == entry.node
            if isinstance(entry.node, TagFile) and entry.tags is not None:
                assert (
                    len(tree.branches.of(entry.node.scope).selector.by_name(entry.node).slots)
                    == entry.tags
                )
            if isinstance(entry.node, Dir):
                check(entry.node)

    check(ROOT)


def test_a_directory_passed_through_is_found_but_not_listed(tree: Tree) -> None:
    assert isinstance(walk(tree, "/by-file/drivers/iommu/amd"), Dir)
    assert listed(tree, "/by-file/drivers/iommu") == {".records": 2, "iommu-pages.h": 2}


def test_listing_and_lookup_sum_nothing(tree: Tree, store: CodetagStore) -> None:
    walk(tree, "/query/min_size=1M,sort=-bytes/by-file/mm/slub.c")
    listed(tree, "/query/min_size=1M/by-function")
    assert store.counters_read == 0
