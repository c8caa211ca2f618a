"""Rows of differences since the last read: a change that is not shown now is shown later."""

from __future__ import annotations

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.vfs.filesystem import BoundFile, Filesystem, View
from allocfs.vfs.nodes import TagFile
from tests.vfs.test_branches import add, node_at


def open_rows(store: CodetagStore, query: str) -> View:
    filesystem = Filesystem(store)
    file = node_at(filesystem, f"text/diff/last-read/query/{query}/records")
    assert isinstance(file, TagFile)
    return filesystem.open(BoundFile(file))


def shown(view: View) -> list[tuple[int, str]]:
    """Return the bytes and the module of each row of the next difference."""
    lines = (line.split() for line in view.read(0, 10_000).decode().splitlines())
    return [(int(words[0]), words[2]) for words in lines]


@pytest.mark.parametrize("condition", ["limit=1", "min_size=100"])
def test_a_row_that_a_query_leaves_out_goes_on_from_where_it_was_shown(
    store: CodetagStore, condition: str
) -> None:
    view = open_rows(store, f"group=module,{condition}")
    add(store, 0, 100, 1)
    add(store, 5, 60, 1)
    assert shown(view) == [(100, "vmlinux")]
    add(store, 6, 40, 1)
    assert shown(view) == [(100, "xfs")]
    assert shown(view) == []
