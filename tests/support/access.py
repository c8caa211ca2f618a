"""Operations on a mount by different users, for the tests of permissions."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from allocfs.mount.mountpoint import enter_namespace


class User(NamedTuple):
    """A user id and a group id."""

    uid: int
    gid: int


def _list(mountpoint: Path) -> None:
    os.listdir(mountpoint)


def _stat(mountpoint: Path) -> None:
    os.stat(mountpoint / "records")


def _read_records(mountpoint: Path) -> None:
    assert len((mountpoint / "by-module/vmlinux").read_bytes()) % 224 == 0


def read_text(mountpoint: Path) -> None:
    """Read a file of text, which must not be empty."""
    assert b"func:" in (mountpoint / "text/by-file/mm/slub.c").read_bytes()


def _query(mountpoint: Path) -> None:
    (mountpoint / "query/module=xfs,min_size=1/records").read_bytes()


def _look_into_stats(mountpoint: Path) -> None:
    (mountpoint / ".allocfs/stats").read_bytes()


def _control(mountpoint: Path) -> None:
    with (mountpoint / ".allocfs/control").open("w") as control:
        control.write("rate 0\n")


def _write_records(mountpoint: Path) -> None:
    (mountpoint / "records").open("r+b").close()


def _create(mountpoint: Path) -> None:
    (mountpoint / "new").touch()


def _chmod(mountpoint: Path) -> None:
    os.chmod(mountpoint / "records", 0o777)


def _snapshot(mountpoint: Path) -> None:
    (mountpoint / f"snapshots/of-{os.getpid()}").mkdir()


Act = Callable[[Path], None]
READS: Mapping[str, Act] = {
    "ls": _list,
    "stat": _stat,
    "records": _read_records,
    "text": read_text,
    "query": _query,
    "stats": _look_into_stats,
}
# Of these no option grants any but control and snapshot, and those to the mounting user alone.
CHANGES: Mapping[str, Act] = {
    "control": _control,
    "snapshot": _snapshot,
    "write": _write_records,
    "create": _create,
    "chmod": _chmod,
}
REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS)


def outcome(user: User, act: Act, mountpoint: Path, namespace: str | None = None) -> int:
    """Run `act` as a user in a child process; return its errno, or 0 on success."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 255
    try:
        if namespace is not None:
            enter_namespace(namespace)
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
        act(mountpoint)
        code = 0
    except OSError as error:
        code = error.errno or 255
    finally:
        os._exit(code)


@contextmanager
def open_to_all() -> Iterator[Path]:
    """Make a directory that all users can reach, so that only the mount in it decides on access.

    The directories of pytest are not suitable: only the user that runs it can reach them.
    """
    with tempfile.TemporaryDirectory(prefix="allocfs-") as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
