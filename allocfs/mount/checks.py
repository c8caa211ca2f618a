"""Preconditions of a mount, checked early for clear error messages."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from allocfs.errors import MountFailed, NotPermitted, OptionError
from allocfs.kernel.mounttable import FILESYSTEM_TYPE, filesystem_at
from allocfs.mount.options import MountOptions

FUSE_DEVICE = "/dev/fuse"
FUSE_CONF = Path("/etc/fuse.conf")


def check_mountpoint(path: str) -> None:
    """Raise MountFailed or NotPermitted unless this user can mount on this path.

    A second mount of allocfs on the same path is refused: it would hide the first one, whose
    daemon would stay. The kernel rejects mounting the same file system twice, but treats every
    FUSE mount as a new one.
    """
    if path == "/":
        raise MountFailed("/ is the root directory: mount on a directory below it")
    if filesystem_at(path) == FILESYSTEM_TYPE:
        raise MountFailed(f"{path} has allocfs mounted already: unmount it first with umount")
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise MountFailed(f"{path} does not exist: create it with mkdir") from None
    except PermissionError:
        raise NotPermitted(f"{path} cannot be reached: permission denied") from None
    except OSError as error:
        raise MountFailed(f"{path} cannot be a mount point: {error.strerror}") from None
    if not stat.S_ISDIR(mode):
        raise MountFailed(f"{path} is not a directory: mount on a directory")
    # fusermount3 requires this of users other than root.
    if os.getuid() != 0 and not os.access(path, os.W_OK):
        raise NotPermitted(f"{path} is not writable: mount on a directory of your own")


def check_fuse(options: MountOptions) -> None:
    """Raise MountFailed or NotPermitted unless this user can use FUSE."""
    try:
        os.close(os.open(FUSE_DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except PermissionError as error:
        raise NotPermitted(
            f"{FUSE_DEVICE}: {error.strerror}: have FUSE allowed for this user or container"
        ) from None
    except OSError as error:
        raise MountFailed(
            f"{FUSE_DEVICE}: {error.strerror}: load FUSE with modprobe fuse"
        ) from None
    if os.getuid() != 0:
        _check_fusermount(options)


def allows_other(conf: Path) -> bool:
    """Tell whether fuse.conf, read as fusermount3 does, lets users mount with allow_other."""
    try:
        lines = conf.read_bytes().splitlines()
    except OSError:
        return False
    return b"user_allow_other" in (line.strip() for line in lines)


def _check_fusermount(options: MountOptions) -> None:
    """Check the requirements of fusermount3, which mounts for users other than root."""
    if shutil.which("fusermount3") is None:
        raise MountFailed("fusermount3 is missing, which all but root need: install fuse3")
    if options.allow_other and not allows_other(FUSE_CONF):
        raise NotPermitted(
            f"allow_other is for root: have root write user_allow_other to {FUSE_CONF}"
        )


def check_snapshots(options: MountOptions, mountpoint: str) -> None:
    """Raise OptionError if snapshots would be kept below the mount point.

    The daemon would wait for itself when it writes one.
    """
    if options.snapshots is None:
        return
    here, top = os.path.realpath(options.snapshots), os.path.realpath(mountpoint)
    if os.path.commonpath([here, top]) == top:
        raise OptionError(f"snapshots={options.snapshots}: is below the mount point {mountpoint}")
