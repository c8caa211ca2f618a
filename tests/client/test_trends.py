"""Trends in Python: rows of JSON as an array."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allocfs.client import RECORD, TREND_ROW, Mount, parse_records
from allocfs.client.trends import Trend
from allocfs.formats.records import TREND
from allocfs.formats.textlines import HEADER
from tests.conftest import Mounter, control, wait_until


@pytest.fixture
def leaking(mounts: Mounter) -> Mount:
    """A mount with samples, of which more than half show a leak."""
    root = mounts("cpus=2,history=0.1s*1000")
    control(root, "leak mm/slub.c:2478 1M/s")
    mount = Mount(root)
    wanted = 2 * len(mount.history()) + 5
    wait_until(lambda: len(mount.history()) >= wanted, "there are samples")
    return mount


def test_a_trend_names_the_line_that_leaks(leaking: Mount) -> None:
    (row,) = leaking.trend("1h").rows(query="min_slope=10K", rising="40%", sort="-slope")
    assert (row["filename"], row["lineno"], row["function"], row["modname"]) == (
        *(b"mm/slub.c", 2478),
        *(b"alloc_slab_page", b""),
    )
    assert row["slope"] > 2**17
    assert row["first"] == row["min"] < row["mean"] < row["max"] == row["last"]
    assert row["samples"] > 4
    assert row["seconds"] > 0
    assert row["rising"] >= 0.4


def test_the_rows_have_the_numbers_of_the_records(mounts: Mounter, tmp_path: Path) -> None:
    series = tmp_path / "series"
    series.mkdir()
    for second, size in enumerate((100, 300, 200, 900)):
        lines = b"%12d 3 mm/a.c:5 [m] func:f \n%12d 1 mm/b.c:6 func:g accurate:no \n" % (
            size,
            -size,
        )
        (series / f"one-20261127T14000{second}Z.txt").write_bytes(HEADER + lines)
    mount = Mount(mounts(source=str(series)))
    rows = mount.trend().rows()
    assert rows["modname"].tolist() == [b"m", b""]
    assert rows[0][["first", "last", "min", "max", "samples"]].item() == (100, 900, 100, 900, 4)
    assert rows["slope"].tolist() == [230.0, -230.0]
    records = parse_records(Path(mount.path, "trend/all/records").read_bytes(), TREND)
    for name in set(TREND.names or ()) & set(TREND_ROW.names or ()):
        assert rows[name].tolist() == records[name].tolist(), name
    assert rows["accurate"].tolist() == records["flags"].tolist() == [1, 0]


def test_a_row_of_a_group_has_the_names_of_the_group(leaking: Mount) -> None:
    row = leaking.trend().rows(group="dir:1", sort="-slope", limit=1)[0]
    assert (row["filename"], row["function"], row["lineno"]) == (b"mm", b"", 0)
    assert leaking.trend().rows(group="all")[["filename", "modname"]].tolist() == [(b"", b"")]


def test_without_samples_there_are_no_rows(mounts: Mounter) -> None:
    rows = Mount(mounts("cpus=2")).trend("1m").rows()
    assert (len(rows), rows.dtype) == (0, TREND_ROW)


@pytest.mark.parametrize("window", ["", "1x", "0s", "now", "1m/json", ".."])
def test_a_window_that_is_none_is_explained(window: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"no window '.*': expected a length of time such"):
        Trend("/mnt", window)


def test_calls_are_signed_and_names_are_those_of_the_records(tmp_path: Path) -> None:
    directory = tmp_path / "trend/all/json"
    directory.mkdir(parents=True)
    numbers = dict.fromkeys("first last min max mean slope rising samples seconds".split(), 1)
    row = {"file": "f" * 70, "line": 7, "function": "g", "module": "", "calls": 2**64 - 1}
    (directory / "records").write_text(json.dumps({**row, **numbers, "accurate": True}) + "\n")
    (found,) = Trend(str(tmp_path), "all").rows()
    assert (found["calls"], found["filename"], found["accurate"]) == (-1, b"f" * 63, 1)


def test_the_names_have_the_types_of_records() -> None:
    names = ("modname", "function", "filename", "lineno", "accurate")
    assert [TREND_ROW[name] for name in names] == [RECORD[name] for name in names]
