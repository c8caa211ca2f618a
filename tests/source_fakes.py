"""Texts that stand for a running kernel: modules with tags, written to a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

MODULES = {
    "": [(f"mm/{name}.c", line) for name in ("slub", "util", "shmem") for line in range(1, 30)],
    "xfs": [("fs/xfs/xfs_buf.c", line) for line in range(1, 20)],
    "ext4": [("fs/ext4/super.c", line) for line in (7, 7, 9)],
}
HEADER = "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"


def line(module: str, file: str, number: int, nbytes: int, calls: int) -> str:
    """Write a line as the kernel does; every seventh tag is inaccurate."""
    where = f"{file}:{number} [{module}] " if module else f"{file}:{number} "
    mark = "accurate:no " if number % 7 == 0 else ""
    return f"{nbytes:12d} {calls:8d} {where}func:f_{number} {mark}\n"


def text(modules: list[str], instant: int) -> bytes:
    """Write a text whose numbers tell the instant: bytes of line n are 1000 * instant + n."""
    tags = [(module, *tag) for module in modules for tag in MODULES[module]]
    lines = (line(*tag, 1000 * instant + n, instant) for n, tag in enumerate(tags))
    return (HEADER + "".join(lines)).encode()


def replace(path: Path, content: bytes) -> None:
    """Put another file in the place of one, in one step."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def pairs(text: str) -> Mapping[str, str]:
    """Read `name value` lines."""
    return dict(line.split(" ", 1) for line in text.splitlines())
