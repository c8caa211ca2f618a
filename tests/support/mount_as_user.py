"""Run mount.allocfs as another user.

Usage: `-m tests.support.mount_as_user NAMESPACE UID GID ARGUMENTS...`.

All imports happen before the change of user: the new user may not be able to read the library.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import allocfs
from allocfs.mount import command as mount
from allocfs.mount.mountpoint import enter_namespace
from allocfs.mount.options import MountOptions
from allocfs.mount.serve import serve
from allocfs.mount.sources import open_source

CANNOT = 77  # exit code: this checkout is out of the user's reach


def run(namespace: str, uid: int, gid: int, arguments: list[str]) -> int:
    """Mount; return the exit code of mount.allocfs, or CANNOT."""
    open_source(None, MountOptions(cpus=1))  # imports something too
    enter_namespace(namespace)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if not os.access(Path(allocfs.__file__).parent / "data", os.R_OK | os.X_OK):
        return CANNOT
    return mount.main(arguments, serve)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
