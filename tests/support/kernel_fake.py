"""A fake kernel: its text is in a file, and it answers the ioctls in one of two layouts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import NoMoreRecords, NoSuchCommand
from allocfs.formats.records import RecordEncoder
from allocfs.formats.textlines import HEADER, format_lines
from allocfs.kernel.abi import EARLIER, MERGED
from allocfs.kernel.ioctl import AllocinfoIoctl
from allocfs.tags.rows import Rows
from allocfs.tags.table import Codetag, TagTable
from allocfs.vfs.allocinfo import IoctlFile

CPUS = 3
LONG = "x" * 70
BUILT_IN = [Codetag(f"mm/{n % 7}.c", n, f"f{n % 5}") for n in range(200)]
ALIKE = [  # in pairs: alike in all, and alike once they are cut
    Codetag("fs/xfs/a.c", 1, "f", "xfs"),
    Codetag("fs/xfs/a.c", 1, "f", "xfs"),
    Codetag(f"one/{LONG}.c", 2, "g", "xfs"),
    Codetag(f"two/{LONG}.c", 2, "g", "xfs"),
    Codetag("fs/xfs/b.c", 3, f"one_{LONG}", "xfs"),
    Codetag("fs/xfs/b.c", 3, f"two_{LONG}", "xfs"),
]
EXT4 = [Codetag("fs/ext4/a.c", n, "f", "ext4") for n in range(10)]
TAGS = [*BUILT_IN, *ALIKE, *EXT4]
INACCURATE = [3, 201, 203, 210]


class Kernel:
    """A store with its text in a file, and with ioctls in one of two layouts."""

    def __init__(self, path: Path, layout: str = "merged") -> None:
        self.path = path
        self.layout = layout
        self.store = CodetagStore(TagTable.from_tags(TAGS), CPUS, np.array(INACCURATE))
        rng = np.random.default_rng(1)
        self.store.counters[:] = rng.integers(-1000, 1000, self.store.counters.shape)
        self.encoder = RecordEncoder.from_table(self.store.table)
        self.error = 0
        self.records = 0
        self.write_text()

    def write_text(self) -> None:
        slots = self.store.tags.slots
        lines = format_lines(Rows(self.store.table, slots, self.store.sums(slots)))
        self.path.write_bytes(HEADER + lines)

    def load(self, module: str) -> None:
        self.store.load(module)
        self.write_text()

    def unload(self, module: str) -> None:
        self.store.unload(module)
        self.write_text()

    def open(self, path: str) -> AllocinfoIoctl:
        """Open the file, in the place of AllocinfoIoctl.open."""
        assert path == str(self.path)
        file = IoctlFile(self.store, lambda: self.encoder)
        return AllocinfoIoctl(os.open(os.devnull, os.O_RDONLY), self._ioctl(file))

    def _ioctl(self, file: IoctlFile) -> Callable[[int, int, bytes], bytes]:
        answer = file.handle if self.layout == "merged" else earlier(file)

        def ioctl(_fd: int, number: int, argument: bytes) -> bytes:
            if self.error:
                raise OSError(self.error, os.strerror(self.error))
            try:
                reply = answer(number, argument)
            except NoSuchCommand:
                raise OSError(errno.ENOTTY, "") from None
            except NoMoreRecords:
                raise OSError(errno.ENOENT, "") from None
            self.records += number != MERGED.content_id_number
            return reply

        return ioctl


def earlier(file: IoctlFile) -> Callable[[int, bytes], bytes]:
    """Translate between the layouts by offsets: the earlier tag data has a u64 after the tag."""

    def widened(record: bytes) -> bytes:
        return record[:200] + b"\xff" * 8 + record[200:]

    def answer(number: int, argument: bytes) -> bytes:
        if number == EARLIER.get_at_number:
            pos_mask_tag, inaccurate, sizes = argument[:216], argument[216:224], argument[224:240]
            request = pos_mask_tag + sizes + inaccurate + bytes(224)
            reply = file.handle(MERGED.get_at_number, request)
            return argument[:-232] + widened(reply[-224:])
        if number == EARLIER.get_next_number:
            return widened(file.handle(MERGED.get_next_number, b""))
        if number == EARLIER.content_id_number:
            return file.handle(number, argument)
        raise NoSuchCommand("of the merged layout")

    return answer
