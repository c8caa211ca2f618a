"""Real mounts of texts with pairs: shown, queried, and no part of a tag's identity."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from tests.backend.test_livetext import LATER
from tests.backend.test_pairs import with_pairs
from tests.conftest import Mounter, wait_until
from tests.support.source_fakes import pairs, replace

# Line n of a text of instant 9 has error_size:9+n.
QUERIES = {"pair.error_size=12-": 106, "pair.error_size=-11": 3, "pair.error_size!=9|10": 107}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "live"
    replace(path, with_pairs(0))
    return path


def test_pairs_that_change_leave_the_open_files_of_a_mount_alone(
    mounts: Mounter, source: Path
) -> None:
    root = mounts("interface=text,max_age=0", source=str(source))
    inode = (root / "by-module/xfs").stat().st_ino
    records = os.open(root / "by-module/xfs", os.O_RDONLY)
    try:
        for instant in range(1, 101):
            replace(source, with_pairs(instant))
            # After a pass that was late its values serve 40 ms more, so no instant is certain.
            assert decode_record(os.pread(records, RECORD_SIZE, 0)).bytes % 1000 == 87
        wait_until(
            lambda: decode_record(os.pread(records, RECORD_SIZE, 0)).bytes == 100_087,
            "the last text is served",
        )
    finally:
        os.close(records)
    assert (root / ".allocfs/content_id").read_text() == "1\n"
    assert (root / "by-module/xfs").stat().st_ino == inode


@pytest.mark.parametrize("options", ["max_age=0", "max_age=50ms"])
def test_text_json_and_queries_have_the_pairs(mounts: Mounter, source: Path, options: str) -> None:
    replace(source, with_pairs(9))
    root = mounts(f"interface=text,{options}", source=str(source))
    assert (root / "allocinfo").read_bytes() == with_pairs(9)
    lines = (root / "json/records").read_text().splitlines()
    sizes = [json.loads(line)["pairs"]["error_size"] for line in lines]
    assert sizes == [str(9 + n) for n in range(109)]
    for query, count in QUERIES.items():
        assert len((root / f"query/{query}/records").read_bytes()) == count * RECORD_SIZE
        assert len((root / f"text/query/{query}/records").read_bytes().splitlines()) == count


def test_a_query_of_pairs_follows_their_values(mounts: Mounter, source: Path) -> None:
    root = mounts("interface=text,max_age=0", source=str(source))
    path = root / "query/pair.error_size=5-9/records"
    for instant, count in ((0, 5), (5, 5), (7, 3), (10, 0), (9, 1)):
        replace(source, with_pairs(instant))
        size = count * RECORD_SIZE
        wait_until(lambda: len(path.read_bytes()) == size, f"{count} records")  # noqa: B023


def test_unknown_parts_of_a_live_text_are_told_by_the_mount(mounts: Mounter, source: Path) -> None:
    replace(source, LATER + b"zone total 12\n")
    root = mounts("interface=text,max_age=0", source=str(source))
    told = pairs((root / ".allocfs/source").read_text())
    assert told["notice"] == ("unknown header version 3.1; ignored 1 line such as 'zone total 12'")
    assert told["condition"] == "ok"
    assert len((root / "text/records").read_bytes().splitlines()) == 106
