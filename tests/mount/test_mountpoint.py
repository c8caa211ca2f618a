"""Mount points: the mount table, dead mounts, mount namespaces."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from allocfs.errors import MountFailed, NotPermitted
from allocfs.kernel.mounttable import FILESYSTEM_TYPE, filesystem_at
from allocfs.mount.mountpoint import detach_dead, enter_namespace, is_dead
from tests.conftest import is_mounted, wait_until
from tests.support import ROOT

needs_fuse = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not for this user"
)


def test_an_ordinary_directory_is_not_dead(tmp_path: Path) -> None:
    assert not is_dead(str(tmp_path))
    assert not is_dead(str(tmp_path / "missing"))
    detach_dead(str(tmp_path))


@contextmanager
def killed_at_end(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a daemon in the foreground, and kill it at the end of the block."""
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    while is_mounted(tmp_path):
        subprocess.run(["umount", "-l", tmp_path], check=True)


@needs_fuse
def test_a_dead_mount_is_detached_even_while_in_use(path: Path) -> None:
    with killed_at_end("-m", "allocfs.mount", "none", path, "--foreground", "-v") as daemon:
        assert daemon.stdout is not None
        assert "mounted on" in daemon.stdout.readline()
        path.stat()  # from now on the kernel can answer stat() from its cache
    assert filesystem_at(str(path)) == FILESYSTEM_TYPE
    busy = os.open(path, os.O_PATH)
    try:
        detach_dead(str(path))
    finally:
        os.close(busy)
    assert not is_mounted(path)


@needs_fuse
def test_a_dead_mount_of_another_file_system_is_left_alone(path: Path) -> None:
    with killed_at_end("-m", "tests.support.tiny_fs", path):
        wait_until(lambda: is_mounted(path), "it is mounted")
    with pytest.raises(MountFailed, match=r"a dead mount of type fuse: unmount it"):
        detach_dead(str(path))
    assert is_mounted(path)


@pytest.mark.parametrize("namespace", ["4194305", "/nonexistent", "/proc/self/ns/uts"])
def test_a_namespace_that_cannot_be_entered_is_refused(namespace: str) -> None:
    with pytest.raises(NotPermitted, match="cannot enter the mount namespace"):
        enter_namespace(namespace)


@contextmanager
def other_namespace() -> Iterator[str]:
    """Yield the id of a process in another mount namespace."""
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield str(process.pid)
        finally:
            process.kill()


@needs_fuse
@pytest.mark.skipif(os.getuid() != 0, reason="only root enters namespaces")
@pytest.mark.skipif(filesystem_at("/") is None, reason="a namespace's root is not this chroot")
def test_a_mount_can_be_made_in_another_namespace(path: Path) -> None:
    with other_namespace() as process:
        command = [sys.executable, "-m", "allocfs.mount", "none", str(path), "-N", process]
        subprocess.run(command, cwd=ROOT, check=True)
        try:
            there = Path(f"/proc/{process}/mounts").read_text()
        finally:
            enter = ["nsenter", f"--mount=/proc/{process}/ns/mnt"]
            subprocess.run([*enter, "umount", "-l", path], check=True)
        assert f"none {path} {FILESYSTEM_TYPE} " in there
        assert not is_mounted(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may enter a mount namespace")
@pytest.mark.skipif(filesystem_at("/") is None, reason="a namespace's root is not this chroot")
def test_relative_paths_mean_the_same_in_another_namespace(tmp_path: Path) -> None:
    program = "import os, sys; from allocfs.mount.mountpoint import enter_namespace as enter; "
    program += "enter(sys.argv[1]); print(os.getcwd())"
    with other_namespace() as there:
        command = [sys.executable, "-c", program, there]
        told = subprocess.check_output(command, cwd=tmp_path, text=True)
    assert told == f"{tmp_path}\n"
