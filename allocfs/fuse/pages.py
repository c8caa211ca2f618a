"""Have the kernel drop the pages that it caches of files."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable
from queue import SimpleQueue

import pyfuse3


class PageDropper:
    """A thread that makes the kernel drop cached pages.

    The kernel waits until reads of the same pages are answered, so the thread that answers reads
    cannot do it.
    """

    def __init__(self) -> None:
        """Start nothing yet: a thread keeps the privileges that there were at its start."""
        self._numbers: SimpleQueue[int | None] = SimpleQueue()
        self._queued: set[int] = set()
        self._thread: threading.Thread | None = None

    def drop(self, numbers: Iterable[int]) -> None:
        """Drop all pages and attributes of some inodes, soon."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        for number in numbers:
            if number not in self._queued:  # fast readers would fill the queue otherwise
                self._queued.add(number)
                self._numbers.put(number)

    def stop(self) -> None:
        """End the thread; call this before the session is closed."""
        if self._thread is not None:
            self._numbers.put(None)

    def _run(self) -> None:
        while (number := self._numbers.get()) is not None:
            self._queued.discard(number)  # before: pages may be filled meanwhile
            try:
                pyfuse3.invalidate_inode(number)
            except OSError as error:
                # The kernel has forgotten the inode meanwhile, or the mount has ended.
                if error.errno not in (errno.ENOENT, errno.ENODEV, errno.EBADF):
                    raise
