"""Axes: file, function and module, each with its column, its directory and its spellings."""

from __future__ import annotations

import subprocess
import sys

import pytest

from allocfs.tags.axis import Axis
from allocfs.tags.table import Codetag, TagTable

TABLE = TagTable.from_tags(
    [Codetag("drivers/a/../b.h", 1, "open"), Codetag("fs/xfs/a.c", 2, "read", "xfs")]
)


@pytest.mark.parametrize(
    ("axis", "directory", "values"),
    [
        (Axis.FILE, "by-file", ("drivers/a/../b.h", "fs/xfs/a.c")),
        (Axis.FUNCTION, "by-function", ("open", "read")),
        (Axis.MODULE, "by-module", ("", "xfs")),
    ],
)
def test_an_axis_has_a_directory_and_a_column(
    axis: Axis, directory: str, values: tuple[str, ...]
) -> None:
    assert axis.directory == directory
    assert axis.column(TABLE).values == values


def test_the_value_of_an_axis_is_its_key_and_its_field_of_a_codetag() -> None:
    assert [str(axis) for axis in Axis] == ["file", "function", "module"]
    assert set(Axis) < set(Codetag._fields)


def test_a_file_has_two_spellings_and_other_names_have_one() -> None:
    spellings = {axis: axis.spellings(axis.column(TABLE).values) for axis in Axis}
    assert spellings == {
        Axis.FILE: [("drivers/a/../b.h", "fs/xfs/a.c"), ("drivers/b.h", "fs/xfs/a.c")],
        Axis.FUNCTION: [("open", "read")],
        Axis.MODULE: [("vmlinux", "xfs")],
    }


def test_an_axis_is_imported_without_numpy() -> None:
    code = "import sys; from allocfs.tags.axis import Axis; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
