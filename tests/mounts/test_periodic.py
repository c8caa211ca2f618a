"""A real mount with max_age: the page cache serves reads, and values are not older than max_age."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from functools import partial
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from allocfs.kernel.abi import MERGED
from tests.conftest import Mounter, control, stats, wait_until

RAPL = "by-file/arch/x86/events/rapl.c"
MODES = ["max_age=200ms", "max_age=200ms,ioctl"]


def first_bytes(fd: int) -> int:
    return decode_record(os.pread(fd, RECORD_SIZE, RECORD_SIZE)).bytes


def has_bytes(fd: int, expected: int) -> bool:
    return first_bytes(fd) == expected


@pytest.mark.parametrize("mode", MODES)
def test_many_reads_reach_the_daemon_once_a_period(mounts: Mounter, mode: str) -> None:
    root = mounts(f"cpus=4,{mode}")
    with (root / RAPL).open("rb", buffering=0) as file:
        first_bytes(file.fileno())
        before = stats(root)["reads"]
        began = time.monotonic()
        for _ in range(20_000):
            first_bytes(file.fileno())
        periods = (time.monotonic() - began) / 0.2
    # One read for each period that began meanwhile, and one for the file of stats itself.
    assert stats(root)["reads"] - before <= periods + 3


@pytest.mark.parametrize("mode", MODES)
def test_a_change_is_seen_in_the_next_period(mounts: Mounter, mode: str) -> None:
    root = mounts(f"cpus=4,{mode}")
    with (root / RAPL).open("rb", buffering=0) as file:
        delays: list[float] = []
        # A busy machine may be late a few times.
        while len(delays) < 5 or (min(delays) > 0.3 and len(delays) < 20):
            control(root, "alloc arch/x86/events/rapl.c:606 1")
            changed = time.monotonic()
            new = partial(has_bytes, file.fileno(), len(delays) + 1)
            wait_until(new, "the value is new")
            delays.append(time.monotonic() - changed)
        # A period, and 0.1 s for a tick of the kernel's clock.
        assert min(delays) < 0.2 + 0.1


@pytest.mark.parametrize("mode", MODES)
def test_sizes_are_exact_for_every_file(mounts: Mounter, mode: str) -> None:
    root = mounts(f"cpus=2,{mode}")
    paths = [
        "allocinfo",
        "records",
        RAPL,
        "counters/by-module/xfs",
        "text/by-module/xfs",
        "json/query/sort=-bytes,limit=5/records",
        "query/min_size=1M/records",
        ".allocfs/abi.h",
        ".allocfs/content_id",
        "query/.help",
    ]
    for path in paths:
        assert (root / path).stat().st_size == len((root / path).read_bytes()) > 0, path


@pytest.mark.parametrize("mode", MODES)
def test_all_values_agree_with_the_text(mounts: Mounter, mode: str) -> None:
    root = mounts(f"cpus=2,{mode}")
    lines = (root / "allocinfo").read_text().splitlines()[2:]
    data = (root / "records").read_bytes()
    assert len(data) == RECORD_SIZE * len(lines)
    for number, line in enumerate(lines):
        record = decode_record(data[number * RECORD_SIZE :][:RECORD_SIZE])
        assert line.split()[:2] == [str(record.bytes), str(record.calls)]
        assert f"{record.file}:{record.line} " in line


def test_modules_come_and_go_at_most_a_period_late(mounts: Mounter) -> None:
    root = mounts("cpus=2,max_age=100ms")
    path = root / "by-module/xfs"
    assert path.stat().st_size == 130 * RECORD_SIZE
    control(root, "unload xfs")
    wait_until(lambda: not path.exists(), "xfs is gone")
    with pytest.raises(OSError) as raised:
        path.read_bytes()
    assert raised.value.errno == errno.ENOENT
    control(root, "load xfs")
    wait_until(path.exists, "xfs is back")
    assert (root / ".allocfs/content_id").read_text() == "3\n"


def test_only_answered_opens_have_ioctl(mounts: Mounter) -> None:
    for mode, expected in (("max_age=1s", errno.ENOTTY), ("max_age=1s,ioctl", 0)):
        with (mounts(f"cpus=2,{mode}") / "allocinfo").open("rb") as file:
            assert ioctl_errno(file.fileno()) == expected


def ioctl_errno(fd: int) -> int:
    try:
        fcntl.ioctl(fd, MERGED.content_id_number, bytes(8))
    except OSError as error:
        return error.errno or 0
    return 0


def test_files_can_be_mapped(mounts: Mounter) -> None:
    import mmap

    root = mounts("cpus=2,max_age=1s")
    with (
        (root / "by-module/xfs").open("rb") as file,
        mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapped,
    ):
        assert decode_record(mapped[:RECORD_SIZE]).module == "xfs"


def test_nothing_but_control_can_be_written(mounts: Mounter) -> None:
    root = mounts("cpus=2,max_age=1s")
    for act in (
        lambda path: os.write(os.open(path, os.O_WRONLY), b"x"),
        lambda path: os.truncate(path, 0),
        lambda path: Path(path).write_text("x"),
    ):
        with pytest.raises(OSError) as raised:
            act(root / "records")
        assert raised.value.errno == errno.EROFS
