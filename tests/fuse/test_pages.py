"""The thread that has the kernel drop pages, with a kernel that the test holds up."""

from __future__ import annotations

import errno
import threading
from queue import SimpleQueue

import pyfuse3
import pytest

from allocfs.fuse.pages import PageDropper
from tests.conftest import DEADLINE


class Kernel:
    """A stand-in for invalidate_inode(), which waits until the test lets it go on."""

    def __init__(self) -> None:
        self.asked: SimpleQueue[int] = SimpleQueue()
        self.may_go_on = threading.Semaphore(0)
        self.error: OSError | None = None

    def invalidate_inode(self, number: int) -> None:
        self.asked.put(number)
        self.may_go_on.acquire()
        if self.error is not None:
            raise self.error


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(pyfuse3, "invalidate_inode", kernel.invalidate_inode)
    return kernel


def test_an_inode_waits_once_however_often_its_pages_are_filled(kernel: Kernel) -> None:
    pages = PageDropper()
    pages.drop([1])
    assert kernel.asked.get(timeout=DEADLINE) == 1
    for _ in range(3):
        pages.drop([1, 2])  # 1 again: pages may have been filled since the kernel was asked
    pages.drop([3])
    kernel.may_go_on.release(4)
    assert [kernel.asked.get(timeout=DEADLINE) for _ in range(3)] == [1, 2, 3]
    pages.stop()


def test_an_inode_that_the_kernel_has_forgotten_is_no_error(kernel: Kernel) -> None:
    pages = PageDropper()
    kernel.error = OSError(errno.ENOENT, "no such inode")
    kernel.may_go_on.release(2)
    pages.drop([1, 2])
    assert [kernel.asked.get(timeout=DEADLINE) for _ in range(2)] == [1, 2]
    pages.stop()
