"""The tree: from names to nodes by lookup, and back by listing."""

from __future__ import annotations

import pytest

from allocfs.backend.codetag import CodetagStore
from allocfs.errors import BadQuery, NameNotFound
from allocfs.vfs.catalogue import Catalogue
from allocfs.vfs.nodes import ROOT, Dir, Form, Node, TagFile
from allocfs.vfs.tree import entries, lookup, slots_of


@pytest.fixture
def known(store: CodetagStore) -> Catalogue:
    return Catalogue(store, has_control=True)


def walk(known: Catalogue, path: str) -> Node:
    node: Node = ROOT
    for name in path.strip("/").split("/"):
        assert isinstance(node, Dir), f"{node.path} is a file"
        node = lookup(known, node, name)
    return node


def slots(known: Catalogue, path: str) -> list[int]:
    node = walk(known, path)
    assert isinstance(node, TagFile)
    return [int(slot) for slot in slots_of(known, node)]


def listed(known: Catalogue, path: str) -> dict[str, int | None]:
    node = walk(known, path)
    assert isinstance(node, Dir)
    return {entry.name: entry.tags for entry in entries(known, node)}


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
def test_a_path_selects_tags(known: Catalogue, path: str, expected: list[int]) -> None:
    assert slots(known, path) == expected


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
def test_a_name_that_does_not_exist_is_not_found(known: Catalogue, path: str) -> None:
    with pytest.raises(NameNotFound):
        walk(known, path)


@pytest.mark.parametrize("form", list(Form))
def test_a_malformed_query_is_refused_in_every_form(known: Catalogue, form: Form) -> None:
    with pytest.raises(BadQuery):
        walk(known, f"/{form.value}/query/colour=red")


def test_listing_a_directory_tells_how_many_tags_each_file_holds(known: Catalogue) -> None:
    assert listed(known, "/by-file/fs") == {".records": 3, "ext4": None, "xfs": None}
    assert listed(known, "/by-file/mm") == {".records": 2, "slub.c": 2}
    assert listed(known, "/by-module") == {"ext4": 1, "vmlinux": 5, "xfs": 2}


def test_a_query_lists_only_what_matches(known: Catalogue) -> None:
    assert listed(known, "/query/module=xfs/by-file") == {".records": 2, "fs": None}
    assert listed(known, "/query/module=xfs/by-function") == {"xlog_alloc": 2}


def test_what_is_unloaded_is_neither_listed_nor_found(
    known: Catalogue, store: CodetagStore
) -> None:
    store.unload("xfs")
    assert "xfs" not in listed(known, "/by-file/fs")
    with pytest.raises(NameNotFound):
        walk(known, "/by-file/fs/xfs")
    store.load("xfs")
    assert slots(known, "/by-file/fs/xfs/xfs_log.c") == [5, 6]


def test_every_listed_name_is_found_again(known: Catalogue) -> None:
    def check(directory: Dir) -> None:
        for entry in entries(known, directory):
            assert lookup(known, directory, entry.name) == entry.node
            if isinstance(entry.node, TagFile) and entry.tags is not None:
                assert len(slots_of(known, entry.node)) == entry.tags
            if isinstance(entry.node, Dir):
                check(entry.node)

    check(ROOT)


def test_a_directory_passed_through_is_found_but_not_listed(known: Catalogue) -> None:
    assert isinstance(walk(known, "/by-file/drivers/iommu/amd"), Dir)
    assert listed(known, "/by-file/drivers/iommu") == {".records": 2, "iommu-pages.h": 2}


def test_listing_and_lookup_sum_nothing(known: Catalogue, store: CodetagStore) -> None:
    walk(known, "/query/min_size=1M,sort=-bytes/by-file/mm/slub.c")
    listed(known, "/query/min_size=1M/by-function")
    assert store.counters_read == 0
