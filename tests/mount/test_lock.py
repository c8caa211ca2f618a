"""The lock of a mount point: of two commands at the same moment one mounts."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from allocfs.kernel.mounttable import MOUNTINFO, mount_entries
from allocfs.mount.lock import MountLock
from tests.conftest import is_mounted
from tests.support import ROOT

ROUNDS = 8

needs_fuse = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not for this user"
)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    while is_mounted(tmp_path):
        subprocess.run(["umount", "-l", tmp_path], check=True)


def is_locked(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "allocfs.mount", "none", str(path), "-o", "cpus=1"]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


@needs_fuse
def test_of_two_commands_at_the_same_moment_one_mounts(path: Path) -> None:
    refusal = f"mount.allocfs: {path} has allocfs mounted already: unmount it first with umount\n"
    for _ in range(ROUNDS):
        both = [start(path), start(path)]
        said = [command.communicate(timeout=60)[1] for command in both]
        codes = [command.returncode for command in both]
        assert sorted(zip(codes, said, strict=True)) == [(0, ""), (32, refusal)]
        points = [entry.point for entry in mount_entries(MOUNTINFO)]
        assert points.count(os.fsencode(path)) == 1
        subprocess.run(["umount", path], check=True)
        assert not is_locked(path)


@needs_fuse
def test_neither_a_daemon_nor_a_command_that_failed_keeps_the_lock(path: Path) -> None:
    below = os.open(path, os.O_RDONLY)
    try:
        for options in (["--foreground"], []):
            for words in (["none", "-o", "cpus=1"], [f"{path}/missing"]):
                command = [sys.executable, "-m", "allocfs.mount", words[0], str(path), *words[1:]]
                with subprocess.Popen(
                    [*command, *options, "-v"], cwd=ROOT, stdout=subprocess.PIPE, text=True
                ) as process:
                    assert process.stdout
                    mounted = process.stdout.readline() != ""
                    assert mounted == (words[0] == "none")
                    fcntl.flock(below, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    fcntl.flock(below, fcntl.LOCK_UN)
                    if mounted:
                        subprocess.run(["umount", path], check=True)
    finally:
        os.close(below)


def test_the_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    with MountLock(str(tmp_path)) as lock:
        assert is_locked(tmp_path)
        lock.release()
        assert not is_locked(tmp_path)
        lock.release()
    with MountLock(str(tmp_path)):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)


def test_the_lock_needs_no_write_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with MountLock(str(tmp_path)):
        assert is_locked(tmp_path)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_without_a_directory_there_is_no_lock(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with MountLock(str(tmp_path / name)) as lock:
        lock.release()


def test_another_user_cannot_keep_the_lock_from_the_next(tmp_path: Path) -> None:
    with MountLock(str(tmp_path)):
        began = time.monotonic()
        with MountLock(str(tmp_path), max_wait=0.1):
            assert 0.1 <= time.monotonic() - began < 10
