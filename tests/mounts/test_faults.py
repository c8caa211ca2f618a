"""The behaviour of a mount when its daemon dies, its log fails, or descriptors run out."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from allocfs.backend.control import MOST_WRITTEN
from tests.conftest import DEADLINE, control, daemon_of, is_mounted, stats, wait_until

DEAD = {errno.ENOTCONN, errno.EIO, errno.ECONNABORTED}
CYCLES = int(os.environ.get("ALLOCFS_KILL_CYCLES", "3"))
READERS = 4

pytestmark = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not for this user"
)

# A program that reads until a read fails, and prints the errno.
READER = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.read(fd, 1)
print("reading", flush=True)
try:
    while True:
        os.pread(fd, 65536, 0)
except OSError as error:
    print(error.errno)
"""


def mount_command(path: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "allocfs.mount", "none", str(path), "-o", "cpus=8", *options]


@contextlib.contextmanager
def mounted(path: Path, *options: str) -> Iterator[int]:
    """Mount in the background, as mount(8) does for fstab; yield the daemon's process id."""
    path.mkdir(exist_ok=True)
    subprocess.run(mount_command(path, *options), check=True, timeout=DEADLINE)
    try:
        yield daemon_of(path)
    finally:
        unmount(path)


def unmount(path: Path) -> int:
    """Detach all mounts on a path; return their number."""
    mounts = 0
    while is_mounted(path):
        subprocess.run(["umount", "-l", path], check=True, timeout=DEADLINE)
        mounts += 1
    return mounts


