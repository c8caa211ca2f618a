"""Permissions on a mount of an ordinary user, made through fusermount3.

The mounts are made in a separate mount namespace, with a fuse.conf of the test and a /dev/fuse
that all users may open.
"""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from allocfs.kernel.mounttable import filesystem_at
from tests.support import ROOT
from tests.support.access import CHANGES, READS, REFUSALS, User, needs_root, open_to_all, outcome
from tests.support.mount_as_user import CANNOT

FUSERMOUNT = shutil.which("fusermount3")
NOBODY = pwd.getpwnam("nobody")  # fusermount3 refuses a user id without a name


def is_set_uid(program: str | None) -> bool:
    return program is not None and bool(os.stat(program).st_mode & stat.S_ISUID)


pytestmark = [
    needs_root,
    pytest.mark.skipif(not is_set_uid(FUSERMOUNT), reason="fusermount3 is not there, or not suid"),
    pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="/dev/fuse is not there"),
    pytest.mark.skipif(filesystem_at("/") is None, reason="a namespace's root is not this chroot"),
]

USERS = {
    "mounter": User(NOBODY.pw_uid, NOBODY.pw_gid),
    "root": User(0, 0),
    "member": User(61002, 61003),
    "stranger": User(61004, 61004),
}
MOUNTER = USERS["mounter"]

# The users who can do all of READS; the others can do none of them. With allow_other root's
# capabilities override the mode; without it FUSE refuses root as well.
READERS: dict[str, set[str]] = {
    "": {"mounter"},
    "mode=0444": {"mounter"},
    "mode=0440,gid=61003": {"mounter"},
    "uid=61004": set(),
    "mode=0777,uid=0": {"mounter"},
    "allow_other": {"mounter", "root"},
    "allow_other,mode=0444": {"mounter", "root", "member", "stranger"},
    "allow_other,mode=0440,gid=61003": {"mounter", "root", "member"},
    "allow_other,uid=61004": {"root", "stranger"},
    "allow_other,mode=0004": {"root", "member", "stranger"},
}

PREPARE = """
mount -t tmpfs none "$1" && mknod -m 666 "$1/fuse" c 10 229 && printf "$2" >"$1/fuse.conf" &&
mount --bind "$1/fuse" /dev/fuse && mount --bind "$1/fuse.conf" /etc/fuse.conf && echo && exec cat
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with open_to_all() as directory:
        yield directory


@contextmanager
def namespace(scratch: Path, conf: str) -> Iterator[str]:
    """Yield the id of a process in a mount namespace with this fuse.conf; skip if that fails."""
    scratch.mkdir()
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", PREPARE, "-"]
    with subprocess.Popen(
        [*command, scratch, conf], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        try:
            if not ready:
                pytest.skip("no namespace can be made in which users may mount")
            yield str(process.pid)
        finally:
            process.kill()


def mount_as_user(there: str, path: Path, options: str) -> subprocess.CompletedProcess[str]:
    as_mounter = [sys.executable, "-m", "tests.support.mount_as_user", there, *map(str, MOUNTER)]
    done = run(*as_mounter, "none", path, "-o", options)
    if done.returncode == CANNOT:
        pytest.skip("this checkout is out of the reach of other users")
    return done


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def unmount_as_user(there: str, path: Path) -> subprocess.CompletedProcess[str]:
    enter = f"nsenter --mount=/proc/{there}/ns/mnt --setuid {MOUNTER.uid} --setgid {MOUNTER.gid}"
    return run(*enter.split(), "fusermount3", "-u", path)


@contextmanager
def mounted(tmp_path: Path, options: str) -> Iterator[tuple[str, Path]]:
    """Mount as a user with the right to allow_other; yield the namespace and the mount point."""
    path = tmp_path / "mnt"
    path.mkdir()
    os.chown(path, MOUNTER.uid, MOUNTER.gid)
    with namespace(tmp_path / "etc", "user_allow_other\n") as there:
        done = mount_as_user(there, path, options)
        assert (done.returncode, done.stderr) == (0, "")
        try:
            yield there, path
        finally:
            ended = unmount_as_user(there, path)
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("max_age", ["0", "1s"])
@pytest.mark.parametrize("options", list(READERS))
def test_those_whom_the_options_admit_read_all_and_others_nothing(
    options: str, max_age: str, tmp_path: Path
) -> None:
    with mounted(tmp_path, f"cpus=2,max_age={max_age},{options}") as (there, path):
        found = {
            name: {what: outcome(user, act, path, there) for what, act in READS.items()}
            for name, user in USERS.items()
        }
    assert found == {
        name: dict.fromkeys(READS, 0 if name in READERS[options] else errno.EACCES)
        for name in USERS
    }


@pytest.mark.parametrize(
    ("options", "writers"),
    [
        ("", {"mounter"}),
        ("mode=0777", {"mounter"}),
        ("allow_other,mode=0777", {"mounter", "root"}),
        ("allow_other,mode=0777,uid=61004", {"mounter", "root"}),
        ("ro,allow_other,mode=0777", set()),
    ],
)
def test_only_the_mounting_user_and_root_if_let_in_write_control_and_nobody_anything_else(
    options: str, writers: set[str], tmp_path: Path
) -> None:
    with mounted(tmp_path, f"cpus=2,{options}") as (there, path):
        for name, user in USERS.items():
            codes = {what: outcome(user, act, path, there) for what, act in CHANGES.items()}
            allowed = {what for what, code in codes.items() if code == 0}
            assert allowed == ({"control", "snapshot"} if name in writers else set()), name
            assert all(codes[what] in REFUSALS for what in codes.keys() - allowed), codes


def test_the_kernel_is_told_to_check_and_to_trust_nothing(tmp_path: Path) -> None:
    with mounted(tmp_path, "cpus=2,allow_other") as (there, path):
        table = Path(f"/proc/{there}/mounts").read_text().splitlines()
    (line,) = [line for line in table if f" {path} " in line]
    assert {
        "nosuid",
        "nodev",
        "default_permissions",
        "allow_other",
        f"user_id={MOUNTER.uid}",
    } <= set(line.split()[3].split(","))


@pytest.mark.parametrize(
    ("owner", "options", "message"),
    [
        (MOUNTER, "allow_other", "allow_other is for root: have root write user_allow_other to"),
        (USERS["root"], "", "{path} is not writable: mount on a directory of your own"),
    ],
)
def test_what_a_user_may_not_is_told_and_not_done(
    owner: User, options: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    os.chown(path, *owner)
    with namespace(tmp_path / "etc", "# user_allow_other\n") as there:
        done = mount_as_user(there, path, f"cpus=2,{options}")
        assert f" {path} " not in Path(f"/proc/{there}/mounts").read_text()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"mount.allocfs: {message.format(path=path)}")


def test_of_two_commands_of_a_user_at_the_same_moment_one_mounts(tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    os.chown(path, MOUNTER.uid, MOUNTER.gid)
    with namespace(tmp_path / "etc", "") as there, ThreadPoolExecutor() as pool:
        both = [pool.submit(mount_as_user, there, path, "cpus=1") for _ in range(2)]
        codes = [command.result().returncode for command in both]
        mounts = Path(f"/proc/{there}/mounts").read_text()
        assert sorted(codes) == [0, 32]
        assert mounts.count(f" {path} ") == 1
        assert unmount_as_user(there, path).returncode == 0
