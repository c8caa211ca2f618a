"""Inode numbers: stable, distinct, and forgotten when the kernel forgets them."""

from __future__ import annotations

import pytest

from allocfs.fuse import inodes
from allocfs.fuse.inodes import ROOT_INODE, Inodes
from allocfs.vfs.nodes import ROOT, AboutFile


def test_the_root_has_inode_1_for_ever() -> None:
    table = Inodes()
    table.forget(ROOT_INODE, 1)
    assert table[ROOT_INODE] == ROOT


def test_a_node_keeps_its_number_after_it_was_forgotten() -> None:
    table = Inodes()
    number = table.remember(AboutFile("stats"))
    table.forget(number, 1)
    assert len(table) == 1
    assert table.remember(AboutFile("stats")) == number


def test_a_node_is_kept_until_every_lookup_is_taken_back() -> None:
    table = Inodes()
    number = table.remember(AboutFile("stats"))
    table.remember(AboutFile("stats"))
    table.forget(number, 1)
    assert table[number] == AboutFile("stats")
    table.forget(number, 1)
    with pytest.raises(KeyError):
        table[number]


def test_nodes_whose_numbers_collide_get_different_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inodes, "inode_number", lambda _path: 1000)
    table = Inodes()
    first = table.remember(AboutFile("stats"))
    second = table.remember(AboutFile("source"))
    assert (first, second) == (1000, 1001)
    assert table.number(AboutFile("source")) == 1001


def test_a_number_that_is_known_need_not_be_found_again() -> None:
    table = Inodes()
    number = table.number(AboutFile("stats"))
    assert table.remember(AboutFile("stats"), number) == number
    assert table[number] == AboutFile("stats")
    assert not table.forget(table.remember(AboutFile("stats")), 1)
    assert table.forget(number, 1)
