"""Compare the files of two directories; those of the first are read through mmap() only."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

FLAGS = {"private": mmap.MAP_PRIVATE, "shared": mmap.MAP_SHARED}


def read_by_mmap(path: Path, flags: int) -> bytes:
    """Return the contents of a file, copied from a mapping."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, flags, mmap.PROT_READ) as memory:
        return memory[:]


def main() -> None:
    """Raise an exception if a file cannot be mapped or differs."""
    kind, mount, expected = sys.argv[1:]
    for path in filter(Path.is_file, Path(mount).rglob("*")):
        copy = Path(expected) / path.relative_to(mount)
        assert read_by_mmap(path, FLAGS[kind]) == copy.read_bytes(), path


if __name__ == "__main__":
    main()
