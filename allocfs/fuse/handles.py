"""Objects by the handles that the kernel holds: open files, and listings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from allocfs.vfs.filesystem import IoctlFile, View
from allocfs.vfs.nodes import File

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file, its contents, and for `/allocinfo` the state of its ioctls."""

    inode: int
    node: File
    view: View
    ioctl: IoctlFile | None = None


class Handles(Generic[T]):
    """Objects by handle; handles count up from 1 and are not used again."""

    def __init__(self) -> None:
        """Begin empty."""
        self._objects: dict[int, T] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._objects)

    def __getitem__(self, handle: int) -> T:
        return self._objects[handle]

    def add(self, obj: T) -> int:
        """Store an object; return its handle."""
        self._last += 1
        self._objects[self._last] = obj
        return self._last

    def drop(self, handle: int) -> None:
        """Remove an object."""
        del self._objects[handle]
