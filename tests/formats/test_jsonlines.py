"""JSON lines: one object for each tag, with names in full."""

from __future__ import annotations

import json

import numpy as np
import pytest

from allocfs.formats.jsonlines import format_json
from allocfs.tags.rows import Rows
from allocfs.tags.table import Codetag, Sums, TagTable

LONG = "x" * 100
TAGS = [
    Codetag("mm/slub.c", 10, "alloc"),
    Codetag(f"fs/{LONG}.c", 2**64 - 1, f"f_{LONG}", "xfs"),
    Codetag('a"\\\n.c', 0, "é", "m"),
]
SUMS = Sums(
    np.array([-(2**63), 2**63 - 1, 0]),
    np.array([2**64 - 1, 0, 5], dtype=np.uint64),
    np.array([True, False, True]),
)


def first(count: int) -> Sums:
    """Return the first of the sums."""
    return Sums(SUMS.bytes[:count], SUMS.calls[:count], SUMS.accurate[:count])


def rendered(tags: list[Codetag], slots: list[int], sums: Sums) -> list[dict[str, object]]:
    table = TagTable.from_tags(tags)
    data = format_json(Rows(table, np.array(slots, dtype=np.intp), sums))
    assert data.count(b"\n") == len(slots)
    return [json.loads(line) for line in data.splitlines()]


def test_an_object_has_the_full_names_and_exact_numbers() -> None:
    assert rendered(TAGS, [0, 1, 2], SUMS) == [
        {
            "file": tag.file,
            "line": tag.line,
            "function": tag.function,
            "module": tag.module,
            "bytes": nbytes,
            "calls": calls,
            "accurate": accurate,
        }
        for tag, nbytes, calls, accurate in zip(
            TAGS, SUMS.bytes.tolist(), SUMS.calls.tolist(), SUMS.accurate.tolist(), strict=True
        )
    ]


def test_the_keys_are_in_the_order_of_the_text() -> None:
    (found,) = rendered(TAGS[:1], [0], first(1))
    assert list(found) == ["file", "line", "function", "module", "bytes", "calls", "accurate"]


def test_the_objects_are_in_the_order_of_the_slots() -> None:
    assert [row["file"] for row in rendered(TAGS, [2, 0, 2], SUMS)] == [
        TAGS[2].file,
        TAGS[0].file,
        TAGS[2].file,
    ]


@pytest.mark.parametrize(("name", "shown"), [("a\udcff.c", "a\ufffd.c"), ("é.c", "é.c")])
def test_bytes_that_are_not_utf8_become_the_replacement_character(name: str, shown: str) -> None:
    (found,) = rendered([Codetag(name, 1, "f")], [0], first(1))
    assert found["file"] == shown


def test_no_tags_are_no_lines() -> None:
    assert rendered(TAGS, [], first(0)) == []
