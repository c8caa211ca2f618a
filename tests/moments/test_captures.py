"""Captures as moments: read late, a few kept, lists shared."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import numpy as np
import pytest

from allocfs.errors import BadCapture, SourceFailed
from allocfs.moments.captures import CaptureFile, CaptureReader
from allocfs.moments.moment import Taken
from tests.support.source_fakes import HEADER, text

ALL = ["", "xfs", "ext4"]
TAKEN = Taken(1, 2)


def files(directory: Path, *lists: list[str]) -> list[CaptureFile]:
    """Write captures of some modules; capture n has 1000 * n bytes at its first tag."""
    reader = CaptureReader()
    made = []
    for number, modules in enumerate(lists):
        path = directory / f"{number}.txt"
        path.write_bytes(text(modules, number))
        made.append(CaptureFile(str(path), TAKEN, reader))
    return made


def test_a_capture_is_read_when_its_values_are_asked_for(tmp_path: Path) -> None:
    [file] = files(tmp_path, ALL)
    Path(file.path).write_bytes(text(ALL, 7))
    moment = file.moment()
    assert moment.sums.bytes[:3].tolist() == [7000, 7001, 7002]
    assert moment.taken == TAKEN
    assert moment.source == f"source {file.path}\ninterface capture"
    assert moment.pairs is None
    assert np.array_equal(moment.tags.rank, np.arange(len(moment.sums.bytes)))


def test_the_last_moments_are_kept_and_those_in_use(tmp_path: Path) -> None:
    captures = files(tmp_path, *[ALL] * 6)
    first = captures[0].moment()
    second = weakref.ref(captures[1].moment())
    for capture in captures[2:]:
        capture.moment()
    gc.collect()
    assert captures[0].moment() is first
    assert second() is None
    assert captures[5].moment() is captures[5].moment()


def test_moments_of_the_same_codetags_share_their_list(tmp_path: Path) -> None:
    moments = [file.moment() for file in files(tmp_path, ALL, ALL, ["", "ext4"])]
    assert moments[0].tags is moments[1].tags
    assert moments[1].tags is not moments[2].tags
    assert [moment.sums.bytes[0] for moment in moments] == [0, 1000, 2000]


def test_a_file_is_followed_when_it_is_renamed(tmp_path: Path) -> None:
    [file] = files(tmp_path, ALL)
    os.rename(file.path, tmp_path / "new.txt")
    with pytest.raises(SourceFailed, match="No such file"):
        file.moment()
    file.path = str(tmp_path / "new.txt")
    assert len(file.moment().tags.slots)


def test_a_bad_capture_is_refused_each_time(tmp_path: Path) -> None:
    good, bad = files(tmp_path, ALL, ALL)
    good.moment()
    Path(bad.path).write_bytes(b"nonsense\n")
    for _ in range(2):
        with pytest.raises(BadCapture, match=r"1\.txt:1: expected"):
            bad.moment()


def test_the_log_tells_of_a_capture_that_cannot_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [file] = files(tmp_path, ALL)
    Path(file.path).write_bytes(HEADER.encode() + b"1 1 mm/slub.c:x func:f \n")
    with pytest.raises(BadCapture, match=":3: "):
        file.moment()
    assert f"{file.path}:3: " in caplog.text
