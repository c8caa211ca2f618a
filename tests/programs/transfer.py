"""Write one file into another from Python: transfer.py KIND FROM TO."""

from __future__ import annotations

import mmap
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Write = Callable[[Any], object]


def _mapped(path: Path, flags: int) -> bytes:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, flags, mmap.PROT_READ) as memory:
        return memory[:]


def _sent(path: Path, to: Path) -> None:
    with path.open("rb") as file, to.open("wb") as copy:
        while os.sendfile(copy.fileno(), file.fileno(), None, 1 << 20):
            pass


def transfer(kind: str, path: Path, to: Path) -> None:
    """Write the bytes of a file into another."""
    import numpy as np

    match kind:
        case "read":
            to.write_bytes(path.read_bytes())
        case "lines":
            with path.open("rb") as file:
                to.write_bytes(b"".join(file))
        case "copyfile":
            shutil.copyfile(path, to)
        case "copy2":
            shutil.copy2(path, to)
        case "sendfile":
            _sent(path, to)
        case "private":
            to.write_bytes(_mapped(path, mmap.MAP_PRIVATE))
        case "shared":
            to.write_bytes(_mapped(path, mmap.MAP_SHARED))
        case "fromfile":
            to.write_bytes(np.fromfile(path, np.uint8).tobytes())
        case "memmap r":
            to.write_bytes(np.memmap(path, np.uint8, "r").tobytes())
        case "memmap c":
            to.write_bytes(np.memmap(path, np.uint8, "c").tobytes())
        case _:
            raise ValueError(kind)


if __name__ == "__main__":
    transfer(sys.argv[1], *map(Path, sys.argv[2:]))
