"""The table of formats: a row is all that a rendered format takes."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.formats.table import COUNTERS, FORMATS, JSON, RECORDS, TEXT, Format
from allocfs.tags.axis import Axis
from allocfs.tags.rows import Rows
from allocfs.vfs import tree as tree_module
from allocfs.vfs.nodes import ROOT, Dir, Node, Scope, TagFile
from tests.support import ROOT as CHECKOUT
from tests.support.trees import tree_of


def format_functions(rows: Rows) -> bytes:
    return "".join(f"{rows.table.tag(slot).function}\n" for slot in rows.slots.tolist()).encode()


FUNCTIONS = Format("functions", render=format_functions)


def test_the_formats_have_directories_of_their_own_and_records_are_the_root() -> None:
    assert {row.directory: row for row in FORMATS} == {
        "": RECORDS,
        "counters": COUNTERS,
        "text": TEXT,
        "json": JSON,
    }
    assert len({row.directory for row in FORMATS}) == len(FORMATS)


def test_a_format_has_records_of_one_size_or_a_rendering() -> None:
    assert (RECORDS.record_size, COUNTERS.record_size) == (224, 32)
    for row in FORMATS:
        assert (row.record_size is None) != (row.render is None), row.directory


@pytest.mark.parametrize("row", [TEXT, JSON], ids=lambda row: row.directory)
def test_a_rendering_has_the_tags_in_the_order_of_their_slots(
    row: Format, store: CodetagStore
) -> None:
    slots = np.array([7, 0, 5])
    assert row.render is not None
    lines = row.render(Rows(store.table, slots, store.sums(slots))).splitlines()
    functions = [store.table.tag(slot).function.encode() for slot in slots.tolist()]
    assert len(lines) == len(slots)
    assert [name in line for name, line in zip(functions, lines, strict=True)] == [True] * 3


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.directory or "records")
def test_the_specification_has_a_row_for_each_format(row: Format) -> None:
    path = f"/{row.directory}/..." if row.directory else "/..."
    size = "" if row.record_size is None else f" {row.record_size} bytes"
    rows = [
        line
        for line in (CHECKOUT / "spec/paths.md").read_text().splitlines()
        if line.startswith(f"| `{path}` |")
    ]
    assert len(rows) == 1
    assert rows[0].endswith(f"|{size} |")


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("functions/records", TagFile(Scope(FUNCTIONS))),
        ("functions/by-module/xfs", TagFile(Scope(FUNCTIONS), Axis.MODULE, "xfs")),
    ],
)
def test_a_new_row_has_the_tree_below_its_directory(
    path: str, file: TagFile, store: CodetagStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "FORMATS", (*FORMATS, FUNCTIONS))
    tree = tree_of(store)
    node: Node = ROOT
    for name in path.split("/"):
        assert isinstance(node, Dir)
        node = tree.lookup(node, name)
    assert node == file
    assert node.path == f"/{path}"