@contextlib.contextmanager
def readers(path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Start several processes that read a file; yield after the first read of each."""
    command = [sys.executable, "-S", "-c", READER, str(path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(READERS)]
    try:
        for reader in started:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "reading\n"
        yield started
    finally:
        for reader in started:
            reader.kill()
            reader.wait(DEADLINE)
            if reader.stdout is not None:
                reader.stdout.close()


def last_errnos(started: list[subprocess.Popen[str]]) -> set[int]:
    """Wait until all readers have failed; return their errnos."""
    return {int(reader.communicate(timeout=DEADLINE)[0]) for reader in started}


def errno_of_stat(path: Path) -> int:
    try:
        os.stat(path)
    except OSError as error:
        return error.errno or 0
    return 0


def is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def kill_under_load(path: Path, *options: str) -> int:
    """Mount, kill the daemon while processes read, and return its process id."""
    subprocess.run(mount_command(path, *options), check=True, timeout=DEADLINE)
    daemon = daemon_of(path)
    with readers(path / "records") as started:
        os.kill(daemon, signal.SIGKILL)
        assert last_errnos(started) <= DEAD
    return daemon


@pytest.mark.parametrize("options", [[], ["-o", "max_age=1s"]], ids=["live", "max_age"])
def test_readers_of_a_killed_daemon_fail_at_once_and_it_can_be_mounted_again(
    tmp_path: Path, options: list[str]
) -> None:
    """Repeat this 3 times; ALLOCFS_KILL_CYCLES sets another number."""
    path = tmp_path / "mnt"
    path.mkdir()
    daemons = []
    try:
        for _ in range(CYCLES):
            daemons.append(kill_under_load(path, *options))
            # An empty directory would look as if there were no allocations.
            for look in (os.listdir, os.statvfs, lambda root: os.stat(root / "records")):
                with pytest.raises(OSError) as raised:
                    look(path)
                assert raised.value.errno == errno.ENOTCONN
    finally:
        left = unmount(path)
    assert left == 1  # each new mount has detached the dead one before it
    wait_until(lambda: all(map(is_gone, daemons)), "no daemon is left")


@pytest.mark.parametrize("options", [[], ["-o", "max_age=1s"]], ids=["live", "max_age"])
def test_sigterm_unmounts_an_idle_mount(tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    daemon = subprocess.Popen([*mount_command(path, *options), "--foreground"])
    wait_until(lambda: is_mounted(path) and bool(os.listdir(path)), "it is mounted")
    daemon.terminate()
    assert daemon.wait(DEADLINE) == 0
    assert not is_mounted(path)


def test_sigterm_under_load_detaches_and_ends_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    daemon = subprocess.Popen([*mount_command(path), "--foreground"])
    wait_until(lambda: is_mounted(path) and bool(os.listdir(path)), "it is mounted")
    with readers(path / "records") as started:
        daemon.terminate()
        assert daemon.wait(DEADLINE) == 0
        assert not is_mounted(path)
        assert last_errnos(started) <= DEAD


def look_up_a_bad_query(path: Path) -> None:
    """Make a request that writes a line to the log."""
    assert errno_of_stat(path / "query/bad") == errno.EINVAL


def test_a_log_on_a_full_disk_disturbs_nobody(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    with mounted(path, "--log-file", "/dev/full"):
        for _ in range(3):
            look_up_a_bad_query(path)
        assert (path / "records").read_bytes()


def test_a_log_that_is_gone_disturbs_nobody_and_comes_back(tmp_path: Path) -> None:
    path, logs = tmp_path / "mnt", tmp_path / "logs"
    logs.mkdir()
    with mounted(path, "--log-file", str(logs / "log")):
        look_up_a_bad_query(path)
        (logs / "log").unlink()
        logs.rmdir()
        for _ in range(3):
            look_up_a_bad_query(path)
        logs.mkdir()
        look_up_a_bad_query(path)
        assert "'bad'" in (logs / "log").read_text()


def test_a_log_that_cannot_be_opened_is_refused_before_mounting(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    command = mount_command(path, "--log-file", str(tmp_path / "none/log"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert "none/log: No such file or directory" in done.stderr
    assert not is_mounted(path)


def test_a_daemon_out_of_descriptors_goes_on(tmp_path: Path) -> None:
    path, log = tmp_path / "mnt", tmp_path / "log"
    with mounted(path, "--log-file", str(log)) as daemon:
        # Set the limit so that the daemon can get no new descriptor.
        limit = 1 + max(int(fd.name) for fd in Path(f"/proc/{daemon}/fd").iterdir())
        resource.prlimit(daemon, resource.RLIMIT_NOFILE, (limit, limit))
        kept = [os.open(path / "records", os.O_RDONLY) for _ in range(200)]
        log.rename(tmp_path / "log.1")  # the next line has to open the log again, and cannot
        look_up_a_bad_query(path)
        control(path, "unload xfs")
        assert len(os.listdir(path / "by-function")) > 1000
        assert all(os.pread(fd, 224, 0) for fd in kept)
        for fd in kept:
            os.close(fd)
        wait_until(lambda: stats(path)["open_files"] <= 1, "all are closed")


def test_too_few_descriptors_to_begin_with_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    command = ["prlimit", "--nofile=9", *mount_command(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode != 0
    assert done.stderr.startswith("mount.allocfs: ")
    assert "Too many open files" in done.stderr
    assert not is_mounted(path)


def write_errno(path: Path, data: bytes) -> int:
    fd = os.open(path / ".allocfs/control", os.O_WRONLY)
    try:
        return 0 if os.write(fd, data) == len(data) else -1
    except OSError as error:
        return error.errno or 0
    finally:
        os.close(fd)


def rate(path: Path) -> str:
    lines = (path / ".allocfs/source").read_text().splitlines()
    return next(line for line in lines if line.startswith("rate "))


def test_long_writes_to_control_act_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    with mounted(path):
        full = b"rate 1\n" + b"#" * (MOST_WRITTEN - 14) + b"\nrate 2"
        assert len(full) == MOST_WRITTEN
        assert write_errno(path, full) == 0
        assert rate(path) == "rate 2"
        for size in (MOST_WRITTEN + 1, 1 << 17, 1 << 20, 5 << 20):
            lines = b"rate 1234\n" * (size // 10) + b"#" * (size % 10)
            assert write_errno(path, lines) == errno.EINVAL
            assert rate(path) == "rate 2"


def test_a_line_in_two_writes_is_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    with mounted(path):
        assert write_errno(path, b"ra") == errno.EINVAL
        assert write_errno(path, b"te 5\n") == errno.EINVAL
        assert write_errno(path, b"") == 0
        assert rate(path) == "rate 0"
