"""JSON lines: their members, and the pairs of the text in them."""

from __future__ import annotations

import json

import numpy as np

from allocfs.formats.jsonlines import MEMBERS, format_json
from allocfs.formats.text import parse
from allocfs.tags.rows import Rows
from allocfs.vfs.about import schema_json
from tests.support import ROOT

TEXT = (
    b"          64        1 mm/slub.c:5 func:new_slab approx:yes bounds:60..70 error_size:12"
    b" peak:4096 \n"
    b"         128        2 mm/slub.c:6 [m] func:new accurate:no \n"
    b"         256        3 a.c:7 func:f k:1 \xff:\xfe k: \n"
)


def objects(text: bytes) -> list[dict[str, object]]:
    listing = parse(text, "x")
    every = np.arange(len(listing.table))
    table, sums, rounding = listing.table, listing.sums, listing.rounding
    lines = format_json(Rows(table, every, sums, listing.pairs, rounding=rounding)).splitlines()
    return [json.loads(line) for line in lines]


def test_the_pairs_of_a_tag_are_an_object_of_strings() -> None:
    first, second, third = objects(TEXT)
    assert first["pairs"] == {"error_size": "12", "peak": "4096"}
    assert "pairs" not in second
    assert (first["approx"], "approx" in second) == ([60, 70], False)
    assert third["pairs"] == {"k": "", "\ufffd": "\ufffd"}


def test_a_text_without_pairs_has_the_same_lines_as_ever() -> None:
    (line,) = objects(b"64 1 mm/slub.c:5 func:new_slab \n")
    assert list(line) == [member.name for member in MEMBERS][:-2]


def test_schema_json_and_the_specification_name_every_member() -> None:
    names = [member["name"] for member in json.loads(schema_json())["json"]]
    assert names == list(objects(TEXT)[0])
    table = (ROOT / "spec/records.md").read_text().split("## JSON")[1]
    assert [name for name in names if f"\n| `{name}` |" not in table] == []
