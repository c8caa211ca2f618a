"""Inode numbers: each node has one, for as long as the kernel knows the node.

A file of tags gets a new number when its path selects other tags than before. The old inode
lives on for the clients that hold it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from allocfs.vfs.filesystem import BoundFile
from allocfs.vfs.nodes import ROOT, Dir, MomentLink, Node, ScopeDir

ROOT_INODE = 1
_FIRST = 256  # lower numbers are left to the root and to what FUSE may reserve

Inode = Dir | MomentLink | BoundFile


def inode_number(path: str) -> int:
    """Derive an inode number from a path: the same whenever the path is looked up again."""
    if path == "/":
        return ROOT_INODE
    digest = blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return max(int.from_bytes(digest, "little") >> 1, _FIRST)


def node_of(inode: Inode) -> Node:
    """Return the node of an inode."""
    return inode.file if isinstance(inode, BoundFile) else inode


class Inodes:
    """The inodes that the kernel holds, with the number of its lookups of each."""

    def __init__(self, is_current: Callable[[BoundFile], bool]) -> None:
        """Hold the root, which the kernel never forgets; `is_current` as in Filesystem."""
        self._is_current = is_current
        self._inodes: dict[int, Inode] = {ROOT_INODE: ROOT}
        self._lookups: dict[int, int] = {}
        self._superseding: dict[int, int] = {}
        """The numbers of inodes that have not the number derived from their path, by that."""

    def __len__(self) -> int:
        return len(self._inodes)

    def __getitem__(self, number: int) -> Inode:
        return self._inodes[number]

    def find(self, node: Node) -> tuple[int, Inode]:
        """Return number and inode for a lookup of a node, new ones if its old is superseded."""
        derived = inode_number(node.path)
        number = self._superseding.get(derived, derived)
        while (inode := self._inodes.get(number)) is not None:
            if node_of(inode) == node and self._serves(inode):
                return number, inode
            number += 1
        return number, node if isinstance(node, Dir | MomentLink) else BoundFile(node)

    def remember(self, number: int, inode: Inode) -> None:
        """Count one lookup by the kernel of an inode that find() returned."""
        if number not in self._inodes:
            self._inodes[number] = inode
            derived = inode_number(node_of(inode).path)
            if number != derived:
                self._superseding[derived] = number
        self._lookups[number] = self._lookups.get(number, 0) + 1

    def forget(self, number: int, lookups: int) -> bool:
        """Take lookups back; tell whether none are left, so that the inode was dropped."""
        if number == ROOT_INODE:
            return False
        left = self._lookups.get(number, 0) - lookups
        if left > 0:
            self._lookups[number] = left
            return False
        self._lookups.pop(number, None)
        self._drop(number)
        return True

    def directories_of_moments(self) -> list[ScopeDir]:
        """List the directories that the kernel holds of moments, differences and trends."""
        found = (inode for inode in self._inodes.values() if isinstance(inode, ScopeDir))
        return [one for one in found if one.scope.is_moment and one.path == one.scope.top]

    def _serves(self, inode: Inode) -> bool:
        return not isinstance(inode, BoundFile) or self._is_current(inode)

    def _drop(self, number: int) -> None:
        inode = self._inodes.pop(number, None)
        if inode is not None and self._superseding:
            derived = inode_number(node_of(inode).path)
            if self._superseding.get(derived) == number:
                del self._superseding[derived]
