"""Inode numbers: each node has one, for as long as the kernel knows the node."""

from __future__ import annotations

from hashlib import blake2b

from allocfs.vfs.nodes import ROOT, Node

ROOT_INODE = 1
_FIRST = 256  # lower numbers are left to the root and to what FUSE may reserve


def inode_number(path: str) -> int:
    """Derive an inode number from a path: the same whenever the path is looked up again."""
    if path == "/":
        return ROOT_INODE
    digest = blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return max(int.from_bytes(digest, "little") >> 1, _FIRST)


class Inodes:
    """The nodes that the kernel holds, with the number of its lookups of each."""

    def __init__(self) -> None:
        """Know the root, which the kernel never forgets."""
        self._nodes: dict[int, Node] = {ROOT_INODE: ROOT}
        self._lookups: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, inode: int) -> Node:
        return self._nodes[inode]

    def number(self, node: Node) -> int:
        """Return a node's inode number; a node whose number is taken gets the next one."""
        inode = inode_number(node.path)
        while self._nodes.get(inode, node) != node:
            inode += 1
        return inode

    def remember(self, node: Node, inode: int | None = None) -> int:
        """Count one lookup by the kernel and return the inode number; pass it if it is known."""
        if inode is None:
            inode = self.number(node)
        # Keep the node object that is there: it is equal, and it lies among long-lived objects,
        # so that the heap does not fragment.
        self._nodes.setdefault(inode, node)
        self._lookups[inode] = self._lookups.get(inode, 0) + 1
        return inode

    def forget(self, inode: int, lookups: int) -> bool:
        """Take lookups back; tell whether none are left, so that the node was dropped."""
        left = self._lookups.get(inode, 0) - lookups
        if left > 0:
            self._lookups[inode] = left
        elif inode != ROOT_INODE:
            self._lookups.pop(inode, None)
            self._nodes.pop(inode, None)
        return left <= 0
