"""The codetag store: per-CPU counters of tags that come and go with their modules.

Modelled on lib/codetag.c and lib/alloc_tag.c of Linux: modules have the lowest free number,
built-in code among them, and are walked in the order of their numbers; each tag has one pair
of counters (bytes, calls) per CPU; an allocation counts up on the CPU that makes it, its
free counts down on the CPU that frees, and only the sum over all CPUs means anything.

Both are counted as lib/percpu_counter.c counts: a CPU moves its count to one number for all CPUs
once the count reaches a batch. A CPU's counter then needs 32 bits only, and that number alone
bounds the sum. spec/size-bounds.md tells the cost of this in a kernel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from allocfs.backend.base import Backend
from allocfs.errors import BadControl
from allocfs.tags.slots import consecutive, loaded_since
from allocfs.tags.table import Bounds, Flags, Ints, Slots, Sums, TagList, TagTable

BYTES, CALLS = 0, 1
_TAGS_PER_CHUNK = 64  # tags whose counters, copied, still fit in a cache: 115 KiB on 224 CPUs
UNSUMMED = 512 * 1024  # the most by which the moved part of a tag may differ from its sum


class CodetagStore(Backend):
    """Counters for every tag of a table, whether its module is loaded or not.

    `counters[slot, BYTES or CALLS, cpu]`, an s32, is the part that the CPU has not moved to
    `moved[slot, BYTES or CALLS]`, an s64, yet. A tag has the same slot at every load of its
    module, so loading and unloading allocate nothing that lasts.
    """

    def __init__(self, table: TagTable, cpus: int, inaccurate: Slots | None = None) -> None:
        """Load all modules of a table, in the order in which they appear in it."""
        super().__init__()
        self.table = table
        self.cpus = cpus
        self.counters: NDArray[np.int32] = np.zeros((len(table), 2, cpus), dtype=np.int32)
        self.moved: Ints = np.zeros((len(table), 2), dtype=np.int64)
        self._batch = max(1, UNSUMMED // cpus)
        self.content_id = 1
        self.loaded_at: Ints = np.ones(len(table), dtype=np.int64)  # a content_id, 0: not loaded
        self._accurate: Flags = np.ones(len(table), dtype=np.bool_)
        if inaccurate is not None:
            self._accurate[inaccurate] = False
        self._order: list[int | None] = list(range(len(table.module.values)))
        self._tags: TagList | None = None

    @property
    def tags(self) -> TagList:
        """The tags of the loaded modules, in the order of the modules' numbers."""
        if self._tags is None:
            loaded = [self._module_slots(value) for value in self._order if value is not None]
            slots = np.concatenate(loaded) if loaded else np.empty(0, dtype=np.intp)
            self._tags = TagList.from_slots(self.content_id, self.table, slots)
        return self._tags

    def sums(self, slots: Slots) -> Sums:
        """Sum the counters of these tags over all CPUs, now."""
        totals = np.empty((len(slots), 2), dtype=np.int64)
        accurate = np.empty(len(slots), dtype=np.bool_)
        self.sum_into(slots, totals, accurate)
        return Sums(totals[:, BYTES], totals[:, CALLS].view(np.uint64), accurate)

    def sum_into(self, slots: Slots, totals: Ints, accurate: Flags) -> None:
        """Sum as sums() does, into `totals`, rows of bytes and calls, and into `accurate`."""
        np.add(self._not_moved(slots), self.moved.take(slots, 0), out=totals)
        accurate[:] = self._accurate.take(slots)
        self.counters_read += len(slots) * self.cpus

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags count every allocation; sums nothing."""
        return self._accurate[slots]

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these tags by the moved part; sums nothing."""
        moved = self.moved[slots, BYTES]
        unmoved = (self._batch - 1) * self.cpus
        return Bounds(moved - unmoved, moved + unmoved)

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its tag ever since content_id."""
        if self.content_id == content_id:
            return True
        return bool(loaded_since(self.loaded_at, content_id, slots).all())

    def load(self, module: str) -> None:
        """Load a module's tags, with all counters zero, as the lowest free number.

        Raises BadControl if no such module is known or if it is loaded.
        """
        value = self._known_module(module)
        if value in self._order:
            raise BadControl(f"load {module}: it is loaded already")
        if None in self._order:
            self._order[self._order.index(None)] = value
        else:
            self._order.append(value)
        self.loaded_at[self._module_slots(value)] = self._next_content_id()
        self.announce_change()

    def unload(self, module: str) -> None:
        """Unload a module's tags; their counters are gone.

        Raises BadControl if the module is not loaded.
        """
        value = self._known_module(module)
        if value not in self._order:
            raise BadControl(f"unload {module}: it is not loaded")
        slots = self._module_slots(value)
        self._order[self._order.index(value)] = None
        self.loaded_at[slots] = 0
        self.counters[slots] = 0
        self.moved[slots] = 0
        self._next_content_id()
        self.announce_change()

    def count(self, slots: Slots, cpus: Slots, nbytes: Ints, calls: Ints) -> None:
        """Count events: event n adds nbytes[n] and calls[n] to one tag on one CPU.

        Frees have negative numbers. One slot and CPU may occur many times.
        """
        cells, event_cells = np.unique(slots * self.cpus + cpus, return_inverse=True)
        slots, cpus = np.divmod(cells, self.cpus)
        for which, events in ((BYTES, nbytes), (CALLS, calls)):
            counted = self.counters[slots, which, cpus].astype(np.int64)
            np.add.at(counted, event_cells, events)
            self.counters[slots, which, cpus], moved = self._split(counted)
            np.add.at(self.moved[:, which], slots, moved)

    def _split(self, counted: Ints) -> tuple[Ints, Ints]:
        """Split the counts of CPUs into the part that stays theirs and the part to be moved."""
        # Not by abs(), of which the lowest s64 is negative.
        full = (counted >= self._batch) | (counted <= -self._batch)
        return np.where(full, 0, counted), np.where(full, counted, 0)

    def _not_moved(self, slots: Slots) -> NDArray[np.int32]:
        """Sum over the CPUs, shape (slots, 2), without copying much at a time.

        The unmoved part of a tag is less than UNSUMMED, so its sum fits in 32 bits.
        """
        if len(slots) <= _TAGS_PER_CHUNK:
            return np.asarray(np.add.reduce(self.counters.take(slots, 0), 2, np.int32))
        rows = consecutive(slots)
        if rows is not None:
            return np.asarray(np.einsum("tck->tc", self.counters[rows]))
        parts = (slots[at : at + _TAGS_PER_CHUNK] for at in range(0, len(slots), _TAGS_PER_CHUNK))
        return np.concatenate([self._not_moved(part) for part in parts])

    def describe(self) -> str:
        """Name the store and its CPUs."""
        return f"source codetag store\ncpus {self.cpus}"

    def _next_content_id(self) -> int:
        self.content_id += 1
        self._tags = None
        return self.content_id

    def _known_module(self, module: str) -> int:
        """Return the number of a module's name in the table."""
        if module in self.table.module.values and module:
            return self.table.module.values.index(module)
        known = ", ".join(sorted(name for name in self.table.module.values if name))
        raise BadControl(f"no module {module!r} in this store; it knows {known or 'none'}")

    def _module_slots(self, value: int) -> Slots:
        """Return the slots of a module by the number of its name, in the table's order."""
        return np.flatnonzero(self.table.module.ids == value)
