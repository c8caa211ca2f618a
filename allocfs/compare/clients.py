"""The clients, one for each interface, each written in the way that suits its interface best.

No client decodes its answer. This favours the text: a real client would have to parse its
numbers, while records can be used without parsing.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from allocfs.client import RECORDS_PER_READ
from allocfs.compare.scenarios import Scenario
from allocfs.compare.syscalls import Calls
from allocfs.compare.textfilter import size_of
from allocfs.formats.records import COUNTERS, RECORD, RECORD_SIZE, parse_records
from allocfs.kernel.abi import MERGED
from allocfs.kernel.ioctl import Filter

_TEXT_BUFFER = 1 << 20  # bytes; one pread() returns the whole text
# FUSE does not split a read of this size. So all counters of a record are summed at one instant,
# and a short read means the end of the file.
_BUFFER = RECORDS_PER_READ * RECORD_SIZE


@dataclass(frozen=True)
class Answer:
    """The answer to a question: lines of text, or concatenated records."""

    lines: list[bytes] | None = None
    records: bytes = b""
    dtype: np.dtype[np.void] = RECORD

    def numbers(self) -> list[tuple[int, int]]:
        """Return the bytes and calls of each line or record."""
        if self.lines is not None:
            return [(size_of(line), int(line.split()[1])) for line in self.lines]
        found = parse_records(self.records, self.dtype)
        return list(zip(found["bytes"].tolist(), found["calls"].tolist(), strict=True))


Client = Callable[[Calls, str, Scenario], Answer]


class Design(StrEnum):
    """The interfaces and modes that are compared; the values are their names in tables."""

    TEXT = "text"
    IOCTL = "ioctl"
    READ = "read()"
    COUNTERS = "read() /counters"
    FIRST = "read() max_age, first"
    CACHED = "read() max_age, later"


def ask_text(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Read the text and select lines of it."""
    fd = calls.open(f"{root}/allocinfo")
    for _ in range(scenario.polls):
        lines = scenario.select(_whole_text(calls, fd))
    calls.close(fd)
    return Answer(lines)


def ask_ioctl(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Fetch the records one by one.

    The ioctl cannot sort, so the largest records are chosen among all of them here.
    """
    fd = calls.open(f"{root}/allocinfo")
    for _ in range(scenario.polls):
        records = b"".join(_matches(calls, fd, scenario.filter))
    calls.close(fd)
    return Answer(records=records if scenario.top is None else _largest(records, scenario.top))


def ask_read(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Read a file of records."""
    return Answer(records=_read(calls, f"{root}/{scenario.path}", scenario.polls))


def ask_counters(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Read a file of counters."""
    data = _read(calls, f"{root}/counters/{scenario.path}", scenario.polls)
    return Answer(records=data, dtype=COUNTERS)


CLIENTS: dict[Design, Client] = {
    Design.TEXT: ask_text,
    Design.IOCTL: ask_ioctl,
    Design.READ: ask_read,
    Design.COUNTERS: ask_counters,
    Design.FIRST: ask_read,
    Design.CACHED: ask_read,
}


def _whole_text(calls: Calls, fd: int) -> bytes:
    """Read until a read returns no bytes: a short read of a /proc file is not the end of it."""
    parts: list[bytes] = []
    offset = 0
    while part := calls.pread(fd, _TEXT_BUFFER, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


@cache
def _request(condition: Filter) -> bytes:
    """Encode the argument of GET_AT once, as the compiler does for a program in C."""
    return MERGED.encode_get_at(0, condition.request())


def _matches(calls: Calls, fd: int, condition: Filter) -> Iterator[bytes]:
    empty = bytes(RECORD_SIZE)
    try:
        yield calls.ioctl(fd, MERGED.get_at_number, _request(condition))[-RECORD_SIZE:]
        while True:
            yield calls.ioctl(fd, MERGED.get_next_number, empty)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise


def _largest(data: bytes, count: int) -> bytes:
    records = parse_records(data)
    order = np.argsort(~records["bytes"], kind="stable")
    return records[order[:count]].tobytes()


def _read(calls: Calls, path: str, polls: int) -> bytes:
    fd = calls.open(path)
    for _ in range(polls):
        data = _whole_records(calls, fd)
    calls.close(fd)
    return data


def _whole_records(calls: Calls, fd: int) -> bytes:
    """Read until a read is short: in a file of records only the last one is."""
    data = part = calls.pread(fd, _BUFFER, 0)
    while len(part) == _BUFFER:
        part = calls.pread(fd, _BUFFER, len(data))
        data += part
    return data
