"""Descriptors that are held while modules come and go, read in all ways that Linux has."""

from __future__ import annotations

import errno
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from tests.conftest import DEADLINE, Mounter, control, wait_until
from tests.support.held import (
    STALE,
    HeldReader,
    History,
    Mapping,
    Read,
    Stalls,
    by_pread,
    by_sendfile,
    by_splice,
)

SECONDS = float(os.environ.get("ALLOCFS_HELD_SECONDS", "2"))
LATE = 0.1  # seconds by which values may be older than max_age
MAX_AGE = 0.2
MODES = {"default": "", "max_age": f"max_age={MAX_AGE * 1000:.0f}ms", "live": "max_age=0"}
RAPL = "by-file/arch/x86/events/rapl.c"
BUSY = 20_000  # events a second, so that the largest tag changes within milliseconds


def options(mode: str, more: str = "cpus=4") -> str:
    return ",".join(filter(None, (more, MODES[mode])))


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@pytest.fixture(params=["pread", "sendfile", "splice", "map"])
def read(request: pytest.FixtureRequest) -> Iterator[Read]:
    """A way to read."""
    mapping = Mapping(mmap.MAP_PRIVATE)
    named: dict[str, Read] = {
        "pread": by_pread,
        "sendfile": by_sendfile,
        "splice": by_splice,
        "map": mapping,
    }
    yield named[request.param]
    mapping.close()


def oldest(mode: str, read: Read) -> float:
    """Return how old a value may be, in seconds."""
    if mode == "max_age":
        return MAX_AGE + LATE
    return 0 if read is by_pread else LATE


def ways(mode: str) -> list[Read]:
    """Return four ways to read; shared maps need the page cache."""
    flags = mmap.MAP_SHARED if mode == "max_age" else mmap.MAP_PRIVATE
    return [by_pread, by_sendfile, by_splice, Mapping(flags)]


@pytest.mark.parametrize("mode", MODES)
def test_no_held_descriptor_gives_another_tag_or_an_old_value(mounts: Mounter, mode: str) -> None:
    """ALLOCFS_HELD_SECONDS sets the length; on a busy machine it goes on until all was met."""
    root = mounts(options(mode))
    end = time.monotonic() + SECONDS
    readers: list[HeldReader] = []

    def goes_on() -> bool:
        missing = not all(one.reads for one in readers) or not any(one.stale for one in readers)
        failed = any(one.failures for one in readers)
        return time.monotonic() < end + (DEADLINE if missing else 0) and not failed

    with Stalls() as stalls:
        history = History(stalls)
        for read in ways(mode):
            readers.append(HeldReader(root, history, read, oldest(mode, read), goes_on))
        for reader in readers:
            reader.start()
        while goes_on():
            history.change(root)
            time.sleep(0.01)
        for reader in readers:
            reader.join()
    assert [failure for reader in readers for failure in reader.failures] == []
    assert min(reader.reads for reader in readers) > 0
    assert sum(reader.stale for reader in readers) > 0


def records(root: Path, path: str) -> list[str]:
    """Read the tags of a file."""
    data = (root / path).read_bytes()
    return [tag_of(data[n : n + RECORD_SIZE]) for n in range(0, len(data), RECORD_SIZE)]


def tag_of(data: bytes) -> str:
    record = decode_record(data)
    return f"{record.file}:{record.line} {record.module} {record.function}"


@pytest.mark.parametrize("mode", MODES)
def test_each_descriptor_keeps_its_own_tags(mounts: Mounter, mode: str, read: Read) -> None:
    root = mounts(options(mode))
    before = records(root, "records")
    with opened(root / "records") as old:
        control(root, "unload bridge")
        time.sleep(MAX_AGE + LATE if mode == "max_age" else 0)
        after = records(root, "records")
        assert len(after) < len(before)
        with opened(root / "records") as new:
            for _ in range(2):
                for fd, tags in ((old, before), (new, after)):
                    for number in range(0, len(tags), 7):
                        assert tag_at(read, fd, number) in (tags[number], "stale")
                    assert tag_at(read, fd, 0) == tags[0]
                loaded = [tag_at(read, new, number) for number in range(0, len(after), 7)]
                assert "stale" not in loaded
                bridge = next(n for n, tag in enumerate(before) if " bridge " in tag)
                assert tag_at(read, old, bridge) == "stale"


def tag_at(read: Read, fd: int, number: int) -> str:
    """Return the tag of a record, or "stale"."""
    try:
        return tag_of(read(fd, number * RECORD_SIZE))
    except OSError as error:
        if error.errno not in STALE:
            raise
        return "stale"


