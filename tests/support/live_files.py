"""Live files without a mount."""

from __future__ import annotations

import math

from allocfs.backend.counterstore import CodetagStore
from allocfs.fuse.live import LiveFiles
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.promises import Promises
from allocfs.vfs.filesystem import Filesystem
from allocfs.vfs.limits import Limits
from tests.fuse.test_periodic import Clock


class Pages(PageDropper):
    """The inodes whose pages were dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped: list[int] = []

    def drop(self, numbers: list[int]) -> None:  # type: ignore[override]
        self.dropped += numbers


def files_of(store: CodetagStore, clock: Clock, pages: Pages, max_age: float = 1.0) -> LiveFiles:
    filesystem = Filesystem(store, Limits(max_kept=1 << 20))
    return LiveFiles(filesystem, Promises(math.inf), pages, max_age, clock)
