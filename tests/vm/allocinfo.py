"""The kernel's text and the files of a mount, parsed by code that shares little with allocfs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

from allocfs.formats.records import RECORD_SIZE, decode_record

ALLOCINFO = Path("/proc/allocinfo")
SYSCTL = Path("/proc/sys/vm/mem_profiling")
LINE = re.compile(r" *(-?\d+) +(\d+) (\S+):(\d+) (?:\[(\S+)\] )?func:(\S+) (accurate:no )?$")


class Name(NamedTuple):
    """The identity of a codetag in a record."""

    module: str
    function: str
    file: str
    line: int


class Row(NamedTuple):
    """A codetag and its counters."""

    name: Name
    bytes: int
    calls: int


def kernel_rows() -> list[Row]:
    """Parse the kernel's text."""
    return text_rows("".join(ALLOCINFO.read_text().splitlines(keepends=True)[2:]))


def text_rows(text: str) -> list[Row]:
    """Parse lines of text."""
    rows = []
    for line in text.splitlines():
        match = LINE.match(line)
        assert match, line
        size, calls, file, number, module, function, _ = match.groups()
        rows.append(Row(cut(module or "", function, file, int(number)), int(size), int(calls)))
    return rows


def json_rows(text: str) -> list[Row]:
    """Parse lines of JSON."""
    rows = []
    for line in text.splitlines():
        tag = json.loads(line)
        name = cut(tag["module"], tag["function"], tag["file"], tag["line"])
        rows.append(Row(name, tag["bytes"], tag["calls"]))
    return rows


def cut(module: str, function: str, file: str, line: int) -> Name:
    """Make the name of a codetag as records have it."""
    return Name(module[-63:], function[-63:], file[-63:], line)


def rows_of(path: Path) -> list[Row]:
    """Read a file of records."""
    data = path.read_bytes()
    assert len(data) % RECORD_SIZE == 0, f"{path} holds {len(data)} bytes"
    rows = []
    for start in range(0, len(data), RECORD_SIZE):
        record = decode_record(data[start : start + RECORD_SIZE])
        rows.append(Row(Name(*record[:4]), record.bytes, record.calls))
    return rows


def pread_errno(fd: int, number: int) -> int:
    """Read a record; return the error number, 0 if the read succeeds."""
    try:
        os.pread(fd, RECORD_SIZE, number * RECORD_SIZE)
    except OSError as error:
        return error.errno or 0
    return 0
