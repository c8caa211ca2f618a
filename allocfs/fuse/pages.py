"""Have the kernel drop the pages that it caches of files."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable
from queue import SimpleQueue

import pyfuse3

MAX_WAIT = 1.0  # seconds


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
        self._stopping = False

    def drop(self, numbers: Iterable[int]) -> None:
        """Drop all pages and attributes of some inodes, soon."""
        for number in numbers:
            if number not in self._queued:  # fast readers would fill the queue otherwise
                self._queued.add(number)
                self._numbers.put(number)
        if self._queued and self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; call this before the session is closed, which frees it.

        The thread may wait in the kernel for a read that is not answered any more, and then lasts.
        """
        if self._thread is not None:
            self._stopping = True
            self._numbers.put(None)
            self._thread.join(MAX_WAIT)

    def _run(self) -> None:
        while (number := self._numbers.get()) is not None and not self._stopping:
            self._queued.discard(number)  # before: pages may be filled meanwhile
            try:
                pyfuse3.invalidate_inode(number)
            except OSError as error:
                # The kernel has forgotten the inode meanwhile, or the mount has ended.
                if error.errno not in (errno.ENOENT, errno.ENODEV, errno.EBADF, errno.EINVAL):
                    raise
