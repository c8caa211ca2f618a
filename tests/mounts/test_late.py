"""Real mounts of a source that does not answer: another mount, with its daemon stopped."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from allocfs.kernel.ioctl import AllocinfoIoctl, Filter
from tests.conftest import (
    DEADLINE,
    Mounter,
    control,
    daemon_of,
    is_mounted,
    mount,
    stats,
    wait_until,
)
from tests.support.source_fakes import pairs

WAITING = ["by-module/xfs", "query/min_size=1M/records", "json/by-module/xfs", "text/by-module/xfs"]


def condition(root: Path) -> str:
    """Return the condition of a mount's source; to ask for it begins a pass."""
    return pairs((root / ".allocfs/source").read_text())["condition"]


@contextmanager
def stopped(source: Path, root: Path) -> Iterator[None]:
    """Stop the daemon of a mount for the length of the block, once its reader has noticed.

    Until then a pass that took long, on a busy machine, may serve for 40 ms more.
    """
    daemon = daemon_of(source)
    os.kill(daemon, signal.SIGSTOP)
    try:
        wait_until(lambda: condition(root) == "late", "the source is late")
        yield
    finally:
        os.kill(daemon, signal.SIGCONT)


class Reader(threading.Thread):
    """A thread that reads a file, and records the data or the errno."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        super().__init__()
        self._read = read
        self.data = b""
        self.errno = 0
        self.start()

    def run(self) -> None:
        try:
            self.data = self._read()
        except OSError as error:
            self.errno = error.errno or 0


def errno_of_get_at(client: AllocinfoIoctl) -> int:
    try:
        next(client.records(Filter()))
    except OSError as error:
        return error.errno or 0
    return 0


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    with mount(tmp_path / "source", "none", "-o", "cpus=4") as path:
        yield path


@pytest.fixture
def root(source: Path, mounts: Mounter) -> Path:
    return mounts("interface=text,max_age=0", source=str(source / "allocinfo"))


def test_only_those_wait_who_need_what_the_source_has_not_said(source: Path, root: Path) -> None:
    with ExitStack() as files:
        rendering = files.enter_context((root / "text/records").open("rb", buffering=0))
        begun = rendering.read(100)
        kept = files.enter_context((root / "by-module/xfs").open("rb", buffering=0))
        client = files.enter_context(AllocinfoIoctl.open(root / "allocinfo"))
        control(source, "alloc arch/x86/events/rapl.c:606 4096")
        with stopped(source, root):
            readers = [Reader((root / name).read_bytes) for name in WAITING]
            readers.append(Reader(kept.read))
            wait_until(lambda: stats(root)["waiting"] == len(readers), "all wait")
            assert condition(root) == "late"
            whole = begun
            while part := os.read(rendering.fileno(), 1 << 20):
                whole += part
            assert whole.count(b"\n") == 3219
            assert stats(root)["slowest_us"] < 5_000_000
            assert errno_of_get_at(client) == errno.EAGAIN
        for reader in readers:
            reader.join(DEADLINE)
            assert reader.errno == 0
            assert reader.data
        assert readers[0].data == readers[-1].data == (source / "by-module/xfs").read_bytes()
        rapl = "by-file/arch/x86/events/rapl.c"
        assert (root / rapl).read_bytes() == (source / rapl).read_bytes()
        assert (root / "by-file/mm/slub.c").stat().st_size > 0
        assert len(list((root / "by-module").iterdir())) == 15
    assert stats(root)["waiting"] == 0


def test_a_sendfile_that_waited_leaves_no_pages(source: Path, root: Path, tmp_path: Path) -> None:
    name = "by-file/arch/x86/events/rapl.c"
    out = tmp_path / "out"
    with (root / name).open("rb", buffering=0) as file, out.open("wb", buffering=0) as copy:

        def send() -> bytes:
            os.ftruncate(copy.fileno(), 0)
            copy.seek(0)
            while os.sendfile(copy.fileno(), file.fileno(), copy.tell(), 1 << 16):
                pass
            return out.read_bytes()

        with stopped(source, root):
            reader = Reader(send)
            wait_until(lambda: stats(root)["waiting"] == 1, "it waits")
        reader.join(DEADLINE)
        assert reader.data == (source / name).read_bytes()
        control(source, "alloc arch/x86/events/rapl.c:606 4096")
        expected = (source / name).read_bytes()
        assert reader.data != expected
        wait_until(lambda: send() == expected, "the pages are dropped")


def test_with_max_age_readers_wait_too(source: Path, mounts: Mounter) -> None:
    root = mounts("interface=text,max_age=200ms", source=str(source / "allocinfo"))
    path = root / "by-module/xfs"
    path.read_bytes()
    control(source, "unload btrfs")
    with stopped(source, root):
        readers = [Reader(path.read_bytes) for _ in range(3)]
        wait_until(lambda: stats(root)["waiting"] > 0, "one waits")
        assert condition(root) == "late"
    for reader in readers:
        reader.join(DEADLINE)
        assert reader.data == (source / "by-module/xfs").read_bytes()
    wait_until(lambda: not (root / "by-module/btrfs").exists(), "the module is seen to be gone")


def test_those_who_wait_fail_when_the_source_dies(source: Path, root: Path) -> None:
    with stopped(source, root):
        reader = Reader((root / "by-module/xfs").read_bytes)
        wait_until(lambda: stats(root)["waiting"] == 1, "it waits")
        os.kill(daemon_of(source), signal.SIGKILL)
        reader.join(DEADLINE)
    assert reader.errno == errno.EIO
    assert condition(root).endswith("Transport endpoint is not connected")
    assert len(list((root / "by-module").iterdir())) == 15


def test_the_daemon_ends_though_somebody_waits(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "mnt"
    arguments = (str(source / "allocinfo"), "-o", "interface=text,max_age=0")
    with mount(path, *arguments), stopped(source, path):
        reader = Reader((path / "by-module/xfs").read_bytes)
        wait_until(lambda: stats(path)["waiting"] == 1, "it waits")
        os.kill(daemon_of(path), signal.SIGTERM)
        reader.join(DEADLINE)
        assert reader.errno in {errno.ENOTCONN, errno.ECONNABORTED}
        wait_until(lambda: not is_mounted(path), "it is unmounted")
