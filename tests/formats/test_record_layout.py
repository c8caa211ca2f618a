"""The layout of the records as numpy, schema.json and the specification have it."""

from __future__ import annotations

import json
import re
import struct
import sys
from typing import Any

import numpy as np
import pytest

from allocfs.formats import records
from allocfs.kernel.abi import EARLIER, MERGED
from tests.formats.test_record_abi import DECLARED, XFS
from tests.support import ROOT


@pytest.mark.parametrize(
    ("dtype", "declared"),
    [
        (records.RECORD, records.TAG_DATA),
        (records.COUNTERS, records.COUNTERS_DATA),
        (records.TREND, records.TREND_DATA),
        (MERGED.dtype["filter"], records.FILTER),
        (EARLIER.dtype["filter"], records.EARLIER_FILTER),
        (EARLIER.dtype["data"], records.EARLIER_TAG_DATA),
        (MERGED.dtype, MERGED.get_at),
        (EARLIER.dtype, EARLIER.get_at),
    ],
)
def test_dtypes_have_the_declared_layout(dtype: np.dtype[np.void], declared: Any) -> None:
    members = [(name, dtype.fields[name]) for name in dtype.names or ()]  # type: ignore[index]
    derived = [(name, offset, kind.itemsize) for name, (kind, offset, *_) in members]
    assert derived == [(f.name, f.offset, f.size) for f in records.fields(declared)]
    assert dtype.itemsize == declared.sizeof()


def test_record_dtype_has_the_published_columns() -> None:
    published = [
        ("modname", "S64"),
        ("function", "S64"),
        ("filename", "S64"),
        ("lineno", np.uint64),
        ("bytes", np.int64),
        ("calls", np.uint64),
        ("accurate", np.uint8),
        ("pad", "V7"),
    ]
    assert np.dtype(published) == records.RECORD


def test_schema_describes_every_byte() -> None:
    described = json.loads(json.dumps(records.schema()))
    assert described["byte_order"] == sys.byteorder
    assert [record["name"] for record in described["records"]] == [
        "allocinfo_tag_data",
        "allocfs_counters",
        "allocfs_trend",
    ]
    for record in described["records"]:
        ends = [field["offset"] + field["size"] for field in record["fields"]]
        assert [field["offset"] for field in record["fields"]] == [0, *ends[:-1]]
        assert ends[-1] == record["size"]


def test_schema_suffices_to_decode_a_record() -> None:
    codes = {"char[64]": "64s", "u64": "Q", "s64": "q", "u8": "B", "pad": "7x"}
    tag_data = records.schema()["records"][0]
    code = "".join(codes[field["type"]] for field in tag_data["fields"])
    values = struct.unpack("=" + code, records.TAG_DATA.build(XFS))
    assert [v.rstrip(b"\0") if isinstance(v, bytes) else v for v in values] == [*XFS.values()]


def test_schema_states_units() -> None:
    fields = records.schema()["records"][0]["fields"]
    assert {field["name"]: field["unit"] for field in fields if field["unit"]} == {
        "lineno": "lines",
        "bytes": "bytes",
        "calls": "calls",
    }


@pytest.mark.parametrize(
    "name",
    [
        "allocinfo_tag_data",
        "allocfs_counters",
        "allocfs_trend",
        "allocinfo_filter",
        "allocinfo_get_at",
    ],
)
def test_spec_states_the_declared_layout(name: str) -> None:
    spec = (ROOT / "spec" / "records.md").read_text()
    section = spec.split(f"### {name}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \| (\S+) \|", section, re.MULTILINE)
    assert rows == [
        (str(field.offset), str(field.size), field.name, field.type)
        for field in records.fields(DECLARED[name])
    ]
