"""Things by the handles that the kernel holds: open files, and listings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from allocfs.vfs.ioctl import IoctlFile
from allocfs.vfs.limits import Charge
from allocfs.vfs.nodes import Entry, File
from allocfs.vfs.view import View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file, what a read of it reads, and for `/allocinfo` what its ioctls go on from."""

    node: File
    inode: int  # 0 where there is a view
    view: View | None  # None: a read goes by the inode
    ioctl: IoctlFile | None = None


class Listing(NamedTuple):
    """A directory as it was when it was opened."""

    entries: list[Entry]
    charge: Charge


class Handles(Generic[T]):
    """Things by handle; handles count up from 1 and are not used again."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._held: dict[int, T] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, handle: int) -> T:
        return self._held[handle]

    def add(self, thing: T) -> int:
        """Hold a thing; return its handle."""
        self._last += 1
        self._held[self._last] = thing
        return self._last

    def drop(self, handle: int) -> None:
        """Hold a thing no longer."""
        del self._held[handle]
