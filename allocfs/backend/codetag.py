"""The codetag store: per-CPU counters of tags that come and go with their modules.

Modelled on lib/codetag.c and lib/alloc_tag.c of Linux: modules have the lowest free number,
built-in code among them, and are walked in the order of their numbers; each tag has one pair
of counters (bytes, calls) per CPU; an allocation counts up on the CPU that makes it, its
free counts down on the CPU that frees, and only the sum over all CPUs means anything.

The bytes of a tag are counted as lib/percpu_counter.c counts: what a CPU has counted is moved
to one number for all CPUs once it reaches a batch. That number alone then bounds the sum.
spec/size-bounds.md says what this would cost a kernel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from allocfs.backend.base import Bounds, Flags, Ints, Slots, Sums, TagList, TagTable, ignore_change
from allocfs.errors import BadControl

BYTES, CALLS = 0, 1
_AT_ONCE = 64  # tags whose counters, copied, still fit in a cache: 229 KiB on 224 CPUs
UNSUMMED = 512 * 1024  # bytes by which a tag's moved count may differ from its sum, at most


class CodetagStore:
    """Counters for every tag of a table, whether its module is loaded or not.

    `counters[slot, BYTES or CALLS, cpu]` is an s64; of the bytes it is what the CPU has not
    moved to `moved[slot]` yet. A tag has the same slot at every load of its module, so loading
    and unloading allocate nothing that lasts.
    """

    def __init__(self, table: TagTable, cpus: int, inaccurate: Slots | None = None) -> None:
        """Load all modules of a table, in the order in which they appear in it."""
        self.table = table
        self.cpus = cpus
        self.counters: NDArray[np.int64] = np.zeros((len(table), 2, cpus), dtype=np.int64)
        self.moved: Ints = np.zeros(len(table), dtype=np.int64)
        self._batch = max(1, UNSUMMED // cpus)
        self.counters_read = 0
        self.content_id = 1
        self.changed: Callable[[], None] = ignore_change
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
            self._tags = TagList.of(self.content_id, self.table, slots)
        return self._tags

    def renew(self) -> None:
        """Have nothing to take in: this is where the counters are."""

    def sums(self, slots: Slots) -> Sums:
        """Sum the counters of these tags over all CPUs, now."""
        totals = self._totals(slots)
        self.counters_read += len(slots) * self.cpus
        nbytes = totals[:, BYTES]
        nbytes += self.moved[slots]
        return Sums(nbytes, totals[:, CALLS].view(np.uint64), self._accurate[slots])

    def accurate(self, slots: Slots) -> Flags:
        """Tell which of these tags count every allocation; sums nothing."""
        return self._accurate[slots]

    def bounds(self, slots: Slots) -> Bounds:
        """Bound the bytes of these tags by what was moved; sums nothing."""
        moved = self.moved[slots]
        unmoved = (self._batch - 1) * self.cpus
        return Bounds(moved - unmoved, moved + unmoved)

    def all_loaded_since(self, content_id: int, slots: Slots) -> bool:
        """Tell whether every slot has held its tag ever since content_id."""
        if self.content_id == content_id:
            return True
        loaded_at = self.loaded_at[slots]
        return bool(((loaded_at > 0) & (loaded_at <= content_id)).all())

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
        self.changed()

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
        self.changed()

    def count(self, slots: Slots, cpus: Slots, nbytes: Ints, calls: Ints) -> None:
        """Count events: event n adds nbytes[n] and calls[n] to one tag on one CPU.

        Frees have negative numbers. One slot and CPU may occur many times.
        """
        np.add.at(self.counters[:, BYTES], (slots, cpus), nbytes)
        np.add.at(self.counters[:, CALLS], (slots, cpus), calls)
        self._move(slots, cpus)

    def _totals(self, slots: Slots) -> NDArray[np.int64]:
        """Sum bytes and calls over the CPUs, shape (slots, 2), without copying much at a time."""
        if len(slots) <= _AT_ONCE:
            return np.asarray(np.add.reduce(self.counters[slots], axis=2))
        first, last = int(slots[0]), int(slots[-1])
        if last - first + 1 == len(slots) and bool((np.diff(slots) == 1).all()):
            return np.asarray(np.einsum("tck->tc", self.counters[first : last + 1]))
        chunks = range(0, len(slots), _AT_ONCE)
        return np.concatenate([self._totals(slots[at : at + _AT_ONCE]) for at in chunks])

    def _move(self, slots: Slots, cpus: Slots) -> None:
        """Move those of some bytes counters that have reached the batch; they may recur."""
        full = np.abs(self.counters[slots, BYTES, cpus]) >= self._batch
        cells = np.unique(slots[full] * self.cpus + cpus[full])
        slots, cpus = np.divmod(cells, self.cpus)
        np.add.at(self.moved, slots, self.counters[slots, BYTES, cpus])
        self.counters[slots, BYTES, cpus] = 0

    def describe(self) -> str:
        """Say what is served."""
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
