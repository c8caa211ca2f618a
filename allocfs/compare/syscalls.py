"""System calls that are counted as they are made: what a client does is what is reported."""

from __future__ import annotations

import fcntl
import os
from dataclasses import astuple, dataclass

from allocfs.kernel.abi import MERGED


@dataclass(frozen=True)
class Work:
    """What was done for an answer.

    `bytes` are those that crossed between client and kernel; `counters` is how many per-CPU
    counters were summed, a pair of bytes and calls being one.
    """

    opens: int = 0
    preads: int = 0
    ioctls: int = 0
    closes: int = 0
    bytes: int = 0
    counters: int = 0

    @property
    def calls(self) -> int:
        """All system calls."""
        return self.opens + self.preads + self.ioctls + self.closes

    def each(self, times: int) -> Work:
        """Divide what was done several times over. Raises ValueError if it was not the same."""
        shares = [divmod(amount, times) for amount in astuple(self)]
        if any(rest for _, rest in shares):
            raise ValueError(f"{self} is not the same {times} times")
        return Work(*(share for share, _ in shares))


class Calls:
    """The system calls of a client. Each method makes exactly one."""

    def __init__(self) -> None:
        """Count from zero."""
        self.opens = self.preads = self.ioctls = self.closes = self.bytes = 0

    def open(self, path: str) -> int:
        """Open a file for reading."""
        self.opens += 1
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self, fd: int) -> None:
        """Close a file."""
        self.closes += 1
        os.close(fd)

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        """Read bytes at an offset."""
        self.preads += 1
        data = os.pread(fd, size, offset)
        self.bytes += len(data)
        return data

    def ioctl(self, fd: int, number: int, argument: bytes) -> bytes:
        """Make one of allocinfo's ioctls. Only GET_AT takes bytes in; one that fails gives none."""
        self.ioctls += 1
        if number == MERGED.get_at_number:
            self.bytes += len(argument)
        data = fcntl.ioctl(fd, number, argument)
        self.bytes += len(data)
        return data

    def work(self, counters: int) -> Work:
        """Return what was done so far, with the counters that were summed meanwhile."""
        return Work(self.opens, self.preads, self.ioctls, self.closes, self.bytes, counters)
