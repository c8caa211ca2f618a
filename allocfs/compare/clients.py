"""The clients: each asks in the way that serves its interface best.

None of them decodes what it returns. That favours the text, whose numbers would have to be
parsed, while records can be used as they are.
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

_TEXT_BUFFER = 1 << 20  # one pread() of all
# At most so much at once: each record is then of one instant, and nothing is left to read on a
# read that is shorter.
_BUFFER = RECORDS_PER_READ * RECORD_SIZE


@dataclass(frozen=True)
class Answer:
    """What a client found: lines, or records one after the other."""

    lines: list[bytes] | None = None
    records: bytes = b""
    dtype: np.dtype[np.void] = RECORD

    def numbers(self) -> list[tuple[int, int]]:
        """Return bytes and calls of each line or record."""
        if self.lines is not None:
            return [(size_of(line), int(line.split()[1])) for line in self.lines]
        found = parse_records(self.records, self.dtype)
        return list(zip(found["bytes"].tolist(), found["calls"].tolist(), strict=True))


Client = Callable[[Calls, str, Scenario], Answer]


class Design(StrEnum):
    """The ways to ask; the value is what a table calls it."""

    TEXT = "text"
    IOCTL = "ioctl"
    READ = "read()"
    COUNTERS = "read() /counters"
    FIRST = "read() max_age, first"
    CACHED = "read() max_age, later"


def ask_text(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Read the text and search it."""
    fd = calls.open(f"{root}/allocinfo")
    for _ in range(scenario.polls):
        lines = scenario.select(_whole_text(calls, fd))
    calls.close(fd)
    return Answer(lines)


def ask_ioctl(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Get the records one by one; there is no order to ask for, so all are sorted here."""
    fd = calls.open(f"{root}/allocinfo")
    for _ in range(scenario.polls):
        records = b"".join(_matches(calls, fd, scenario.wanted))
    calls.close(fd)
    return Answer(records=records if scenario.top is None else _largest(records, scenario.top))


def ask_read(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Read the file of records."""
    return Answer(records=_read(calls, f"{root}/{scenario.path}", scenario.polls))


def ask_counters(calls: Calls, root: str, scenario: Scenario) -> Answer:
    """Read the file of counters."""
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
    """Read to the end of the file: a short read of a /proc file means nothing."""
    parts: list[bytes] = []
    offset = 0
    while part := calls.pread(fd, _TEXT_BUFFER, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


@cache
def _request(wanted: Filter) -> bytes:
    """Encode the argument of GET_AT once, as the compiler does for a program in C."""
    return MERGED.encode_get_at(0, wanted.request())


def _matches(calls: Calls, fd: int, wanted: Filter) -> Iterator[bytes]:
    empty = bytes(RECORD_SIZE)
    try:
        yield calls.ioctl(fd, MERGED.get_at_number, _request(wanted))[-RECORD_SIZE:]
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
    """Read until a read is short, which only the last one is."""
    data = part = calls.pread(fd, _BUFFER, 0)
    while len(part) == _BUFFER:
        part = calls.pread(fd, _BUFFER, len(data))
        data += part
    return data
