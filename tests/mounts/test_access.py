"""Permissions on a mount of root: the operations of real user ids under each mount option."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Mounter
from tests.support.access import (
    CHANGES,
    READS,
    REFUSALS,
    User,
    needs_root,
    open_to_all,
    outcome,
    read_text,
)

pytestmark = needs_root

# Root makes the mounts, so files belong to root unless uid= and gid= say otherwise.
USERS = {
    "root": User(0, 0),
    "owner": User(61001, 61001),
    "member": User(61002, 61003),
    "stranger": User(61004, 61004),
}
GID = USERS["member"].gid
OWNER = USERS["owner"].uid

# The users who can do all of READS; the others can do none of them. Root has capabilities that
# override the mode.
READERS = {
    "": {"root"},
    "mode=0444": {"root"},  # without allow_other FUSE refuses all other users
    "uid=61001": {"root"},
    "mode=0440,gid=61003": {"root"},
    "allow_other": {"root"},
    "allow_other,mode=0440,gid=61003": {"root", "member"},
    "allow_other,mode=0444": {"root", "owner", "member", "stranger"},
    "allow_other,uid=61001": {"root", "owner"},
    "allow_other,uid=61001,gid=61003,mode=0440": {"root", "owner", "member"},
    "allow_other,mode=0004": {"root", "owner", "member", "stranger"},
}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_to_all() as directory:
        yield directory


@pytest.mark.parametrize("max_age", ["0", "1s"])
@pytest.mark.parametrize("options", list(READERS))
def test_those_whom_the_options_admit_read_all_and_others_nothing(
    options: str, max_age: str, mounts: Mounter
) -> None:
    mountpoint = mounts(f"cpus=2,max_age={max_age},{options}")
    read_text(mountpoint)  # so that the caches have data that root has read
    found = {
        name: {what: outcome(user, act, mountpoint) for what, act in READS.items()}
        for name, user in USERS.items()
    }
    assert found == {
        name: dict.fromkeys(READS, 0 if name in READERS[options] else errno.EACCES)
        for name in USERS
    }


@pytest.mark.parametrize("options", ["", "allow_other,mode=0777", "allow_other,uid=61001"])
def test_only_the_mounting_user_writes_control_and_nobody_anything_else(
    options: str, mounts: Mounter
) -> None:
    mountpoint = mounts(f"cpus=2,{options}")
    for name, user in USERS.items():
        codes = {what: outcome(user, act, mountpoint) for what, act in CHANGES.items()}
        allowed = {what for what, code in codes.items() if code == 0}
        assert allowed == ({"control", "snapshot"} if name == "root" else set()), name
        assert all(code in REFUSALS for what, code in codes.items() if what not in allowed), codes


def test_modes_are_as_told(mounts: Mounter) -> None:
    mountpoint = mounts("cpus=2,allow_other,uid=61001,gid=61003,mode=0640")
    expected = {
        "records": (OWNER, GID, 0o640),
        "by-file": (OWNER, GID, 0o750),
        ".allocfs/stats": (OWNER, GID, 0o640),
        ".allocfs/control": (0, GID, 0o600),
    }
    for path, access in expected.items():
        told = os.stat(mountpoint / path)
        assert (told.st_uid, told.st_gid, told.st_mode & 0o7777) == access, path


@pytest.mark.parametrize("options", ["", "allow_other,mode=0444"])
def test_the_kernel_checks_the_modes(options: str, mounts: Mounter) -> None:
    mountpoint = mounts(f"cpus=2,{options}")
    line = next(x for x in Path("/proc/mounts").read_text().splitlines() if str(mountpoint) in x)
    mount_options = line.split()[3].split(",")
    assert {"default_permissions", "nosuid", "nodev"} <= set(mount_options)
    assert ("allow_other" in mount_options) == ("allow_other" in options)
