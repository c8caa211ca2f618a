"""Eight codetags, a backend with them, and an open file with ioctls."""

from __future__ import annotations

import numpy as np

from allocfs.backend.base import Backend
from allocfs.errors import NoMoreRecords
from allocfs.formats.records import Record, RecordEncoder, decode_record
from allocfs.kernel.abi import MERGED, Filter
from allocfs.tags.table import Bounds, Codetag, Flags, Slots, Sums, TagList, TagTable
from allocfs.vfs.allocinfo import IoctlFile

LONG = "drivers/" + "x" * 70 + "/long.c"  # 85 bytes
TAGS = [
    (Codetag("mm/slub.c", 10, "alloc_slab"), 4096, 1, True),
    (Codetag("mm/slub.c", 20, "alloc_slab"), 0, 0, True),
    (Codetag("mm/slub.c", 20, "free_slab"), -64, 2**64 - 1, True),
    (Codetag(LONG, 2**32 - 1, "f" * 63), 1 << 40, 7, False),
    (Codetag("fs/xfs/xfs_buf.c", 10, "xfs_buf_alloc", "xfs"), 100, 3, True),
    (Codetag("fs/xfs/xfs_log.c", 11, "xfs_log", "xfs"), 200, 4, False),
    (Codetag("fs/ext4/super.c", 12, "ext4_alloc", "ext4"), 300, 5, True),
    (Codetag("fs/ext4/super.c", 13, "ext4_alloc", "ext4"), 400, 6, True),
]
CPUS = 3
EVERYTHING = list(range(len(TAGS)))
NO_FILTER = Filter()


class FakeBackend(Backend):
    """A backend with TAGS that records the summed slots, and can load and unload modules."""

    cpus = CPUS

    def __init__(self) -> None:
        super().__init__()
        self.table = TagTable.from_tags([tag for tag, *_ in TAGS])
        self.summed: list[int] = []
        self.loaded_at = {"": 1, "xfs": 1, "ext4": 1}
        self.load("ext4", 1)

    def load(self, module: str, content_id: int) -> None:
        self.loaded_at[module] = content_id
        self._list(content_id)

    def unload(self, module: str, content_id: int) -> None:
        del self.loaded_at[module]
        self._list(content_id)

    def _list(self, content_id: int) -> None:
        """List the tags of the loaded modules in the order of loading."""
        slots = [
            slot
            for module in self.loaded_at
            for slot, (tag, *_) in enumerate(TAGS)
            if tag.module == module
        ]
        self._tags = TagList.from_slots(content_id, self.table, np.array(slots, dtype=np.intp))

    @property
    def tags(self) -> TagList:
        return self._tags

    def sums(self, slots: Slots) -> Sums:
        self.summed += slots.tolist()
        self.counters_read += len(slots) * CPUS
        _, sizes, calls, accurate = zip(*(TAGS[slot] for slot in slots), strict=True)
        return Sums(
            np.array(sizes, dtype=np.int64),
            np.array(calls, dtype=np.uint64),
            np.array(accurate, dtype=np.bool_),
        )

    def accurate(self, slots: Slots) -> Flags:
        return np.array([TAGS[slot][3] for slot in slots], dtype=np.bool_)

    def bounds(self, slots: Slots) -> Bounds:
        raise AssertionError("the kernel knows no bounds")

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        modules = [TAGS[slot][0].module for slot in slots]
        return all(self.loaded_at.get(module, content_id + 1) <= content_id for module in modules)

    def describe(self) -> str:
        return ""


class Opened:
    """An open file whose ioctls return indices into TAGS instead of records."""

    def __init__(self, backend: FakeBackend) -> None:
        self.backend = backend
        encoder = RecordEncoder.from_table(backend.table)
        self.file = IoctlFile(backend, lambda: encoder)

    def get_at(self, pos: int, wanted: Filter = NO_FILTER) -> int:
        argument = MERGED.encode_get_at(pos, wanted)
        return self._number(self.file.handle(MERGED.get_at_number, argument)[-224:])

    def get_next(self) -> int:
        return self._number(self.file.handle(MERGED.get_next_number, b""))

    def all(self, wanted: Filter) -> list[int]:
        found = [self.get_at(0, wanted)]
        try:
            while True:
                found.append(self.get_next())
        except NoMoreRecords:
            return found

    def _number(self, data: bytes) -> int:
        return [expected(number) for number in range(len(TAGS))].index(decode_record(data))


def expected(number: int) -> Record:
    tag, size, calls, accurate = TAGS[number]
    names = (tag.module[-63:], tag.function[-63:], tag.file[-63:])
    return Record(*names, tag.line, size, calls, accurate)
