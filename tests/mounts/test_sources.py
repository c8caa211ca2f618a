"""Real mounts of live texts that change and fail, and of other mounts."""

from __future__ import annotations

import errno
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from tests.backend.test_static import EVERY_CAPTURE
from tests.conftest import Mounter, control, daemon_of, stats, wait_until
from tests.support.source_fakes import expected, pairs, records, replace, text

ALL = ["", "xfs", "ext4"]


def test_readers_share_one_pass_in_each_period(mounts: Mounter, tmp_path: Path) -> None:
    """Run 50 readers for 2 s; ALLOCFS_READ_SECONDS sets another length."""
    source = tmp_path / "live"
    source.write_bytes(EVERY_CAPTURE[0].read_bytes())
    root = mounts("interface=text,max_age=1s", source=str(source))
    seconds = float(os.environ.get("ALLOCFS_READ_SECONDS", "2"))
    names = ["records", "by-module/vmlinux", "by-file/mm/slub.c", "query/min_size=1M/records"]
    reads = [0] * 50
    wrong: list[str] = []
    began = time.monotonic()
    before = stats(root)["passes"]

    def read(number: int) -> None:
        choose = random.Random(number)
        while time.monotonic() < began + seconds:
            with (root / choose.choice(names)).open("rb", buffering=0) as file:
                if len(file.read(RECORD_SIZE)) != RECORD_SIZE:
                    wrong.append(file.name)
            reads[number] += 1

    in_threads(read, len(reads))
    passes = stats(root)["passes"] - before
    print(f"{sum(reads)} reads, {passes} passes in {seconds:g} s")
    assert wrong == []
    assert min(reads) > 0
    assert seconds - 1 <= passes <= int(time.monotonic() - began) + 1


