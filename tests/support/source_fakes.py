"""Texts in the place of a running kernel's, and an independent parser of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from allocfs.backend.procfs import TextBackend
from allocfs.backend.textfile import read_text
from allocfs.formats.records import RECORD_SIZE, decode_record

MODULES = {
    "": [(f"mm/{name}.c", line) for name in ("slub", "util", "shmem") for line in range(1, 30)],
    "xfs": [("fs/xfs/xfs_buf.c", line) for line in range(1, 20)],
    "ext4": [("fs/ext4/super.c", line) for line in (7, 7, 9)],
}
SECOND = 1_000_000_000
ALL = ["", "xfs", "ext4"]
HEADER = "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"


def line(module: str, file: str, number: int, nbytes: int, calls: int) -> str:
    """Format a line as the kernel does; every seventh tag is inaccurate."""
    where = f"{file}:{number} [{module}] " if module else f"{file}:{number} "
    mark = "accurate:no " if number % 7 == 0 else ""
    return f"{nbytes:12d} {calls:8d} {where}func:f_{number} {mark}\n"


def text(modules: list[str], instant: int) -> bytes:
    """Format a text with its instant in the numbers: line n has 1000 * instant + n bytes."""
    tags = [(module, *tag) for module in modules for tag in MODULES[module]]
    lines = (line(*tag, 1000 * instant + n, instant) for n, tag in enumerate(tags))
    return (HEADER + "".join(lines)).encode()


def replace(path: Path, content: bytes) -> None:
    """Replace a file atomically."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def pairs(text: str) -> Mapping[str, str]:
    """Parse `name value` lines."""
    return dict(line.split(" ", 1) for line in text.splitlines())


class Row(NamedTuple):
    """The fields of a line of a capture."""

    file: str
    line: int
    module: str
    function: str
    bytes: int
    calls: int
    accurate: bool


def oracle(capture: bytes) -> list[Row]:
    """Parse a capture by splitting its lines at spaces; raise ValueError if that fails."""
    rows = []
    for line in capture.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        if line.startswith(("allocinfo", "#")):
            continue
        size, calls, place, *words = [word for word in line.split(" ") if word]
        module = words.pop(0)[1:-1] if words[0].startswith("[") else ""
        key, _, function = words.pop(0).partition(":")
        if key != "func":
            raise ValueError(key)
        file, _, number = place.rpartition(":")
        accurate = "accurate:no" not in words
        rows.append(Row(file, int(number), module, function, int(size), int(calls), accurate))
    return rows


def records(path: Path) -> list[tuple[object, ...]]:
    """Read and decode a file of records."""
    data = path.read_bytes()
    starts = range(0, len(data), RECORD_SIZE)
    return [tuple(decode_record(data[start : start + RECORD_SIZE])) for start in starts]


def expected(capture: bytes) -> list[tuple[object, ...]]:
    """Return the expected records of a capture."""
    rows = oracle(capture)
    names = [(row.module, row.function[-63:], row.file[-63:], row.line) for row in rows]
    values = [(row.bytes, row.calls, row.accurate) for row in rows]
    return [(*name, *value) for name, value in zip(names, values, strict=True)]


class Gate:
    """A text whose reads block while the gate is closed, and a clock set by the test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 100 * SECOND
        self._open = threading.Event()
        self.open()

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def write(self, instant: int) -> None:
        replace(self.path, text(ALL, instant))

    def read(self, path: str) -> bytes:
        self._open.wait()
        return read_text(path)

    def clock(self) -> int:
        return self.now

    def backend(self, max_age: float) -> TextBackend:
        return TextBackend(str(self.path), max_age, 4, self.clock, self.read)
