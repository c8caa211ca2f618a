"""Divisions of codetags into rows: their fields, names, order and members."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.moments.grouping import directory, divide, field_names, heads
from allocfs.query.groups import parse_group
from allocfs.tags.table import Codetag, TagTable

TAGS = [
    Codetag("fs/xfs/libxfs/a.c", 2, "g", "xfs"),
    Codetag("./include/linux/slab.h", 5, "f", "xfs"),
    Codetag("include/linux/slab.h", 5, "f"),
    Codetag("fs/xfs/b.c", 7, "f", "xfs"),
    Codetag("main.c", 7, "f"),
    Codetag("include/linux/slab.h", 5, "f"),
]
EVERY = np.array([4, 3, 2, 1, 0, 5], dtype=np.intp)


def rows(text: str) -> list[tuple[str, list[int]]]:
    """Return the names of rows and their members."""
    group = parse_group(text)
    grouping = divide(group, TagTable.from_tags(TAGS), EVERY)
    members = np.split(grouping.members, np.cumsum(grouping.sizes)[:-1])
    names = heads(group, grouping.rows)
    return list(zip(names, [part.tolist() for part in members], strict=True))


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("module", [("vmlinux", [4, 2, 5]), ("xfs", [3, 1, 0])]),
        ("function", [("func:f", [4, 3, 2, 1, 5]), ("func:g", [0])]),
        (
            "file",
            [
                ("main.c", [4]),
                ("fs/xfs/b.c", [3]),
                ("include/linux/slab.h", [2, 1, 5]),
                ("fs/xfs/libxfs/a.c", [0]),
            ],
        ),
        (
            "site",
            [
                ("main.c:7 func:f", [4]),
                ("fs/xfs/b.c:7 [xfs] func:f", [3]),
                ("include/linux/slab.h:5 func:f", [2, 5]),
                ("./include/linux/slab.h:5 [xfs] func:f", [1]),
                ("fs/xfs/libxfs/a.c:2 [xfs] func:g", [0]),
            ],
        ),
        (
            "dir",
            [("./", [4]), ("fs/xfs/", [3]), ("include/linux/", [2, 1, 5]), ("fs/xfs/libxfs/", [0])],
        ),
        ("dir:2", [("./", [4]), ("fs/xfs/", [3, 0]), ("include/linux/", [2, 1, 5])]),
        ("dir:1", [("./", [4]), ("fs/", [3, 0]), ("include/", [2, 1, 5])]),
        ("all", [("all", [4, 3, 2, 1, 0, 5])]),
    ],
)
def test_rows_are_in_the_order_of_their_first_codetags(
    group: str, expected: list[tuple[str, list[int]]]
) -> None:
    assert rows(group) == expected


@pytest.mark.parametrize(
    ("group", "row", "names"),
    [
        ("module", Codetag("", 0, "", "xfs"), ("module",)),
        ("file", Codetag("include/linux/slab.h", 0, ""), ("file",)),
        ("function", Codetag("", 0, "f"), ("function",)),
        ("site", TAGS[1], ("file", "line", "function", "module")),
        ("dir", Codetag("include/linux", 0, ""), ("file",)),
        ("dir:1", Codetag("include", 0, ""), ("file",)),
        ("all", Codetag("", 0, ""), ()),
    ],
)
def test_the_fields_that_a_group_does_not_fix_are_empty(
    group: str, row: Codetag, names: tuple[str, ...]
) -> None:
    one = divide(parse_group(group), TagTable.from_tags(TAGS), np.array([1], dtype=np.intp))
    assert one.rows == [row]
    assert field_names(parse_group(group)) == names


@pytest.mark.parametrize("group", ["module", "file", "function", "site", "dir", "all"])
def test_no_codetags_have_no_rows(group: str) -> None:
    none = divide(parse_group(group), TagTable.from_tags([]), np.empty(0, dtype=np.intp))
    assert (none.rows, len(none.members), len(none.sizes)) == ([], 0, 0)


@pytest.mark.parametrize(
    ("file", "depth", "expected"),
    [
        ("drivers/iommu/amd/../pages.h", None, "drivers/iommu"),
        ("/root/m/x.c", None, "root/m"),
        ("/root/m/x.c", 1, "root"),
        ("a/b/x.c", 64, "a/b"),
        ("x.c", None, "."),
        ("x.c", 1, "."),
        ("", 2, "."),
    ],
)
def test_a_directory_is_one_of_by_file(file: str, depth: int | None, expected: str) -> None:
    assert directory(file, depth) == expected


def test_sites_differ_in_each_of_their_names() -> None:
    site = Codetag("a.c", 1, "f", "m")
    changes = ({"file": "b.c"}, {"line": 2**64 - 1}, {"function": "g"}, {"module": ""})
    tags = [site, *(site._replace(**change) for change in changes)] * 2
    grouping = divide(
        parse_group("site"), TagTable.from_tags(tags), np.arange(len(tags), dtype=np.intp)
    )
    assert grouping.rows == tags[:5]
    assert grouping.sizes.tolist() == [2] * 5
