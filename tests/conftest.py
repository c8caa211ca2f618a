"""Fixtures for all tests: a store for tests of the model, and real mounts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import settings

from allocfs.backend.counterstore import CodetagStore
from allocfs.tags.table import Codetag, TagTable
from tests.support import TESTS

settings.register_profile(
    "allocfs", deadline=None, derandomize=True
)  # repeatable, and without a time limit
settings.load_profile("allocfs")

# A shell that runs `make test &` sets SIGINT to be ignored, and tested commands would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

DATA = TESTS / "data"
DEADLINE = 20.0  # seconds; only a failing test takes as long

TAGS = [
    Codetag("mm/slub.c", 10, "slab_alloc"),
    Codetag("mm/slub.c", 20, "slab_free"),
    Codetag("./include/linux/slab.h", 5, "kmalloc"),
    Codetag("drivers/iommu/amd/../iommu-pages.h", 94, "iommu_alloc"),
    Codetag("drivers/iommu/iommu-pages.h", 94, "iommu_alloc"),
    Codetag("fs/xfs/xfs_log.c", 7, "xlog_alloc", "xfs"),
    Codetag("fs/xfs/xfs_log.c", 7, "xlog_alloc", "xfs"),
    Codetag("fs/ext4/super.c", 3, "ext4_init", "ext4"),
]


@pytest.fixture
def store() -> CodetagStore:
    """A store of eight tags on four CPUs: two spellings of a path, an inline, two modules."""
    return CodetagStore(TagTable.from_tags(TAGS), cpus=4)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
    """Poll a condition until it holds; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.005)


def is_mounted(path: Path) -> bool:
    """Tell whether a path is a mount point, also of a dead mount."""
    return any(
        line.split()[1] == str(path) for line in Path("/proc/mounts").read_text().splitlines()
    )


@contextmanager
def mount(path: Path, *arguments: str) -> Iterator[Path]:
    """Run mount.allocfs in the foreground, and unmount at the end of the block."""
    path.mkdir(exist_ok=True)
    source, *options = arguments
    command = [sys.executable, "-m", "allocfs.mount", source, str(path), *options]
    daemon = subprocess.Popen([*command, "--foreground"])
    try:
        wait_until(lambda: is_mounted(path) or daemon.poll() is not None, f"{path} is mounted")
        assert daemon.poll() is None, f"the daemon ended with {daemon.returncode}"
        yield path
    finally:
        daemon.terminate()
        daemon.wait(DEADLINE)
        if is_mounted(path):
            subprocess.run(["umount", "-l", path], check=True)


Mounter = Callable[..., Path]


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounter]:
    """A function that mounts, any number of times: `mounts("cpus=4", source="none")` -> path."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    with ExitStack() as stack:

        def mounted(options: str = "", source: str = "none") -> Path:
            path = tmp_path / f"mnt{len(list(tmp_path.iterdir()))}"
            arguments = ["-o", options] if options else []
            return stack.enter_context(mount(path, source, *arguments))

        yield mounted


@pytest.fixture(scope="session")
def default_mount(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The simulated store on 224 CPUs, for tests that only read."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    with mount(tmp_path_factory.mktemp("mnt"), "none", "-o", "cpus=224") as path:
        yield path


def stats(mountpoint: Path) -> dict[str, int]:
    """Read `.allocfs/stats`."""
    lines = (mountpoint / ".allocfs/stats").read_text().splitlines()
    return {name: int(value) for name, value in (line.split() for line in lines)}


def control(mountpoint: Path, line: str) -> None:
    """Write one line to `.allocfs/control`."""
    with (mountpoint / ".allocfs/control").open("w") as file:
        file.write(line + "\n")


def _has_our_root(process: Path) -> bool:
    """Tell whether a process sees the same paths; one that may not be looked at does."""
    try:
        return os.path.samefile(process / "root", "/")
    except PermissionError:
        return True


def daemon_of(mountpoint: Path) -> int:
    """Return the process id of the daemon that `mount` started for a mount point.

    Another run in a chroot has mount points of the same names, and daemons in our /proc.
    """
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes().split(b"\0")
                serves = b"allocfs.mount" in command and os.fsencode(mountpoint) in command
                if serves and _has_our_root(entry):
                    return int(entry.name)
    raise LookupError(f"no daemon serves {mountpoint}")
