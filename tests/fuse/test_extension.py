"""The features of the extension, on a real mount of a tiny file system."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from allocfs.kernel.abi import ioctl_number
from tests.conftest import DEADLINE, is_mounted, wait_until
from tests.support import SUPPORT

SCRIPT = SUPPORT / "tiny_fs.py"
TCGETS = 0x5401


class Asked(NamedTuple):
    """The contents of a file of the tiny file system: its handle and the requests so far."""

    handle: int
    opens: int
    ioctls: int
    written_to: int
    active: bool


class Tiny(NamedTuple):
    """A mount of the tiny file system, and the file with the stderr of its daemon."""

    path: Path
    stderr: Path

    def open(self, inode: int) -> int:
        return os.open(self.path / str(inode), os.O_RDWR)

    def asked(self, inode: int) -> Asked:
        """Read a file for the first time: later reads are answered from the page cache."""
        fd = self.open(inode)
        handle, opens, ioctls, written_to, active = os.pread(fd, 4096, 0).split()
        os.close(fd)
        return Asked(int(handle), int(opens), int(ioctls), int(written_to), active == b"True")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    path, stderr = tmp_path / "mnt", tmp_path / "stderr"
    path.mkdir()
    with stderr.open("w") as file:
        daemon = subprocess.Popen([sys.executable, SCRIPT, path], stderr=file)
    try:
        wait_until(lambda: is_mounted(path) or daemon.poll() is not None, f"{path} is mounted")
        assert daemon.poll() is None, stderr.read_text()
        yield Tiny(path, stderr)
    finally:
        if is_mounted(path):
            subprocess.run(["umount", "-l", path], check=True)
        assert daemon.wait(DEADLINE) == 0


@pytest.fixture
def fd(tiny: Tiny) -> Iterator[int]:
    fd = tiny.open(7)
    yield fd
    os.close(fd)


def ioctl_errno(fd: int, command: int, argument: int | bytes = bytes(8)) -> int:
    with pytest.raises(OSError, match="Errno") as caught:
        fcntl.ioctl(fd, command, argument)
    assert caught.value.errno is not None
    return caught.value.errno


def test_without_open_reads_and_writes_tell_the_inode(tiny: Tiny) -> None:
    assert tiny.asked(10) == Asked(10, opens=1, ioctls=0, written_to=0, active=True)
    fd = tiny.open(11)
    os.pwrite(fd, b"data", 0)
    os.close(fd)
    assert tiny.asked(12) == Asked(12, opens=1, ioctls=0, written_to=11, active=True)


def test_an_ioctl_tells_inode_and_handle(fd: int) -> None:
    reply = fcntl.ioctl(fd, ioctl_number(0, 16), bytes(16))
    assert struct.unpack("@QQ", reply) == (7, 0)


@pytest.mark.parametrize("size", [1, 464, 1024])
def test_an_ioctl_takes_and_returns_its_argument(fd: int, size: int) -> None:
    argument = os.urandom(size)
    assert fcntl.ioctl(fd, ioctl_number(1, size, write=True), argument) == argument[::-1]


def test_an_oserror_of_the_handler_is_the_ioctls(fd: int) -> None:
    assert ioctl_errno(fd, ioctl_number(2, 8)) == errno.ENOENT


def test_an_unknown_command_is_enotty(fd: int) -> None:
    assert ioctl_errno(fd, ioctl_number(9, 8)) == errno.ENOTTY


@pytest.mark.parametrize("write", [False, True])
def test_a_bad_pointer_is_efault(fd: int, write: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    command = ctypes.c_ulong(ioctl_number(1 if write else 0, 16, write=write))
    assert libc.ioctl(fd, command, None) == -1
    assert ctypes.get_errno() == errno.EFAULT


@pytest.mark.parametrize(
    ("number", "message"),
    [(3, "ZeroDivisionError: a bug"), (4, "ValueError: 1000 bytes where 8 fit")],
)
def test_a_bug_in_the_handler_is_reported_and_the_mount_goes_on(
    tiny: Tiny, fd: int, number: int, message: str
) -> None:
    assert ioctl_errno(fd, ioctl_number(number, 8)) == errno.EIO
    assert message in tiny.stderr.read_text()
    assert tiny.asked(10).ioctls == 1


def test_ioctls_of_other_types_do_not_reach_the_handler(tiny: Tiny, fd: int) -> None:
    assert not os.isatty(fd)
    assert ioctl_errno(fd, TCGETS, bytes(64)) == errno.ENOTTY
    assert tiny.asked(10).ioctls == 0


def test_ioctls_of_directories_do_not_reach_the_handler(tiny: Tiny) -> None:
    fd = os.open(tiny.path, os.O_RDONLY)
    assert ioctl_errno(fd, ioctl_number(0, 16), bytes(16)) == errno.ENOTTY
    os.close(fd)
    assert tiny.asked(10).ioctls == 0


# Without a mount


def run(script: str) -> str:
    completed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return completed.stdout.strip()


def test_loading_twice_is_loading() -> None:
    script = "from allocfs.fuse import extension as fuseops; print(fuseops.load(), fuseops.load())"
    assert run(script) == "True True"


def test_loading_leaves_the_flags_for_other_modules_alone() -> None:
    script = """
import sys
from allocfs.fuse import extension as fuseops
before = sys.getdlopenflags()
fuseops.load()
print(sys.getdlopenflags() == before)"""
    assert run(script) == "True"


def test_loading_after_pyfuse3_is_too_late() -> None:
    script = "import pyfuse3; from allocfs.fuse import extension as fuseops; "
    script += "print(fuseops.load(), fuseops.active())"
    assert run(script) == "False False"


def test_without_the_extension_nothing_else_is_missing() -> None:
    script = """
import sys
sys.modules["allocfs.fuse._fuseops"] = None
from allocfs.fuse import extension as fuseops
fuseops.answer(lambda *request: b"")
print(fuseops.load(), fuseops.active())"""
    assert run(script) == "False False"


@pytest.mark.parametrize("size", [8, 10_000], ids=["shorter", "longer"])
def test_the_operations_may_be_of_another_version(size: int) -> None:
    script = f"""
import ctypes
from allocfs.fuse import extension as fuseops
fuseops.load()
from allocfs.fuse import _fuseops

class Arguments(ctypes.Structure):
    _fields_ = [("argc", ctypes.c_int), ("argv", ctypes.POINTER(ctypes.c_char_p)),
                ("allocated", ctypes.c_int)]

library = ctypes.CDLL(_fuseops.__file__)
library.fuse_session_new.restype = ctypes.c_void_p
library.fuse_session_new.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
arguments = Arguments(1, (ctypes.c_char_p * 1)(b"test"), 0)
session = library.fuse_session_new(ctypes.byref(arguments), bytes({size}), {size}, None)
print(session is not None, fuseops.active())"""
    assert run(script) == "True True"
