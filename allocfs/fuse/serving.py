"""The serving mode of a mount: how old the contents of files may be, and where they are cached."""

from __future__ import annotations

from typing import Protocol

import pyfuse3

from allocfs.errors import NotCacheable
from allocfs.vfs.filesystem import BoundFile, View


def unknown_size() -> NotCacheable:
    """Return the refusal of a read that fills the page cache, which would end at an old size."""
    return NotCacheable("the kernel does not know the size of this rendering: use read()")


class ServingMode(Protocol):
    """The contents and attributes of files: live.LiveFiles, or periodic.PeriodicFiles."""

    direct_io: bool
    """Whether reads bypass the page cache."""

    def open(self, number: int, bound: BoundFile) -> View:
        """Return the contents of a file that is opened; `number` is its inode number."""
        ...

    def read_to_cache(self, number: int, view: View, offset: int, size: int) -> bytes:
        """Read a file for the kernel's page cache.

        Raises NotCacheable if the kernel would read less than the whole file.
        """
        ...

    def describe_entry(
        self, attributes: pyfuse3.EntryAttributes, bound: BoundFile, tags: int | None
    ) -> None:
        """Set size and times for a lookup; `tags` is the number of tags, if known."""
        ...

    def describe_file(self, attributes: pyfuse3.EntryAttributes, bound: BoundFile) -> None:
        """Set size and times for getattr."""
        ...

    async def run(self) -> None:
        """Do the work that goes on beside requests, until cancelled."""
        ...

    def expire(self) -> None:
        """Let all cached contents end now: the source was told to change."""
        ...

    def give_back(self) -> None:
        """Drop contents that are too old to be served."""
        ...

    def reset(self, number: int) -> bool:
        """Drop the contents of an inode that gets other tags; return whether it may get them."""
        ...

    def forget(self, number: int) -> None:
        """Drop the contents of an inode that the kernel has dropped."""
        ...