def in_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Changing:
    """A source that is removed, damaged and restored.

    `version` is odd during a change. Otherwise `instant` is that of the text, None if damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = 0
        self.instant: int | None = 0
        replace(path, text(ALL, 0))

    def mend(self) -> None:
        """Restore a valid text, with a new instant."""
        self.version += 1
        self.instant = self.version
        replace(self.path, text(ALL, self.instant))
        self.version += 1

    def spoil(self, choose: random.Random) -> None:
        """Empty, truncate, remove or replace the text."""
        self.version += 1
        self.instant = None
        self._damage(choose)
        self.version += 1

    def _damage(self, choose: random.Random) -> None:
        match choose.randrange(5):
            case 0:
                self.path.write_bytes(b"")
            case 1:
                os.truncate(self.path, choose.randrange(1, 60))
            case 2:
                self.path.unlink()
            case 3:
                replace(self.path, b"something else\n")
            case 4:
                os.truncate(self.path, self.path.stat().st_size - choose.randrange(1, 20))


def test_readers_of_a_failing_source_see_right_values_or_eio(
    mounts: Mounter, tmp_path: Path
) -> None:
    """Run 4 readers for 2 s; ALLOCFS_READ_SECONDS sets another length."""
    source = Changing(tmp_path / "live")
    root = mounts("interface=text,max_age=0", source=str(source.path))
    end = time.monotonic() + float(os.environ.get("ALLOCFS_READ_SECONDS", "2"))
    wrong: list[str] = []
    outcomes = {0: 0, errno.EIO: 0}

    def read(_number: int) -> None:
        with (root / "records").open("rb", buffering=0) as file:
            while time.monotonic() < end and not wrong:
                version, instant = source.version, source.instant
                found = instant_or_errno(file.fileno())
                outcomes[errno.EIO if found < 0 else 0] += 1
                if version % 2 or version != source.version:
                    right = found == -errno.EIO or 0 <= found <= source.version
                else:
                    right = found == (-errno.EIO if instant is None else instant)
                if not right:
                    wrong.append(f"{found} from version {version} on, when it was {instant}")

    def change(_number: int) -> None:
        choose = random.Random(1)
        while time.monotonic() < end:
            source.spoil(choose)
            time.sleep(choose.random() * 0.05)
            source.mend()
            time.sleep(choose.random() * 0.05)

    in_threads(lambda number: read(number) if number else change(number), 5)
    print(outcomes)
    assert wrong == []
    assert min(outcomes.values()) > 10
    assert records(root / "records") == expected(source.path.read_bytes())
    assert pairs((root / ".allocfs/source").read_text())["condition"] == "ok"
    assert stats(root)["pass_failures"] > 0


def instant_or_errno(fd: int) -> int:
    """Read four records; return their common instant, or the negative errno of the read."""
    try:
        data = os.pread(fd, 4 * RECORD_SIZE, 0)
    except OSError as error:
        return -(error.errno or 0)
    values = [decode_record(data[n : n + RECORD_SIZE]).bytes for n in range(0, 896, RECORD_SIZE)]
    assert [value % 1000 for value in values] == [0, 1, 2, 3]
    (instant,) = {value // 1000 for value in values}
    return instant


@pytest.mark.parametrize("options", ["interface=text,max_age=100ms", "interface=text,max_age=0"])
def test_what_happens_to_a_live_text_is_seen(mounts: Mounter, tmp_path: Path, options: str) -> None:
    source = tmp_path / "live"
    source.write_bytes(text(ALL, 1))
    root = mounts(options, source=str(source))
    path = root / "by-module/xfs"
    assert records(path) == [row for row in expected(text(ALL, 1)) if row[0] == "xfs"]
    replace(source, text(["", "ext4"], 2))
    wait_until(lambda: not path.exists(), "xfs is gone")
    assert set(os.listdir(root / "by-module")) == {"vmlinux", "ext4"}
    assert int((root / ".allocfs/content_id").read_text()) == 2
    wait_until(lambda: records(root / "records") == expected(text(["", "ext4"], 2)), "all is new")


def test_an_open_file_keeps_its_tags_while_the_text_changes(
    mounts: Mounter, tmp_path: Path
) -> None:
    source = tmp_path / "live"
    source.write_bytes(text(["xfs", "ext4", ""], 1))
    root = mounts("interface=text,max_age=0", source=str(source))
    with (root / "records").open("rb", buffering=0) as file:
        replace(source, text(["ext4", ""], 2))
        with pytest.raises(OSError, match="Stale file handle"):
            os.pread(file.fileno(), RECORD_SIZE, 18 * RECORD_SIZE)
        data = os.pread(file.fileno(), RECORD_SIZE, 19 * RECORD_SIZE)
        assert tuple(decode_record(data)) == expected(text(["ext4", ""], 2))[0]
        replace(source, text(["xfs", "ext4", ""], 3))
        with pytest.raises(OSError, match="Stale file handle"):
            os.pread(file.fileno(), RECORD_SIZE, 18 * RECORD_SIZE)
    assert records(root / "records") == expected(text(["xfs", "ext4", ""], 3))


def test_poll_wakes_though_nobody_else_reads(mounts: Mounter, tmp_path: Path) -> None:
    source = tmp_path / "live"
    source.write_bytes(text(ALL, 1))
    root = mounts("interface=text", source=str(source))
    with (root / ".allocfs/content_id").open("rb", buffering=0) as file:
        poll = select.poll()
        poll.register(file, select.POLLPRI)
        timer = threading.Timer(0.1, replace, (source, text([""], 2)))
        timer.start()
        ((_, events),) = poll.poll(10_000)
        timer.join()
        assert events & select.POLLPRI
        file.seek(0)
        assert file.read() == b"2\n"


def test_an_idle_mount_makes_no_passes(mounts: Mounter, tmp_path: Path) -> None:
    source = tmp_path / "live"
    source.write_bytes(text(ALL, 1))
    root = mounts("interface=text,max_age=50ms", source=str(source))
    before = stats(root)["passes"]
    time.sleep(0.5)
    assert stats(root)["passes"] - before <= 4  # the requests of stats() itself


@pytest.mark.parametrize("interface", ["ioctl", "text"])
def test_a_mount_is_a_source(mounts: Mounter, interface: str) -> None:
    below = mounts("cpus=8")
    root = mounts(f"interface={interface},max_age=0", source=str(below / "allocinfo"))
    assert pairs((root / ".allocfs/source").read_text())["interface"] == interface
    paths = [
        "by-module/xfs",
        "by-file/arch/x86/events/rapl.c",
        "by-file/mm/.records",
        "text/by-module/ext4",
        "query/module=xfs|ext4,min_size=1/records",
        "counters/query/limit=3,sort=-bytes/records",
    ]
    for line in ("rate 0", "unload xfs", "load xfs", "unload btrfs"):
        control(below, line)
        for path in paths:
            if (below / path).exists():
                assert (root / path).read_bytes() == (below / path).read_bytes()
            else:
                assert not (root / path).exists()
        assert sorted(os.listdir(root / "by-module")) == sorted(os.listdir(below / "by-module"))


def test_the_ioctls_of_a_mount_are_found_and_its_content_id_is_its_own(mounts: Mounter) -> None:
    below = mounts("cpus=8")
    control(below, "unload btrfs")
    root = mounts(source=str(below / "allocinfo"))
    assert pairs((root / ".allocfs/source").read_text())["interface"] == "ioctl"
    with (root / ".allocfs/content_id").open("rb", buffering=0) as file:
        assert file.read() == b"2\n"
        poll = select.poll()
        poll.register(file, select.POLLPRI)
        timer = threading.Timer(0.1, control, (below, "unload xfs"))
        timer.start()
        assert poll.poll(10_000)
        timer.join()
        file.seek(0)
        assert file.read() == b"3\n"


def test_only_the_tags_that_are_read_are_summed_below(mounts: Mounter) -> None:
    below = mounts("cpus=8")
    root = mounts(source=str(below / "allocinfo"))
    path = root / "by-file/arch/x86/events/rapl.c"
    path.stat()
    before = stats(below)["counters_read"], stats(root)["counters_read"]
    with path.open("rb", buffering=0) as file:
        assert len(file.read(2 * RECORD_SIZE)) == 2 * RECORD_SIZE
    possible = stats(root)["cpus"]
    assert stats(below)["counters_read"] - before[0] == 2 * 8
    assert stats(root)["counters_read"] - before[1] == 2 * possible


def test_a_mount_whose_daemon_is_killed_is_a_source_that_fails(mounts: Mounter) -> None:
    below = mounts("cpus=8")
    root = mounts(source=str(below / "allocinfo"))
    path = root / "by-module/xfs"
    assert path.read_bytes()
    os.kill(daemon_of(below), signal.SIGKILL)
    wait_until(lambda: read_errno(path) == errno.EIO, "reads fail")
    assert read_errno(path) == errno.EIO
    assert pairs((root / ".allocfs/source").read_text())["condition"].startswith("failed: ")


def read_errno(path: Path) -> int:
    try:
        path.read_bytes()
    except OSError as error:
        return error.errno or 0
    return 0


@pytest.mark.skipif(Path("/proc/allocinfo").exists(), reason="this kernel has profiling")
def test_the_kernel_is_not_replaced_by_anything_else(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "allocfs.mount", "/proc/allocinfo", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 32
    assert "/proc/allocinfo does not exist: this kernel has no memory" in done.stderr
    assert "CONFIG_MEM_ALLOC_PROFILING=y" in done.stderr