@pytest.mark.parametrize("mode", MODES)
def test_a_held_descriptor_sees_new_values(mounts: Mounter, mode: str, read: Read) -> None:
    root = mounts(options(mode))
    with opened(root / RAPL) as fd, Stalls() as stalls:
        for expected in range(1, 6):
            assert decode_record(read(fd, RECORD_SIZE)).bytes == expected - 1
            control(root, "alloc arch/x86/events/rapl.c:606 1")
            changed = time.monotonic()
            wait_until(lambda n=expected: bytes_at(read, fd) == n, "the value is new")  # type: ignore[misc]
            took = time.monotonic() - changed
            late = 0.01 if read is by_pread and mode != "max_age" else oldest(mode, read)
            assert took < late + stalls.since(changed)


def bytes_at(read: Read, fd: int) -> int:
    return decode_record(read(fd, RECORD_SIZE)).bytes


@pytest.mark.parametrize("mode", MODES)
def test_traffic_is_seen_without_a_control_line(mounts: Mounter, mode: str, read: Read) -> None:
    """A control line drops pages; traffic does not, so the mode itself has to."""
    root = mounts(options(mode, f"cpus=4,rate={BUSY}"))
    with opened(root / "query/sort=-calls,limit=1/records") as fd, Stalls() as stalls:
        for _ in range(5):
            begun, before = time.monotonic(), read(fd, 0)
            wait_until(lambda old=before: read(fd, 0) != old, "the value is new")  # type: ignore[misc]
            took = time.monotonic() - begun
            assert took < LATE + (MAX_AGE if mode == "max_age" else 0) + stalls.since(begun)


def test_record_n_is_the_same_tag_after_modules_come_and_go(mounts: Mounter) -> None:
    root = mounts(options("max_age"))
    tags = records(root, "records")
    numbers = range(0, len(tags), 11)
    with ExitStack() as stack:
        fds = [stack.enter_context(opened(root / "records")) for _ in range(2)]
        for line in ("unload bridge", "unload xfs", "load bridge", "load xfs"):
            control(root, line)
            time.sleep(MAX_AGE + LATE)
            for fd, read in zip(fds, (by_pread, by_sendfile), strict=True):
                for number in numbers:
                    assert tag_at(read, fd, number) in (tags[number], "stale")
                gone = next(n for n, tag in enumerate(tags) if " bridge " in tag)
                assert tag_at(by_pread, fd, gone) == "stale"


@pytest.mark.parametrize("mode", ["default", "live"])
@pytest.mark.parametrize("path", ["text/records", "json/records", "allocinfo"])
def test_a_map_of_a_rendering_has_all_its_bytes(mounts: Mounter, mode: str, path: str) -> None:
    """The kernel reads it in parts, and again if a page was dropped before its use."""
    root = mounts(options(mode))
    data = (root / path).read_bytes()
    with opened(root / path) as fd:
        for _ in range(20):
            assert os.fstat(fd).st_size == len(data)
            with mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
                copy = os.memfd_create("copy")
                with memoryview(mapped) as view:
                    assert os.write(copy, view) == len(data)
                assert os.pread(copy, len(data), 0) == data
                os.close(copy)


def test_a_lookup_does_not_end_a_copy_under_way(mounts: Mounter) -> None:
    root = mounts(options("default"))
    with opened(root / "text/records") as fd:
        size = os.fstat(fd).st_size
        assert len(by_sendfile(fd, 0)) == RECORD_SIZE
        time.sleep(1.2)
        os.listdir(root / "text")  # looks the names up, with their sizes
        os.listdir(root / "text")
        assert len(by_sendfile(fd, size - RECORD_SIZE)) == RECORD_SIZE


def test_a_rendering_of_another_size_is_refused(mounts: Mounter) -> None:
    root = mounts(options("live"))
    with opened(root / "text/by-module/xfs") as fd:
        assert os.fstat(fd).st_size > 0
        control(root, "alloc fs/xfs/libxfs/xfs_alloc.c:2651 12345678901234")
        for read in (by_sendfile, by_splice):
            with pytest.raises(OSError) as raised:
                read(fd, 0)
            assert raised.value.errno == errno.EINVAL
        os.fstat(fd)
        assert by_sendfile(fd, 0) == os.pread(fd, RECORD_SIZE, 0)


def test_with_max_age_a_rendering_of_another_size_is_refused(mounts: Mounter) -> None:
    """sendfile() asks for no attributes, so the contents have to fit the size that is known."""
    root = mounts(options("max_age"))
    with opened(root / "text/by-module/xfs") as fd:
        os.fstat(fd)
        control(root, "alloc fs/xfs/libxfs/xfs_alloc.c:2651 12345678901234")
        time.sleep(2 * MAX_AGE)
        with pytest.raises(OSError) as raised:
            by_sendfile(fd, 0)
        assert raised.value.errno == errno.EINVAL
        os.fstat(fd)
        assert by_sendfile(fd, 0) == os.pread(fd, RECORD_SIZE, 0)
