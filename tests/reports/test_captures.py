"""Captures of reports: a file, or a directory that is a series."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.backend.replay import captures_in
from allocfs.reports.captures import Captures
from allocfs.reports.report import Report, Tally

TIME = 1764244860.25


def report(number: int, time: float | None) -> Report:
    text = b"allocinfo - version: 2.0\n%12d        1 a.c:1 func:f \n" % number
    return Report(text, "a list", "text", time, 1, "1 largest", False, Tally())


def kept(path: Path, *times: float | None) -> list[str]:
    captures = Captures(path)
    for number, time in enumerate(times):
        captures.add(report(number, time))
    assert not path.exists()
    captures.keep()
    captures.discard()
    assert sorted(path.parent.iterdir()) == [path]
    return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []


def test_one_report_is_a_file(tmp_path: Path) -> None:
    kept(tmp_path / "out", TIME)
    assert (tmp_path / "out").read_bytes() == report(0, TIME).text


def test_several_are_a_series_with_their_times(tmp_path: Path) -> None:
    names = kept(tmp_path / "out", TIME + 60, TIME, TIME)
    assert names == [
        "allocinfo-20251127T120100.250Z.txt",
        "allocinfo-20251127T120100.250Z~002.txt",
        "allocinfo-20251127T120200.250Z.txt",
    ]
    found = captures_in(str(tmp_path / "out"))
    assert [capture.at for capture in found] == [0, 0, 60]
    order = [Path(capture.path).read_bytes().split()[-4] for capture in found]
    assert order == [b"1", b"2", b"0"]


def test_without_all_times_they_keep_their_order(tmp_path: Path) -> None:
    names = kept(tmp_path / "out", TIME + 60, None, *[TIME] * 9)
    assert names[:2] == ["01-allocinfo-20251127T120200.250Z.txt", "02.txt"]
    found = captures_in(str(tmp_path / "out"))
    order = [Path(capture.path).read_bytes().split()[-4] for capture in found]
    assert order == [b"%d" % number for number in range(11)]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        Captures(tmp_path / "out")


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such directory") as refused:
        Captures(tmp_path / "gone" / "out")
    assert refused.value.filename == str(tmp_path / "gone")


def test_captures_are_private(tmp_path: Path) -> None:
    for name, times in (("one", [TIME]), ("two", [TIME, TIME])):
        (tmp_path / name).mkdir()
        kept(tmp_path / name / "out", *times)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * 3


def test_nothing_stays_of_captures_that_are_not_kept(tmp_path: Path) -> None:
    captures = Captures(tmp_path / "out")
    for _ in range(3):
        captures.add(report(1, None))
    assert list(tmp_path.iterdir())
    captures.discard()
    assert not list(tmp_path.iterdir())
