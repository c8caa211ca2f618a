"""Nodes: values, each with its path."""

from __future__ import annotations

import pytest

from allocfs.formats.table import COUNTERS, RECORDS, TEXT
from allocfs.query.language import parse
from allocfs.tags.axis import Axis
from allocfs.vfs.nodes import (
    ABOUT,
    CONTENT_ID,
    ROOT,
    AboutDir,
    AboutFile,
    AllocinfoFile,
    AxisDir,
    HelpFile,
    Node,
    QueriesDir,
    Scope,
    ScopeDir,
    TagFile,
)


def xfs(terms: str = "module=xfs") -> Scope:
    """Look a query up once more."""
    return Scope(TEXT, terms, parse(terms))


NODES: list[tuple[str, Node]] = [
    ("/", ROOT),
    ("/records", TagFile(Scope())),
    ("/allocinfo", AllocinfoFile()),
    ("/by-file", AxisDir(Scope(), Axis.FILE)),
    ("/by-file/fs/xfs", AxisDir(Scope(), Axis.FILE, "fs/xfs")),
    ("/by-file/fs/xfs/a.c", TagFile(Scope(), Axis.FILE, "fs/xfs/a.c")),
    ("/by-file/.records", TagFile(Scope(), Axis.FILE, "", subtree=True)),
    ("/by-file/fs/.records", TagFile(Scope(), Axis.FILE, "fs", subtree=True)),
    ("/by-function/open", TagFile(Scope(), Axis.FUNCTION, "open")),
    ("/by-module/vmlinux", TagFile(Scope(), Axis.MODULE, "vmlinux")),
    ("/query", QueriesDir(Scope(RECORDS))),
    ("/query/.help", HelpFile(Scope(RECORDS))),
    ("/counters", ScopeDir(Scope(COUNTERS))),
    ("/counters/records", TagFile(Scope(COUNTERS))),
    ("/text/query", QueriesDir(Scope(TEXT))),
    ("/text/query/module=xfs", ScopeDir(xfs())),
    ("/text/query/module=xfs/records", TagFile(xfs())),
    ("/text/query/module=xfs/by-file", AxisDir(xfs(), Axis.FILE)),
    ("/.allocfs", AboutDir()),
    ("/.allocfs/content_id", CONTENT_ID),
    ("/.allocfs/control", AboutFile("control")),
]


@pytest.mark.parametrize(("path", "node"), NODES, ids=lambda value: str(value)[:40])
def test_a_node_has_its_path(path: str, node: Node) -> None:
    assert node.path == path


def test_nodes_of_different_paths_differ() -> None:
    assert len({node for _, node in NODES}) == len(NODES)


def test_two_lookups_of_a_path_give_equal_nodes() -> None:
    first, second = TagFile(xfs(), Axis.FILE, "a.c"), TagFile(xfs(), Axis.FILE, "a.c")
    assert first is not second
    assert first == second
    assert hash(first) == hash(second)


def test_spellings_of_one_query_are_different_directories() -> None:
    one, other = ScopeDir(xfs("line=1|2")), ScopeDir(xfs("line=2|1"))
    assert one.scope.query == other.scope.query
    assert one != other
    assert one.path != other.path


def test_the_files_about_the_mount_are_listed_in_order() -> None:
    assert list(ABOUT) == sorted(ABOUT)
    assert CONTENT_ID.name in ABOUT
