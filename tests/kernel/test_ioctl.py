"""The client side of the three ioctls, in both layouts, tried on the server side."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from allocfs.errors import BadArgument, NoMoreRecords, NoSuchCommand, SourceFailed
from allocfs.kernel import abi
from allocfs.kernel.abi import EARLIER, MERGED
from allocfs.kernel.abi import FilterMask as M
from allocfs.kernel.ioctl import AllocinfoIoctl, Filter, probe
from tests.support.ioctl_fakes import EVERYTHING, LONG, FakeBackend, Opened, expected

Ioctl = Callable[[int, int, bytes], bytes]


def merged_ioctl(opened: Opened) -> Ioctl:
    """Return a replacement of fcntl.ioctl for a file with the merged layout."""

    def ioctl(_fd: int, number: int, argument: bytes) -> bytes:
        try:
            return opened.file.handle(number, argument)
        except NoSuchCommand:
            raise OSError(errno.ENOTTY, "") from None
        except NoMoreRecords:
            raise OSError(errno.ENOENT, "") from None
        except BadArgument:
            raise OSError(errno.EINVAL, "") from None

    return ioctl


def earlier_ioctl(opened: Opened) -> Ioctl:
    """Translate between the layouts by offsets: the earlier tag data has a u64 after the tag."""
    merged = merged_ioctl(opened)

    def widened(record: bytes) -> bytes:
        return record[:200] + b"\xff" * 8 + record[200:]

    def ioctl(fd: int, number: int, argument: bytes) -> bytes:
        if number == EARLIER.get_at_number:
            pos_mask_tag, inaccurate, sizes = argument[:216], argument[216:224], argument[224:240]
            request = pos_mask_tag + sizes + inaccurate + bytes(224)
            reply = merged(fd, MERGED.get_at_number, request)
            return argument[:-232] + widened(reply[-224:])
        if number == EARLIER.get_next_number:
            return widened(merged(fd, MERGED.get_next_number, bytes(224)))
        if number == EARLIER.content_id_number:
            return merged(fd, number, argument)
        raise OSError(errno.ENOTTY, "")

    return ioctl


@pytest.fixture
def opened() -> Opened:
    return Opened(FakeBackend())


@pytest.fixture(params=[merged_ioctl, earlier_ioctl])
def client(request: pytest.FixtureRequest, opened: Opened) -> AllocinfoIoctl:
    return AllocinfoIoctl(-1, request.param(opened))


def test_probe_finds_the_layout(opened: Opened) -> None:
    assert probe(-1, merged_ioctl(opened)) is MERGED
    assert probe(-1, earlier_ioctl(opened)) is EARLIER


def test_probe_keeps_filter_and_position(opened: Opened) -> None:
    opened.get_at(0, abi.Filter(M.MODNAME, modname=b"xfs"))
    probe(-1, merged_ioctl(opened))
    assert opened.get_next() == 5


def test_probe_says_that_another_file_has_no_such_ioctls() -> None:
    with pytest.raises(SourceFailed, match="does not answer the ioctls of /proc/allocinfo"):
        AllocinfoIoctl.open(os.devnull)


def test_probe_leaves_other_errors_alone() -> None:
    def ioctl(_fd: int, _number: int, _argument: bytes) -> bytes:
        raise OSError(errno.EACCES, "no")

    with pytest.raises(PermissionError):
        probe(-1, ioctl)


def test_client_reads_the_content_id(client: AllocinfoIoctl, opened: Opened) -> None:
    opened.backend.unload("xfs", 2)
    assert client.content_id() == 2


def test_client_returns_all_records(client: AllocinfoIoctl) -> None:
    assert list(client.records()) == [expected(number) for number in EVERYTHING]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(module="xfs"), [4, 5]),
        (Filter(module=""), [0, 1, 2, 3]),
        (Filter(function="alloc_slab", line=20), [1]),
        (Filter(file=LONG), [3]),
        (Filter(accurate=False), [3, 5]),
        (Filter(accurate=True, module=""), [0, 1, 2]),
        (Filter(min_size=200, max_size=300), [5, 6]),
        (Filter(max_size=0), [1]),
        (Filter(module="btrfs"), []),
    ],
)
def test_client_filters(client: AllocinfoIoctl, wanted: Filter, numbers: list[int]) -> None:
    assert list(client.records(wanted)) == [expected(number) for number in numbers]


def test_client_returns_none_past_the_end(client: AllocinfoIoctl) -> None:
    assert client.get_at(1, Filter(module="xfs")) == expected(5)
    assert client.get_next() is None
    assert client.get_next() == expected(4)
    assert client.get_at(2, Filter(module="xfs")) is None


def test_client_raises_einval_for_sizes_that_nothing_can_have(client: AllocinfoIoctl) -> None:
    with pytest.raises(OSError, match=r"\[Errno 22\]"):
        client.get_at(0, Filter(min_size=2, max_size=1))


def test_client_closes_its_file(opened: Opened) -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    with AllocinfoIoctl(fd, merged_ioctl(opened)):
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
