"""The commands that `make install` installs, and mount(8) with them in a private namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from allocfs.kernel.mounttable import filesystem_at
from tests.support import ROOT

# mount(8) finds helpers in /sbin alone. A tmpfs in its place has links to what was there.
PREPARE = """
set -e
bin=$(readlink -f /sbin)
mount -t tmpfs none "$1/own"
mkdir "$1/own/was" "$1/own/sbin"
mount --bind "$bin" "$1/own/was"
ln -s "$1"/own/was/* "$1/own/sbin/"
cp -P "$1"/helpers/* "$1/own/sbin/"
mount --bind "$1/own/sbin" "$bin"
export M="$1/mnt"
"""


def make(*words: str) -> None:
    subprocess.run(["make", "--silent", *words], cwd=ROOT, check=True)


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_what_is_installed_is_uninstalled(tmp_path: Path) -> None:
    make("install-commands", "install-pages", f"DESTDIR={tmp_path}", "PREFIX=/opt")
    wrapper = (tmp_path / "sbin/mount.allocfs").read_text()
    assert 'exec /opt/lib/allocfs/bin/python -I -m allocfs.mount "$@"\n' in wrapper
    assert os.readlink(tmp_path / "sbin/mount.fuse.allocfs") == "mount.allocfs"
    assert files(tmp_path) == {
        "sbin/mount.allocfs",
        "sbin/mount.fuse.allocfs",
        "opt/bin/allocfs",
        "opt/share/man/man1/allocfs.1",
        "opt/share/man/man8/mount.allocfs.8",
    }
    make("uninstall", f"DESTDIR={tmp_path}", "PREFIX=/opt")
    assert files(tmp_path) == set()


Shell = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A function that runs a script where mount(8) finds the helpers; $M is a mount point."""
    if os.getuid() != 0 or not os.path.exists("/dev/fuse") or filesystem_at("/") is None:
        pytest.skip("only root mounts with mount(8), with /dev/fuse and not in a chroot")
    make("install-commands", f"PREFIX={tmp_path}", f"MOUNT_HELPERS={tmp_path}/helpers")
    python = tmp_path / "lib/allocfs/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nshift\ncd /\nPYTHONPATH={ROOT} exec {sys.executable} -P "$@"\n')
    python.chmod(0o755)
    for name in ("own", "mnt"):
        (tmp_path / name).mkdir()

    def run(script: str) -> subprocess.CompletedProcess[str]:
        # The namespace ends with its last process: without umount a daemon would stay.
        text = f"{PREPARE}trap 'umount -l $M 2>/dev/null || true' EXIT\nset +e\n{script}"
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", text, "-"]
        return subprocess.run(
            [*command, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.mark.parametrize("type_", ["allocfs", "fuse.allocfs"])
def test_mount_mounts_by_either_name_of_the_type(shell: Shell, type_: str) -> None:
    done = shell(f"mount -t {type_} none $M -o cpus=3,noatime && cat $M/.allocfs/source")
    assert (done.returncode, done.stderr) == (0, "")
    assert "cpus 3\n" in done.stdout


@pytest.mark.parametrize("options", ["remount", "remount,ro", "remount,cpus=2"])
def test_a_remount_is_refused_and_the_mount_stays(shell: Shell, options: str) -> None:
    done = shell(f"mount -t allocfs none $M; mount -o {options} $M; echo $?; ls $M")
    assert done.stdout.startswith("1\nallocinfo\n")
    refusal = "mount.allocfs: cannot remount: unmount and mount with the new options\n"
    assert done.stderr == refusal


def test_the_flags_of_the_kernel_can_be_changed_without_the_helper(shell: Shell) -> None:
    done = shell(
        "mount -t allocfs none $M; mount -i -o remount,ro $M && echo rate 1 >$M/.allocfs/control;"
        " mount -i -o remount,rw $M && echo rate 1 >$M/.allocfs/control && grep rate $M/.allocfs/*e"
    )
    assert done.stdout.endswith("rate 1\n")
    assert "Read-only file system" in done.stderr
