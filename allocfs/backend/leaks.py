"""Leaks of a simulated store: tags that grow at a steady rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocfs.backend.counterstore import CodetagStore

_CPU = 0  # that all leaks are counted on
_NS = 1_000_000_000


@dataclass
class _Leak:
    rate: int  # bytes a second
    size: int  # bytes of one allocation
    content_id: int  # at which it began
    began_ns: int
    bytes: int = 0  # counted so far
    calls: int = 0

    def grow(self, now_ns: int) -> tuple[int, int]:
        """Return the bytes and calls that are to be counted now; the first byte is in a call."""
        nbytes = self.rate * (now_ns - self.began_ns) // _NS
        calls = -(-nbytes // self.size)
        grown = nbytes - self.bytes, calls - self.calls
        self.bytes, self.calls = nbytes, calls
        return grown


class Leaks:
    """The leaks of a store, by slot. The bytes depend on the time alone, not on who asks when."""

    def __init__(self, store: CodetagStore, clock: Callable[[], int]) -> None:
        """Begin without leaks."""
        self._store = store
        self._clock = clock
        self._leaks: dict[int, _Leak] = {}

    def __len__(self) -> int:
        return len(self._leaks)

    def set(self, slot: int, rate: int, size: int) -> None:
        """Let a tag grow by a number of bytes a second, in allocations of a size; 0 ends that."""
        self.grow()
        self._leaks.pop(slot, None)
        if rate:
            self._leaks[slot] = _Leak(rate, size, self._store.content_id, self._clock())

    def grow(self) -> None:
        """Count all bytes that have leaked until now. The leaks of unloaded tags end."""
        if self._leaks:
            self._end_unloaded()
        if not self._leaks:
            return
        now_ns = self._clock()
        grown = np.array([leak.grow(now_ns) for leak in self._leaks.values()], dtype=np.int64)
        if grown.any():
            slots = np.array(list(self._leaks), dtype=np.intp)
            self._store.count(slots, np.full(len(slots), _CPU), grown[:, 0], grown[:, 1])

    def _end_unloaded(self) -> None:
        loaded_at = self._store.loaded_at  # 0: not loaded
        self._leaks = {
            slot: leak
            for slot, leak in self._leaks.items()
            if 0 < loaded_at[slot] <= leak.content_id
        }
