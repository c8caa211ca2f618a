"""The counts that `.allocfs/stats` shows."""

from __future__ import annotations

import errno
from collections import Counter
from dataclasses import dataclass, field

_EXPECTED = (
    errno.ENOENT,
    errno.EIO,
    errno.ENOMEM,
    errno.EINVAL,
    errno.EMFILE,
    errno.ENOTTY,
    errno.EROFS,
    errno.ENAMETOOLONG,
    errno.ENODATA,
    errno.ESTALE,
)


@dataclass(slots=True)
class Stats:
    """Counts of requests since the mount."""

    lookups: int = 0
    opens: int = 0
    open_files: int = 0
    reads: int = 0
    bytes_served: int = 0
    records_served: int = 0
    ioctls: int = 0
    inodes: int = 1  # names that the kernel holds, the root among them
    waiting: int = 0  # requests for a source that is late
    slowest_ns: int = 0  # the longest that a request took from its arrival here to its answer
    errors: Counter[int] = field(default_factory=Counter)  # answered to clients, by errno

    def activity(self) -> tuple[int, ...]:
        """Return a fingerprint of activity; if it changes, there may be memory to release."""
        return self.lookups, self.opens, self.open_files, self.reads, self.ioctls, self.inodes

    def counts(self) -> dict[str, int]:
        """Return the counts by name; the slowest request is in microseconds."""
        names = ("lookups", "opens", "open_files", "reads", "bytes_served", "records_served")
        counts = {name: getattr(self, name) for name in (*names, "ioctls", "inodes", "waiting")}
        return {**counts, "slowest_us": self.slowest_ns // 1000}

    def error_counts(self) -> dict[str, int]:
        """Return the number of answers by errno; the common ones are there at 0 too."""
        numbers = dict.fromkeys(_EXPECTED) | self.errors
        return {f"error_{errno.errorcode.get(n, n)}": self.errors[n] for n in sorted(numbers)}
