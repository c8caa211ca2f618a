"""The limits of a mount, reached by real clients: requests fail only while they are exceeded."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from allocfs.mount.serve import GIVE_BACK_EVERY
from tests.conftest import DEADLINE, Mounter, control, daemon_of, stats, wait_until


def memory(mountpoint: Path) -> int:
    """Return the resident memory of the daemon in bytes."""
    status = Path(f"/proc/{daemon_of(mountpoint)}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Close the files of a test at its end."""
    with ExitStack() as stack:
        yield stack


def open_one(opened: ExitStack, path: Path) -> int:
    fd = os.open(path, os.O_RDONLY)
    opened.callback(os.close, fd)
    return fd


def code_of(call: Callable[..., object], *arguments: object) -> int:
    """Return the errno of a failing call, or 0."""
    try:
        call(*arguments)
    except OSError as error:
        return error.errno or -1
    return 0


def open_until_refused(opened: ExitStack, path: Path) -> tuple[int, int]:
    """Open a path until open() fails; return the number of successes and the errno."""
    for count in range(1000):
        if code := code_of(open_one, opened, path):
            return count, code
    raise AssertionError("never refused")


def test_no_more_than_max_open_files_and_directories_are_open(
    mounts: Mounter, opened: ExitStack
) -> None:
    mountpoint = mounts("cpus=2,max_open=8")
    open_one(opened, mountpoint / "by-module")
    assert open_until_refused(opened, mountpoint / "records") == (7, errno.EMFILE)
    assert code_of(os.listdir, mountpoint / "by-file") == errno.EMFILE
    # Files of .allocfs can still be opened, up to a second limit.
    assert stats(mountpoint)["open_files"] == 8
    assert open_until_refused(opened, mountpoint / ".allocfs/stats") == (16, errno.EMFILE)
    opened.close()
    # The kernel sends releases after close() has returned.
    wait_until(lambda: not code_of((mountpoint / "records").read_bytes), "files are closed")
    wait_until(lambda: stats(mountpoint)["open_files"] == 1, "all are closed")
    assert stats(mountpoint)["error_EMFILE"] >= 2


def test_text_beyond_max_kept_is_refused_and_records_are_not(
    mounts: Mounter, opened: ExitStack
) -> None:
    mountpoint = mounts("cpus=2,max_kept=1M")
    # Each of these files has all tags.
    paths = [mountpoint / f"text/query/min_size=-{query}/records" for query in range(1, 9)]
    codes = [code_of(os.stat, path) for path in paths]
    assert set(codes) == {0, errno.ENOMEM}
    assert codes == sorted(codes)
    assert stats(mountpoint)["kept_bytes"] <= 1 << 20
    assert (mountpoint / "records").stat().st_size == len((mountpoint / "records").read_bytes())
    assert stats(mountpoint)["error_ENOMEM"] == codes.count(errno.ENOMEM)
    control(mountpoint, "rate 0")  # ends the second for which renderings are kept
    assert len(paths[-1].read_bytes()) > 200_000


def test_an_open_text_keeps_its_memory_until_its_end(mounts: Mounter, opened: ExitStack) -> None:
    mountpoint = mounts("cpus=2,max_kept=1M")
    fd = open_one(opened, mountpoint / "text/records")
    os.pread(fd, 100, 0)
    control(mountpoint, "rate 0")
    assert stats(mountpoint)["kept_bytes"] > 200_000
    while os.read(fd, 1 << 20):
        pass
    wait_until(lambda: stats(mountpoint)["kept_bytes"] < 1 << 17, "the rendering is gone")


def test_listings_count_towards_max_kept(mounts: Mounter, opened: ExitStack) -> None:
    mountpoint = mounts("cpus=2,max_kept=1M")
    count, code = open_until_refused(opened, mountpoint / "by-function")
    assert (1 <= count <= 4, code) == (True, errno.ENOMEM)
    opened.close()
    # The text of stats is kept itself while it is read.
    wait_until(lambda: stats(mountpoint)["kept_bytes"] < 1 << 11, "the listings are gone")
    assert len(os.listdir(mountpoint / "by-function")) > 2000


