"""Mounts and namespaces: a mount in a user namespace, and one that is handed into a container."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import is_mounted
from tests.support import ROOT

MOUNT = f"{sys.executable} -m allocfs.mount"

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root makes these namespaces")


def in_namespace(options: str, script: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script with $1 as the path; skip the test if no such namespace can be made."""
    enter = ["unshare", *options.split()]
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    if subprocess.run([*enter, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no such namespace can be made here")
    return subprocess.run(
        [*enter, "sh", "-c", script, "-", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_user_namespace_has_mounts_of_its_own(tmp_path: Path) -> None:
    script = f"{MOUNT} none $1 -o cpus=4 && grep ^cpus $1/.allocfs/source && umount $1"
    done = in_namespace("--user --map-root-user --mount", script, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "cpus 4\n", "")
    assert not is_mounted(tmp_path)


@needs_root
def test_a_slave_mount_sees_the_mount_that_replaces_another(tmp_path: Path) -> None:
    script = f"""
        set -e
        mount -t tmpfs none $1
        mount --make-shared $1
        mkdir $1/alloc
        mkfifo $1/go
        unshare --mount --propagation slave sh -c '
            for _ in 1 2; do read word <"$1/go"; grep ^cpus "$1/alloc/.allocfs/source"; done
        ' - "$1" &
        for cpus in 2 3; do
            {MOUNT} none $1/alloc -o cpus=$cpus
            echo >$1/go
            [ $cpus = 3 ] && wait || sleep 0.5
            umount $1/alloc
        done
    """
    done = in_namespace("--mount --propagation private", script, tmp_path)
    assert (done.stdout, done.stderr) == ("cpus 2\ncpus 3\n", "")


@needs_root
def test_a_container_with_a_user_namespace_reads_what_is_handed_to_it(
    default_mount: Path,
) -> None:
    script = "cat $1/.allocfs/version"
    done = in_namespace("--user --map-root-user --mount", script, default_mount)
    assert done.returncode == 0
