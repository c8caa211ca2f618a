"""Mount points: dead mounts whose daemon is gone, and mount namespaces."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from contextlib import suppress

from allocfs.errors import MountFailed, NotPermitted
from allocfs.kernel.mounttable import FILESYSTEM_TYPE, filesystem_at

_MNT_DETACH = 2  # umount(2): leave the tree now, and end when no file is open any more
_CLONE_NEWNS = 0x20000


def is_dead(path: str) -> bool:
    """Tell whether a path is a FUSE mount whose daemon is gone."""
    try:
        os.stat(path)
        # The kernel may answer stat() from its cache, but it passes statfs() to the daemon.
        if (filesystem_at(path) or "").startswith("fuse"):
            os.statvfs(path)
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return False


def detach_dead(path: str) -> None:
    """Unmount all dead mounts of allocfs on a path, even while they are in use.

    Raises MountFailed if a dead mount is of another type or cannot be unmounted.
    """
    while is_dead(path):
        kind = filesystem_at(path)
        if kind != FILESYSTEM_TYPE:
            raise MountFailed(
                f"{path} is a dead mount of type {kind}: unmount it with `umount -l {path}`"
            )
        _detach(path)


def enter_namespace(namespace: str) -> None:
    """Move this process to another mount namespace, given as a process id or a path.

    setns(2) changes the working directory to the root of the namespace. So that relative paths
    keep their meaning, go to the directory of the same name there, if it exists. Raises
    NotPermitted.
    """
    directory = os.getcwd()
    path = f"/proc/{namespace}/ns/mnt" if namespace.isdecimal() else namespace
    try:
        with open(path, "rb") as file:
            _checked(_libc().setns(file.fileno(), _CLONE_NEWNS))
    except OSError as error:
        raise NotPermitted(
            f"cannot enter the mount namespace {namespace}: {error.strerror}"
        ) from None
    with suppress(OSError):
        os.chdir(directory)


def _detach(path: str) -> None:
    if os.getuid() == 0:
        try:
            _checked(_libc().umount2(os.fsencode(path), _MNT_DETACH))
        except OSError as error:
            raise MountFailed(f"cannot unmount the dead {path}: {error.strerror}") from None
        return
    done = subprocess.run(
        ["fusermount3", "-u", "-z", "--", path], stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise NotPermitted(f"cannot unmount the dead {path}: {done.stderr.strip()}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
