"""Real mounts of captures, and of series of captures."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from tests.backend.test_static import EVERY_CAPTURE, HEADER_LINES, variant
from tests.conftest import Mounter, control, stats
from tests.support import CAPTURES
from tests.support.source_fakes import expected, records, text

IN_TIME = ["boot", "modules", "ext4-writes", "net", "unload", "reload"]
CONTENT_IDS = [1, 2, 2, 2, 3, 4]
VARIANTS = ["none", "1.0", "2.0"]
# Each capture is mounted in one variant, or in all with ALLOCFS_ALL_VARIANTS=1.
CASES = [
    (path, header)
    for number, path in enumerate(EVERY_CAPTURE)
    for place, header in enumerate(VARIANTS)
    if "ALLOCFS_ALL_VARIANTS" in os.environ or number % 3 == place
]
ALL = ["", "xfs", "ext4"]


@pytest.mark.parametrize(("path", "header"), CASES)
def test_a_capture_is_mounted_as_it_is(
    mounts: Mounter, tmp_path: Path, path: Path, header: str
) -> None:
    capture = variant(path.read_bytes(), header)
    source = tmp_path / "capture.txt"
    source.write_bytes(capture)
    root = mounts(source=str(source))
    lines = (root / "allocinfo").read_bytes().splitlines()
    assert lines[0] == b"allocinfo - version: 2.0"
    body = capture.splitlines()[0 if header == "none" else HEADER_LINES :]
    assert lines[HEADER_LINES:] == (root / "text/records").read_bytes().splitlines() == body
    rows = expected(capture)
    assert records(root / "records") == rows
    for module in os.listdir(root / "by-module"):
        name = "" if module == "vmlinux" else module
        assert records(root / "by-module" / module) == [row for row in rows if row[0] == name]
    inaccurate = sum(not row[-1] for row in rows)
    assert len(records(root / "query/accurate=no/records")) == inaccurate
    assert (root / "json/records").read_bytes().count(b'"accurate": false') == inaccurate
    assert not (root / ".allocfs/control").exists()


def test_a_series_is_gone_through_by_steps(mounts: Mounter) -> None:
    paths = [CAPTURES / f"linux-6.12-{name}.txt" for name in IN_TIME]
    root = mounts("step", source=":".join(map(str, paths)))

    def check(number: int, content_id: int) -> None:
        assert records(root / "records") == expected(paths[number].read_bytes())
        assert int((root / ".allocfs/content_id").read_text()) == content_id
        assert stats(root)["capture"] == number + 1

    with (root / ".allocfs/content_id").open("rb", buffering=0) as file:
        poll = select.poll()
        poll.register(file, select.POLLPRI)
        for number, content_id in enumerate(CONTENT_IDS):
            if number:
                control(root, "next")
                changed = content_id != CONTENT_IDS[number - 1]
                assert bool(poll.poll(0)) == changed
            check(number, content_id)
    for line in ("next", "goto 7", "load xfs"):
        with pytest.raises(OSError, match="Invalid argument"):
            control(root, line)
    control(root, "goto 1")
    check(0, 5)


def test_a_series_is_played(mounts: Mounter, tmp_path: Path) -> None:
    """The captures are 100 s apart; at a speed of 100 each is served for 1 s."""
    recording = tmp_path / "recording"
    recording.mkdir()
    for number, modules in enumerate([ALL, ALL, ["", "ext4"], ALL]):
        minutes, seconds = divmod(100 * number, 60)
        name = f"allocinfo-20260102T03{minutes:02}{seconds:02}Z.txt"
        (recording / name).write_bytes(text(modules, number))
    root = mounts("speed=100", source=str(recording))
    seen: list[int] = []
    while not seen or seen[-1] < 3:
        with (root / "by-module/vmlinux").open("rb", buffering=0) as file:
            seen.append(decode_record(file.read(RECORD_SIZE)).bytes // 1000)
    assert sorted(set(seen)) == [0, 1, 2, 3]
    assert seen == sorted(seen)
    assert (root / ".allocfs/content_id").read_text() == "3\n"
