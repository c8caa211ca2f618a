"""Counters and trends as lines, with the number of the tag in its place."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from allocfs.formats.numbered import format_counters, format_trends
from allocfs.formats.records import COUNTERS, TREND, Records, parse_records, trend_records
from allocfs.tags.rows import Trends
from allocfs.tags.table import Sums

HEAD = "          -7        9 index:5 "


def counters(flags: int) -> Records:
    return parse_records(struct.pack("=QqQQ", 5, -7, 9, flags), COUNTERS)


@pytest.mark.parametrize(
    ("flags", "pairs", "members"),
    [
        (1, "", {"accurate": True}),
        (0, "accurate:no ", {"accurate": False}),
        (1 << 1 | 1, "state:new ", {"accurate": True, "state": "new"}),
        (1 << 2, "accurate:no state:gone ", {"accurate": False, "state": "gone"}),
        (1 << 4 | 1, "state:moved ", {"accurate": True, "state": "moved"}),
        (1 << 3 | 1, "approx:yes ", {"accurate": True, "approximate": True}),
        (
            1 << 3 | 1 << 1,
            "accurate:no approx:yes state:new ",
            {"accurate": False, "state": "new", "approximate": True},
        ),
    ],
)
def test_flags_of_counters_are_pairs_and_members(
    flags: int, pairs: str, members: dict[str, object]
) -> None:
    assert format_counters(counters(flags)).decode() == f"{HEAD}{pairs}\n"
    found = json.loads(format_counters(counters(flags), as_json=True))
    assert found == {"index": 5, "bytes": -7, "calls": 9, **members}


@pytest.mark.parametrize("bit", [6, 7, 31, 63])
def test_unknown_flags_are_refused(bit: int) -> None:
    with pytest.raises(ValueError, match="not records of 32 bytes"):
        format_counters(counters(1 << bit | 1))


def trends() -> Records:
    first, last = np.array([1, -(2**63)]), np.array([-7, 2**63 - 1])
    mean, slope, rising, seconds = (
        np.array(pair) for pair in ([-3.5, 0.0], [-1.25, 2.0**60], [0.0, 0.5], [6.4, 8.0])
    )
    low, high = np.minimum(first, last), np.maximum(first, last)
    samples = np.array([2, 9])
    columns = Trends(first, last, low, high, mean, slope, rising, samples, seconds)
    sums = Sums(last, np.array([9, 2**64 - 1], np.uint64), np.array([True, False]))
    return trend_records(np.array([5, 6], np.uint64), sums, columns)


def test_trends_are_written_with_their_pairs() -> None:
    first, second = format_trends(trends()).decode().splitlines()
    assert first == (
        f"{HEAD}slope:-1.250/s rising:0.0% first:1 last:-7 min:-7 max:1 mean:-3.5 samples:2 "
    )
    assert second.startswith("9223372036854775807       -1 index:6 accurate:no slope:+11529")


def test_trends_are_written_as_json() -> None:
    first, second = map(json.loads, format_trends(trends(), as_json=True).splitlines())
    assert list(first) == ["index", "bytes", "calls", *Trends._fields, "accurate"]
    assert first == {
        **{"index": 5, "bytes": -7, "calls": 9, "first": 1, "last": -7, "min": -7, "max": 1},
        **{"mean": -3.5, "slope": -1.25, "rising": 0, "samples": 2, "seconds": 6.4},
        "accurate": True,
    }
    assert (second["max"], second["calls"], second["slope"]) == (2**63 - 1, -1, 2**60)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("index", 2**32),
        ("samples", 2**32),
        ("first", -8),
        ("last", 2),
        ("mean", np.nan),
        ("slope", np.inf),
        ("seconds", -np.inf),
        ("rising", 1.5),
        ("rising", np.nan),
        ("flags", 2),
    ],
)
def test_other_data_are_no_trends(field: str, value: float) -> None:
    records = trends().copy()
    assert format_trends(parse_records(records.tobytes(), TREND)) == format_trends(records)
    records[field][0] = value
    with pytest.raises(ValueError, match="not records of 96 bytes"):
        format_trends(records)
