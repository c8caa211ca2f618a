"""The units in systemd/: their commands, and their equal restrictions of the daemon."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import daemon_of, is_mounted, wait_until
from tests.support import ROOT

SERVICE = ROOT / "systemd/allocfs.service"
MOUNT = ROOT / "systemd/mnt-alloc.mount"
HELPER = "/sbin/mount.allocfs"

needs_fuse = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not for this user"
)


def section(unit: Path, name: str) -> Mapping[str, str]:
    parser = configparser.ConfigParser(delimiters="=", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser[name]


def run(command: str, path: Path) -> int:
    """Run a command of the service on the simulated store; return its exit code for systemd."""
    ignored = command.startswith("-")
    words = shlex.split(command.removeprefix("-"))
    words = ["none" if word == "/proc/allocinfo" else word for word in words]
    words = [str(path) if word == "/mnt/alloc" else word for word in words]
    if words[0] == HELPER:
        words[:1] = [sys.executable, "-m", "allocfs.mount"]
        words.remove("--foreground")
    done = subprocess.run(words, cwd=ROOT, stderr=subprocess.PIPE, check=False)
    return 0 if ignored else done.returncode


def is_served(path: Path) -> bool:
    try:
        os.statvfs(path)  # stat() might be answered from the kernel's cache
    except OSError:
        return False
    return is_mounted(path)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "alloc"
    yield path
    while is_mounted(path):
        subprocess.run(["umount", "-l", path], check=True)


@needs_fuse
def test_the_service_starts_where_nothing_is_and_again_after_its_daemon_was_killed(
    path: Path,
) -> None:
    commands = [section(SERVICE, "Service")[name] for name in ("ExecStartPre", "ExecStart")]
    for _ in range(2):
        assert [run(command, path) for command in commands] == [0, 0]
        assert is_served(path)
        os.kill(daemon_of(path), signal.SIGKILL)
        wait_until(lambda: not is_served(path), "the daemon is dead")


def test_both_units_mount_the_same_in_the_same_place() -> None:
    mount = section(MOUNT, "Mount")
    words = shlex.split(section(SERVICE, "Service")["ExecStart"])
    expected = [HELPER, mount["What"], mount["Where"], "--foreground", "-o", mount["Options"]]
    assert words == expected
    assert MOUNT.stem == mount["Where"].strip("/").replace("/", "-")


def test_both_units_take_the_same_from_the_daemon() -> None:
    own = {
        SERVICE: set("ExecStartPre ExecStart Restart RestartSec TimeoutStopSec OOMPolicy".split()),
        MOUNT: set("What Where Type Options DirectoryMode TimeoutSec".split()),
    }
    taken = [
        {key: value for key, value in section(unit, name).items() if key not in own[unit]}
        for unit, name in ((SERVICE, "Service"), (MOUNT, "Mount"))
    ]
    assert taken[0] == taken[1]
    assert len(taken[0]) > 15


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("unit", [SERVICE, MOUNT])
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(HELPER, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
