"""The table of mounts, /proc/self/mountinfo."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILESYSTEM_TYPE = "fuse.allocfs"
MOUNTINFO = Path("/proc/self/mountinfo")

_OCTAL = re.compile(rb"\\([0-7]{3})")


class MountEntry(NamedTuple):
    """A line of the table; its columns are those of proc_pid_mountinfo(5)."""

    device: str  # major:minor
    point: bytes
    type: str


def mount_entries(table: Path) -> Iterator[MountEntry]:
    """Read the table, in the order in which the mounts were made."""
    for line in table.read_bytes().splitlines():
        fields = line.split(b" ")
        kind = fields[fields.index(b"-", 6) + 1].decode("utf-8", "surrogateescape")
        point = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), fields[4])
        yield MountEntry(fields[2].decode(), point, kind)


def filesystem_at(path: str, table: Path = MOUNTINFO) -> str | None:
    """Return the type of the topmost file system mounted on an absolute path."""
    types = [entry.type for entry in mount_entries(table) if entry.point == os.fsencode(path)]
    return types[-1] if types else None


def filesystem_of(device: int, table: Path = MOUNTINFO) -> str | None:
    """Return the type of the mounted file system that has a device number, as in st_dev."""
    number = f"{os.major(device)}:{os.minor(device)}"
    return next((entry.type for entry in mount_entries(table) if entry.device == number), None)
