"""Loads and unloads of modules on a real mount: stale records, exact sizes, poll()."""

from __future__ import annotations

import errno
import os
import random
import select
import threading
import time
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from tests.conftest import Mounter, control


def pread_errno(fd: int, offset: int) -> int:
    try:
        os.pread(fd, RECORD_SIZE, offset)
    except OSError as error:
        return error.errno or 0
    return 0


def test_an_open_file_of_an_unloaded_module_is_stale_for_ever(mounts: Mounter) -> None:
    root = mounts("cpus=8")
    xfs = os.open(root / "by-module/xfs", os.O_RDONLY)
    everything = os.open(root / "records", os.O_RDONLY)
    before = os.pread(everything, 1 << 20, 0)
    numbers = range(len(before) // RECORD_SIZE)
    modules = [decode_record(before[n * RECORD_SIZE :][:RECORD_SIZE]).module for n in numbers]
    control(root, "unload xfs")
    for _ in range(2):
        assert pread_errno(xfs, 0) == errno.ESTALE
        for number, module in enumerate(modules):
            if module == "xfs":
                assert pread_errno(everything, number * RECORD_SIZE) == errno.ESTALE
        others = [n for n in numbers if modules[n] != "xfs"]
        for number in (others[0], others[-1]):
            offset = number * RECORD_SIZE
            part = before[offset : offset + RECORD_SIZE]
            assert os.pread(everything, RECORD_SIZE, offset) == part
        if not (root / "by-module/xfs").exists():
            control(root, "load xfs")
    assert len((root / "by-module/xfs").read_bytes()) == 130 * RECORD_SIZE
    os.close(xfs)
    os.close(everything)


@pytest.mark.parametrize("options", ["cpus=1", "cpus=1,max_age=0", "cpus=1,max_age=1s"])
def test_a_file_has_the_tags_of_its_open_though_nothing_was_read(
    mounts: Mounter, options: str
) -> None:
    root = mounts(options)
    paths = ("by-module/xfs", "text/by-module/xfs", "json/by-module/xfs", "text/records")
    files = [os.open(root / path, os.O_RDONLY) for path in paths]
    control(root, "unload xfs")
    control(root, "load xfs")
    assert [pread_errno(fd, 0) for fd in files] == [errno.ESTALE] * len(files)
    for fd in files:
        os.close(fd)


def test_names_and_sizes_follow_at_once(mounts: Mounter) -> None:
    root = mounts("cpus=1")
    for _ in range(20):
        assert (root / "records").stat().st_size == 3219 * RECORD_SIZE
        assert (root / "by-file/fs/xfs").is_dir()
        control(root, "unload xfs")
        assert (root / "records").stat().st_size == (3219 - 130) * RECORD_SIZE
        assert not (root / "by-file/fs/xfs").exists()
        assert "xfs" not in os.listdir(root / "by-module")
        control(root, "load xfs")


def change_later(root: Path, line: str) -> list[float]:
    """Write a control line after 0.1 s; just before, append the time to the returned list."""
    changed: list[float] = []

    def change() -> None:
        changed.append(time.monotonic())
        control(root, line)

    threading.Timer(0.1, change).start()
    return changed


@pytest.mark.parametrize("options", ["cpus=1", "cpus=1,max_age=1s", "cpus=1,max_age=1s,ioctl"])
def test_poll_wakes_within_100_ms_of_a_change(mounts: Mounter, options: str) -> None:
    root = mounts(options)
    with (root / ".allocfs/content_id").open("rb", buffering=0) as file:
        poll = select.poll()
        poll.register(file, select.POLLPRI)
        assert poll.poll(0) == []
        delays: list[float] = []
        # A busy machine may be late a few times.
        while len(delays) < 2 or (min(delays) > 0.1 and len(delays) < 20):
            changed = change_later(root, ("unload xfs", "load xfs")[len(delays) % 2])
            ((_, events),) = poll.poll(5000)
            delays.append(time.monotonic() - changed[0])
            assert events & select.POLLPRI
            file.seek(0)
            assert file.read() == b"%d\n" % (len(delays) + 1)
            assert poll.poll(0) == []
        assert min(delays) < 0.1


def modules_in(data: bytes) -> set[str]:
    starts = range(0, len(data), RECORD_SIZE)
    return {decode_record(data[start : start + RECORD_SIZE]).module for start in starts}


@pytest.mark.parametrize("seconds", [float(os.environ.get("ALLOCFS_CHURN_SECONDS", "3"))])
def test_no_reader_ever_sees_another_tag(mounts: Mounter, seconds: float) -> None:
    """Four readers under 100 loads and unloads a second; ALLOCFS_CHURN_SECONDS sets the length."""
    root = mounts("cpus=8,rate=1000")
    end = time.monotonic() + seconds
    wrong: list[str] = []
    stale = [0] * 4

    def read(number: int) -> None:
        choose = random.Random(number)
        while time.monotonic() < end and not wrong:
            module = choose.choice(["xfs", "ext4", "btrfs", "vmlinux"])
            try:
                with (root / "by-module" / module).open("rb", buffering=0) as file:
                    for _ in range(20):
                        offset = RECORD_SIZE * choose.randrange(60)
                        names = modules_in(os.pread(file.fileno(), 8 * RECORD_SIZE, offset))
                        if names != {"" if module == "vmlinux" else module}:
                            wrong.append(f"{module}: {names}")
            except OSError as error:
                stale[number] += 1
                if error.errno not in (errno.ESTALE, errno.ENOENT):
                    wrong.append(f"{module}: {error}")

    readers = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for reader in readers:
        reader.start()
    changes = 0
    loaded = True
    while time.monotonic() < end:
        control(root, "unload xfs" if loaded else "load xfs")
        loaded = not loaded
        changes += 1
        time.sleep(0.01)
    for reader in readers:
        reader.join()
    assert wrong == []
    assert sum(stale) > 0
    assert int((root / ".allocfs/content_id").read_text()) == 1 + changes
