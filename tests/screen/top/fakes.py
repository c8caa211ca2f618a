"""A source whose numbers a test sets, and its clock."""

from __future__ import annotations

import numpy as np

from allocfs.backend.counterstore import CodetagStore
from allocfs.client.trees import LocalTree
from allocfs.errors import SourceFailed
from allocfs.screen.top.watch import Watch
from allocfs.tags.table import TagTable
from tests.conftest import TAGS


class FakeTree(LocalTree):
    """The files over a store, which can fail."""

    def __init__(self, store: CodetagStore) -> None:
        super().__init__("a store", store)
        self.fails = False

    def read(self, path: str) -> bytes:
        if self.fails:
            raise SourceFailed("the source is gone")
        return super().read(path)


class Scene:
    """A store of eight codetags, watched by a clock."""

    def __init__(self) -> None:
        self.store = CodetagStore(TagTable.from_tags(TAGS), cpus=2)
        self.now = 100.0
        self.grow({slot: 1000 * (slot + 1) for slot in range(len(TAGS))})
        self.tree = FakeTree(self.store)
        self.watch = Watch(self.tree, lambda: self.now)

    def grow(self, sizes: dict[int, int], calls: int = 1) -> None:
        """Count bytes at some slots."""
        slots, nbytes = np.array(list(sizes)), np.array(list(sizes.values()))
        self.store.count(slots, np.zeros_like(slots), nbytes, np.full_like(slots, calls))

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass, and tick."""
        self.now += seconds
        self.watch.tick()
