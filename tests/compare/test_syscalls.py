"""The counting of system calls, compared with the kernel's own account of the process."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from allocfs.compare.clients import Client, ask_counters, ask_read, ask_text
from allocfs.compare.scenarios import SCENARIOS
from allocfs.compare.syscalls import Calls, CountedWork
from allocfs.kernel.abi import MERGED, Filter

ACCOUNT = Path("/proc/self/io")  # proc_pid_io(5)


class Account(NamedTuple):
    """The kernel's account of this process; reading it adds one read of `length` bytes."""

    reads: int
    bytes: int
    length: int

    @classmethod
    def now(cls) -> Account:
        """Read the account in one system call."""
        fd = os.open(ACCOUNT, os.O_RDONLY)
        text = os.read(fd, 4096)
        os.close(fd)
        values = {name: int(value) for name, value in map(bytes.split, text.splitlines())}
        return cls(values[b"syscr:"], values[b"rchar:"], len(text))


def test_each_call_is_counted(default_mount: Path) -> None:
    calls = Calls()
    fd = calls.open(f"{default_mount}/by-module/xfs")
    assert len(calls.pread(fd, 448, 0)) == 448
    assert calls.pread(fd, 448, 1 << 30) == b""
    calls.close(fd)
    assert calls.work(5) == CountedWork(opens=1, preads=2, closes=1, bytes=448, counters=5)
    assert calls.work(5).calls == 4
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_bytes_of_an_ioctl_are_those_that_move(default_mount: Path) -> None:
    calls = Calls()
    fd = calls.open(f"{default_mount}/allocinfo")
    request = MERGED.encode_get_at(129, Filter(1, modname=b"xfs"))
    calls.ioctl(fd, MERGED.content_id_number, bytes(8))
    assert calls.bytes == 8
    calls.ioctl(fd, MERGED.get_at_number, request)
    assert calls.bytes == 8 + 2 * 464
    with pytest.raises(OSError, match="No such file") as raised:
        calls.ioctl(fd, MERGED.get_next_number, bytes(224))
    assert raised.value.errno == errno.ENOENT
    assert (calls.ioctls, calls.bytes) == (3, 8 + 2 * 464)
    calls.close(fd)


@pytest.mark.skipif(not ACCOUNT.exists(), reason="this kernel keeps no account of reads")
@pytest.mark.parametrize("ask", [ask_text, ask_read, ask_counters])
def test_reads_are_those_that_the_kernel_counts(default_mount: Path, ask: Client) -> None:
    calls, before = Calls(), Account.now()
    for scenario in SCENARIOS[:5]:
        ask(calls, str(default_mount), scenario)
    after = Account.now()
    assert calls.preads == after.reads - before.reads - 1
    assert calls.bytes == after.bytes - before.bytes - before.length


def test_work_is_divided_only_if_it_was_the_same_each_time() -> None:
    assert CountedWork(10, 20, 0, 10, 4480, 2240).each(10) == CountedWork(1, 2, 0, 1, 448, 224)
    with pytest.raises(ValueError, match="not the same 10 times"):
        CountedWork(10, 21).each(10)
