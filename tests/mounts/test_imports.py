"""Pasted reports, imported or mounted as they are, and compared."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_command import COMMAND
from tests.conftest import Mounter
from tests.support import TESTS

REPORTS = TESTS / "data" / "reports"
LEAK = "drivers/net/ethernet/intel/ice/ice_txrx.c:681 [ice] func:ice_alloc_mapped_page"


def imported(directory: Path, *names: str) -> Path:
    """Import reports, each into a capture of a series."""
    series = directory / "series"
    series.mkdir()
    for number, name in enumerate(names):
        command = [*COMMAND, "import", str(REPORTS / name), "-o", f"{series}/{number}.txt"]
        subprocess.run(command, check=True, capture_output=True)
    return series


def growth(root: Path, names: str) -> str:
    text = (root / f"text/diff/{names}/query/sort=-bytes,limit=1/records").read_text()
    return " ".join(text.split())


@pytest.mark.parametrize("after", ["ice-6.15-6days.txt", "ice-6.15-6days-wrapped.txt"])
def test_the_leak_is_named_however_the_mail_broke_the_lines(
    mounts: Mounter, tmp_path: Path, after: str
) -> None:
    root = mounts(source=str(imported(tmp_path, "ice-6.15-boot.txt", after)))
    assert growth(root, "0..1") == f"+2236112896 +272963 {LEAK}"
    states = [
        json.loads(line)["state"]
        for line in (root / "json/diff/0..1/records").read_text().splitlines()
    ]
    assert "unknown" in states
    assert not {"new", "gone", "moved"} & set(states)


def test_pasted_texts_are_mounted_without_a_step_between(mounts: Mounter, tmp_path: Path) -> None:
    for number, name in enumerate(("ice-6.15-boot.txt", "ice-6.15-6days-wrapped.txt")):
        (tmp_path / f"{number}.mail").write_bytes((REPORTS / name).read_bytes())
    root = mounts("lenient", source=f"{tmp_path}/0.mail:{tmp_path}/1.mail")
    first, last, *_ = os.listdir(root / "history")
    assert growth(root, f"{first}..{last}") == f"+2236112896 +272963 {LEAK}"


def test_rounded_numbers_say_so_in_every_form(mounts: Mounter) -> None:
    root = mounts("lenient", source=str(REPORTS / "ceph-6.18-rewrapped.txt"))
    line = (root / "text/query/sort=-bytes,limit=1/records").read_text().split()
    assert line[2:] == [
        "mm/filemap.c:2012",
        "func:__filemap_get_folio",
        "approx:yes",
        "bounds:20401094657..21474836480",
    ]
    (row,) = (root / "json/query/sort=-bytes,limit=1/records").read_text().splitlines()
    assert json.loads(row)["approx"] == [20401094657, 20 << 30]
    counters = (root / "counters/query/sort=-bytes,limit=1/records").read_bytes()
    assert int.from_bytes(counters[24:32], "little") == 0b1001
    assert os.getxattr(root / "query/min_size=20G/records", "user.allocfs.doubtful") == b"1"
    assert os.getxattr(root / "query/min_size=15G/records", "user.allocfs.doubtful") == b"0"
    assert "partial 10 largest" in (root / ".allocfs/source").read_text()
    assert "# partial: 10 largest" in (root / "allocinfo").read_text()
