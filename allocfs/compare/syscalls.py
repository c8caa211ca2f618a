"""Count the system calls of the clients; the clients make them through this module only."""

from __future__ import annotations

import fcntl
import os
from dataclasses import astuple, dataclass

from allocfs.kernel.abi import MERGED


@dataclass(frozen=True)
class CountedWork:
    """The system calls, bytes and counters of an answer.

    `bytes` are those moved between client and kernel. `counters` is the number of per-CPU
    counters summed; the bytes and calls of one tag on one CPU count as one.
    """

    opens: int = 0
    preads: int = 0
    ioctls: int = 0
    closes: int = 0
    bytes: int = 0
    counters: int = 0

    @property
    def calls(self) -> int:
        """The number of all system calls."""
        return self.opens + self.preads + self.ioctls + self.closes

    def each(self, times: int) -> CountedWork:
        """Return the work of one of several equal repetitions.

        Raises ValueError if the work is not a multiple of `times`: then they were not equal.
        """
        shares = [divmod(amount, times) for amount in astuple(self)]
        if any(rest for _, rest in shares):
            raise ValueError(f"{self} is not the same {times} times")
        return CountedWork(*(share for share, _ in shares))


class Calls:
    """A counter of system calls; each method but work() makes exactly one call."""

    def __init__(self) -> None:
        """Start at zero."""
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
        """Make an ioctl of allocinfo.

        Only GET_AT moves bytes to the kernel. An ioctl that fails moves none back.
        """
        self.ioctls += 1
        if number == MERGED.get_at_number:
            self.bytes += len(argument)
        data = fcntl.ioctl(fd, number, argument)
        self.bytes += len(data)
        return data

    def work(self, counters: int) -> CountedWork:
        """Return the calls and bytes so far, together with the daemon's number of counters."""
        return CountedWork(self.opens, self.preads, self.ioctls, self.closes, self.bytes, counters)
