"""The requests about moments: links to them, and snapshots that come and go."""

from __future__ import annotations

import errno
import os
from typing import Any

import pyfuse3

from allocfs.fuse.attributes import Attributes
from allocfs.fuse.handler import request
from allocfs.fuse.inodes import Inodes, inode_number, node_of
from allocfs.vfs.filesystem import BoundFile, Filesystem, Stats
from allocfs.vfs.nodes import Dir, MomentLink

RENAME_NOREPLACE = 1  # as in linux/fs.h


class MomentRequests(pyfuse3.Operations):
    """The part of the operations that is about moments."""

    filesystem: Filesystem
    stats: Stats
    _attributes: Attributes
    _inodes: Inodes
    _owner: int  # the user who has mounted

    def renew(self) -> None:
        """Take in all changes of the source."""
        self.filesystem.renew()

    @request
    def readlink(self, inode: int, _ctx: Any) -> bytes:
        """Return the moment that a link stands for now."""
        node = node_of(self._inodes[inode])
        if not isinstance(node, MomentLink):
            raise pyfuse3.FUSEError(errno.EINVAL)
        return os.fsencode(self.filesystem.link_target(node))

    @request
    def mkdir(self, parent: int, name: bytes, _mode: int, ctx: Any) -> pyfuse3.EntryAttributes:
        """Take a snapshot."""
        self._require_owner(ctx)
        directory, text = self._directory(parent), os.fsdecode(name)
        self.filesystem.snapshots.make(directory, text)
        number, inode = self._inodes.find(self.filesystem.lookup(directory, text))
        self._inodes.remember(number, inode)
        return self._attributes.of_entry(number, inode)

    @request
    def rmdir(self, parent: int, name: bytes, ctx: Any) -> None:
        """Drop a snapshot."""
        self._require_owner(ctx)
        self.filesystem.snapshots.remove(self._directory(parent), os.fsdecode(name))
        self._forget_moments()

    @request
    def rename(  # noqa: PLR0917  pyfuse3's signature
        self, parent: int, name: bytes, new_parent: int, new_name: bytes, flags: int, ctx: Any
    ) -> None:
        """Rename a snapshot; never over another."""
        self._require_owner(ctx)
        if flags & ~RENAME_NOREPLACE:
            raise pyfuse3.FUSEError(errno.EINVAL)
        old, new = map(self._directory, (parent, new_parent))
        self.filesystem.snapshots.rename(old, os.fsdecode(name), new, os.fsdecode(new_name))
        self._forget_moments()

    def _directory(self, inode: int) -> Dir:
        node = self._inodes[inode]
        if isinstance(node, BoundFile | MomentLink):
            raise pyfuse3.FUSEError(errno.ENOTDIR)
        return node

    def _require_owner(self, ctx: Any) -> None:
        """Let only root and the mounting user change anything, whatever the modes are."""
        if ctx.uid not in (0, self._owner):
            raise pyfuse3.FUSEError(errno.EACCES)

    def _forget_moments(self) -> None:
        """Free the branches of a snapshot that is gone, and have the kernel look up all moments.

        A snapshot has names beside that in snapshots/, such as those of its differences.
        """
        self.filesystem.forget_moments()
        for directory in self._inodes.directories_of_moments():
            parent, _, name = directory.path.rpartition("/")
            number = inode_number(parent)
            # In a thread of pyfuse3's own: the kernel waits for lookups in that directory.
            pyfuse3.invalidate_entry_async(number, os.fsencode(name), ignore_enoent=True)
