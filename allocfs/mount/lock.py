"""The lock that lets one command at a time mount on a directory."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from types import TracebackType

from allocfs.kernel.mounttable import FILESYSTEM_TYPE, filesystem_at

# Every user who can open the directory can hold its lock. So the lock is waited for, but it
# cannot keep another user from mounting.
MAX_WAIT = 10.0  # seconds
_RETRY = 0.02  # seconds


class MountLock:
    """An flock(2) on the directory that is mounted on; a context manager.

    It closes the gap between the check that nothing is mounted and the mount. It is on the
    directory below the mount, and needs no write permission. Without read permission there is no
    lock. The descriptor is closed by release(), in a daemon, and by exec().
    """

    def __init__(self, path: str, max_wait: float = MAX_WAIT) -> None:
        """Lock nothing yet."""
        self._path = path
        self._max_wait = max_wait
        self._fd = -1

    def __enter__(self) -> MountLock:
        """Wait for the lock."""
        # A mount of allocfs is refused anyway, and its daemon might not answer an open.
        if filesystem_at(self._path) != FILESYSTEM_TYPE:
            with suppress(OSError):
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK
                self._fd = os.open(self._path, flags)
                self._wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self.release()

    def release(self) -> None:
        """Let the next command check the directory; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _wait(self) -> None:
        deadline = time.monotonic() + self._max_wait
        while time.monotonic() < deadline:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_RETRY)
            else:
                return
