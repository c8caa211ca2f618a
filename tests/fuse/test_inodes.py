"""Inode numbers: stable, distinct, and forgotten when the kernel forgets them."""

from __future__ import annotations

import pytest

from allocfs.fuse import inodes
from allocfs.fuse.inodes import ROOT_INODE, Inodes, node_of
from allocfs.tags.axis import Axis
from allocfs.vfs.filesystem import BoundFile
from allocfs.vfs.nodes import ROOT, AboutFile, Node, Scope, TagFile

XFS = TagFile(Scope(), Axis.MODULE, "xfs")


def table_of() -> Inodes:
    return Inodes(lambda _bound: True)


def remember(table: Inodes, node: Node) -> int:
    number, inode = table.find(node)
    table.remember(number, inode)
    return number


def test_the_root_has_inode_1_for_ever() -> None:
    table = table_of()
    table.forget(ROOT_INODE, 1)
    assert table[ROOT_INODE] == ROOT


def test_a_node_keeps_its_number_after_it_was_forgotten() -> None:
    table = table_of()
    number = remember(table, AboutFile("stats"))
    table.forget(number, 1)
    assert len(table) == 1
    assert remember(table, AboutFile("stats")) == number


def test_a_node_is_kept_until_every_lookup_is_taken_back() -> None:
    table = table_of()
    number = remember(table, AboutFile("stats"))
    remember(table, AboutFile("stats"))
    table.forget(number, 1)
    assert node_of(table[number]) == AboutFile("stats")
    table.forget(number, 1)
    with pytest.raises(KeyError):
        table[number]


def test_nodes_whose_numbers_collide_get_different_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inodes, "inode_number", lambda _path: 1000)
    table = table_of()
    first = remember(table, AboutFile("stats"))
    second = remember(table, AboutFile("source"))
    assert (first, second) == (1000, 1001)
    assert table.find(AboutFile("source"))[0] == 1001


def test_an_inode_that_is_found_again_is_the_same_object() -> None:
    table = table_of()
    number = remember(table, AboutFile("stats"))
    found, inode = table.find(AboutFile("stats"))
    assert found == number
    assert inode is table[number]
    assert not table.forget(remember(table, AboutFile("stats")), 1)
    assert table.forget(number, 1)


def test_a_superseded_file_lives_on_beside_the_one_that_its_path_finds() -> None:
    superseded: set[BoundFile] = set()
    table = Inodes(lambda bound: bound not in superseded)
    old = remember(table, XFS)
    bound = table[old]
    assert isinstance(bound, BoundFile)
    superseded.add(bound)
    new = remember(table, XFS)
    assert new != old
    assert table[old] is bound
    assert remember(table, XFS) == new
    table.forget(old, 1)
    assert remember(table, XFS) == new
    table.forget(new, 3)
    assert len(table) == 1
    assert remember(table, XFS) == old
