"""The preconditions of a mount, for users other than root too."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from allocfs.errors import MountFailed, NotPermitted
from allocfs.mount import checks as mount_checks
from allocfs.mount.checks import allows_other, check_fuse, check_mountpoint
from allocfs.mount.options import MountOptions, parse_options


def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)


def test_a_user_needs_a_directory_he_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(NotPermitted, match="is not writable"):
        check_mountpoint(str(tmp_path))


def fusermount_in(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = directory / "fusermount3"
    program.touch()
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))


def test_a_user_needs_fusermount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch)
    monkeypatch.setattr(mount_checks, "FUSE_DEVICE", os.devnull)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MountFailed, match="fusermount3 is missing"):
        check_fuse(MountOptions())
    fusermount_in(tmp_path, monkeypatch)
    check_fuse(MountOptions())


def test_a_user_needs_leave_for_allow_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "fuse.conf"
    as_user(monkeypatch)
    monkeypatch.setattr(mount_checks, "FUSE_DEVICE", os.devnull)
    monkeypatch.setattr(mount_checks, "FUSE_CONF", conf)
    fusermount_in(tmp_path, monkeypatch)
    options = parse_options("allow_other")
    with pytest.raises(NotPermitted, match=f"user_allow_other to {conf}"):
        check_fuse(options)
    conf.write_text("user_allow_other\n")
    check_fuse(options)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", False),
        ("# user_allow_other\nmount_max = 10\n", False),
        ("mount_max = 10\n  user_allow_other  \n", True),
        ("user_allow_others\n", False),
    ],
)
def test_fuse_conf_is_read_as_fusermount_reads_it(text: str, allowed: bool, tmp_path: Path) -> None:
    (tmp_path / "fuse.conf").write_text(text)
    assert allows_other(tmp_path / "fuse.conf") == allowed


def test_without_fuse_in_the_kernel_the_cure_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mount_checks, "FUSE_DEVICE", str(tmp_path / "fuse"))
    for uid in (0, 1000):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        with pytest.raises(MountFailed, match="modprobe fuse"):
            check_fuse(MountOptions())


def test_a_device_that_root_may_not_open_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, _flags: int) -> int:
        raise PermissionError(errno.EPERM, "Operation not permitted", path)

    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(NotPermitted, match="have FUSE allowed"):
        check_fuse(MountOptions())