def test_text_held_for_a_period_counts_towards_max_kept(mounts: Mounter) -> None:
    mountpoint = mounts("cpus=2,max_kept=1M,max_age=600s")
    # Each of these files has all tags.
    paths = [mountpoint / f"text/query/min_size=-{query}/records" for query in range(1, 9)]
    codes = [code_of(os.stat, path) for path in paths]
    assert set(codes) == {0, errno.ENOMEM}
    assert stats(mountpoint)["kept_bytes"] <= 1 << 20


def test_no_more_than_max_queries_are_remembered(mounts: Mounter) -> None:
    mountpoint = mounts("cpus=2,max_queries=4")
    for line in range(1, 21):
        (mountpoint / f"query/line={line}/records").read_bytes()
    assert set(os.listdir(mountpoint / "query")) == {".help", *(f"line={n}" for n in range(17, 21))}
    assert stats(mountpoint)["queries"] == 4


def test_the_memory_of_open_files_and_forgotten_queries_comes_back(mounts: Mounter) -> None:
    """Open 500 files and look up 2000 queries; ALLOCFS_FILES and ALLOCFS_QUERIES set others."""
    mountpoint = mounts("cpus=224")
    files = [path for path in mountpoint.glob("by-f*/**/*") if path.is_file()]
    count = int(os.environ.get("ALLOCFS_FILES", "500"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 500), hard))
    # Fill the caches that all clients share: the names by number, and the records of all tags.
    (mountpoint / "records").read_bytes()
    for path in files:
        path.stat()
    before = memory(mountpoint)
    for _ in range(2):
        with ExitStack() as opened:
            for number in range(count):
                os.read(open_one(opened, files[number % len(files)]), 224)
        for line in range(int(os.environ.get("ALLOCFS_QUERIES", "2000"))):
            os.stat(mountpoint / f"query/line={line}/records")
        wait_until(lambda: stats(mountpoint)["open_files"] == 1, "all are closed")
        wait_until(
            lambda: memory(mountpoint) - before < 5 << 20,
            "memory is back",
            GIVE_BACK_EVERY + DEADLINE,
        )
        print(f"{(memory(mountpoint) - before) / (1 << 20):+.1f} MiB")


def test_errors_are_counted_by_errno_and_the_slowest_request_is_told(mounts: Mounter) -> None:
    mountpoint = mounts("cpus=2")
    before = stats(mountpoint)
    paths = ("nosuch", "query/nosuch", "by-file/nosuch.c")
    codes = [code_of(os.stat, mountpoint / path) for path in paths]
    assert codes == [errno.ENOENT, errno.EINVAL, errno.ENOENT]
    after = stats(mountpoint)
    assert after["error_ENOENT"] == before.get("error_ENOENT", 0) + 2
    assert after["error_EINVAL"] == 1
    assert 0 < after["slowest_us"] < 20_000_000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
@pytest.mark.parametrize(("played", "kept"), [(False, 1 << 21), (True, 1 << 21 | 1 << 2)])
def test_the_daemon_keeps_no_privilege_that_it_has_no_use_for(
    played: bool, kept: int, mounts: Mounter, tmp_path: Path
) -> None:
    capture = tmp_path / "capture.txt"
    capture.write_text("4096 1 mm/slub.c:1 func:f\n")
    mountpoint = mounts(source=f"{capture}:{capture}" if played else "none")
    process = Path(f"/proc/{daemon_of(mountpoint)}")
    # A mount is there before the privileges to mount are dropped.
    wait_until(lambda: "NoNewPrivs:\t1" in (process / "status").read_text(), "they are dropped")
    for task in (process / "task").iterdir():
        lines = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
        for capabilities in ("CapPrm", "CapEff", "CapBnd"):
            assert int(lines[capabilities], 16) & ~kept == 0, capabilities
        assert int(lines["CapInh"], 16) == int(lines["CapAmb"], 16) == 0
        assert lines["NoNewPrivs"] == "1"
