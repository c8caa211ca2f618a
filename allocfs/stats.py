"""The counts that `.allocfs/stats` shows."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Stats:
    """What the mount has been asked since it began."""

    lookups: int = 0
    opens: int = 0
    open_files: int = 0
    reads: int = 0
    bytes_served: int = 0
    records_served: int = 0
    ioctls: int = 0
    inodes: int = 1  # names that the kernel holds, the root among them

    def lines(self) -> list[str]:
        """Return `name value` lines in the order of the fields."""
        return [f"{field.name} {getattr(self, field.name)}" for field in fields(self)]
