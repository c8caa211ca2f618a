"""The pyfuse3 adapter: translate a request, delegate it, map errors to errno.

Methods await nothing, so each request is answered before the next is looked at, and a
record never mixes two instants. One that finds its source late has answered nothing yet: it
waits in its handler, and is then called anew.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Sequence
from typing import Any

import pyfuse3

from allocfs import errors
from allocfs.fuse.attributes import Access, Attributes
from allocfs.fuse.handler import handler, request
from allocfs.fuse.handles import Handles, Listing
from allocfs.fuse.inodes import Inodes
from allocfs.fuse.openfiles import OpenFiles
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.fuse.pollers import Poller, Pollers, Waiter
from allocfs.mount import memory
from allocfs.tags.spelling import NAME_MAX
from allocfs.vfs.filesystem import Filesystem
from allocfs.vfs.nodes import (
    CONTENT_ID,
    CONTROL,
    AboutFile,
    Dir,
    Entry,
    QueriesDir,
    ScopeDir,
    TagFile,
)
from allocfs.vfs.tree import entries, lookup

DOTS = (".", "..")
ENTRY_BYTES = 256  # that an entry of a listing takes, with its name
READABLE = select.POLLIN | select.POLLRDNORM
CHANGED = select.POLLPRI | select.POLLERR


class Operations(pyfuse3.Operations):
    """A Filesystem as pyfuse3 wants it: inodes and file handles instead of nodes and views."""

    def __init__(
        self,
        filesystem: Filesystem,
        access: Access,
        periodic: PeriodicFiles | None = None,
        answer_open: bool = True,
    ) -> None:
        """Serve a file system to those whom `access` admits.

        With `periodic` files are read through the page cache, else each read arrives here.
        """
        super().__init__()
        self.filesystem = filesystem
        self.stats = filesystem.stats
        self._periodic = periodic
        self._attributes = Attributes(filesystem, access, periodic)
        self._inodes = Inodes()
        self._listings: Handles[Listing] = Handles()
        self._pollers = Pollers(filesystem.backend.tags.content_id)
        self.files = OpenFiles(
            filesystem,
            self._inodes,
            self._pollers,
            self._listings,
            periodic=periodic,
            answered=answer_open,
        )
        filesystem.backend.changed = self.tags_changed

    @request
    def lookup(self, parent: int, name: bytes, _ctx: Any) -> pyfuse3.EntryAttributes:
        """Find a name."""
        self.stats.lookups += 1
        directory, text = self._directory(parent), os.fsdecode(name)
        if text in DOTS:
            raise pyfuse3.FUSEError(errno.EOPNOTSUPP)
        node = lookup(self.filesystem.known, directory, text)
        if isinstance(directory, QueriesDir) and isinstance(node, ScopeDir):
            self._use_query(directory, text)
        inode = self._inodes.number(node)
        attributes = self._attributes.of(inode, node)
        self._inodes.remember(node, inode)
        self.stats.inodes = len(self._inodes)
        return attributes

    @handler
    def forget(self, inode_list: Sequence[tuple[int, int]]) -> None:
        """Drop the nodes that the kernel has dropped."""
        for inode, lookups in inode_list:
            if self._inodes.forget(inode, lookups):
                self._attributes.forget(inode)
                if self._periodic is not None:
                    self._periodic.forget(inode)
        self.stats.inodes = len(self._inodes)

    @request
    def getattr(self, inode: int, _ctx: Any) -> pyfuse3.EntryAttributes:
        """Describe a node.

        One that is gone is stale: the VFS then looks a path up again, and fstat() fails as
        reading does.
        """
        try:
            return self._attributes.of(inode, self._inodes[inode], asked=True)
        except errors.NameNotFound as error:
            raise pyfuse3.FUSEError(errno.ESTALE) from error

    @handler
    def setattr(
        self, inode: int, attr: Any, fields: Any, _fh: int | None, _ctx: Any
    ) -> pyfuse3.EntryAttributes:
        """Let a shell's `>` truncate control, which has no size; change nothing."""
        node = self._inodes[inode]
        if node != AboutFile(CONTROL) or not fields.update_size:
            raise errors.ReadOnly(f"{node.path}: attributes cannot be changed")
        return self._attributes.of(inode, node)

    @handler
    def open(self, inode: int, flags: int, _ctx: Any) -> pyfuse3.FileInfo:
        """Fix what a file holds."""
        cached = self._periodic is not None
        handle = self.files.open(inode, flags)
        return pyfuse3.FileInfo(fh=handle, direct_io=not cached, keep_cache=cached)

    @handler
    def read(self, fh: int, offset: int, size: int) -> bytes:
        """Return bytes of a file."""
        return self.files.read(fh, offset, size)

    @handler
    def write(self, fh: int, _offset: int, data: bytes) -> int:
        """Act on lines written to control."""
        self.filesystem.write(self.files.node(fh), data)
        return len(data)

    @handler
    def flush(self, _fh: int) -> None:
        """Have nothing to write back: the kernel need not ask at every close."""
        raise pyfuse3.FUSEError(errno.ENOSYS)

    @handler
    def fsync(self, _fh: int, _datasync: bool) -> None:
        """Have nothing to write back."""

    @handler
    def release(self, fh: int) -> None:
        """Forget an open file."""
        self.files.release(fh)

    @request
    def opendir(self, inode: int, _ctx: Any) -> int:
        """List a directory once, so that a listing is of one moment."""
        self.files.refuse_too_many()
        directory = self._directory(inode)
        dots = (Entry(name, directory) for name in DOTS)
        listed = [*dots, *entries(self.filesystem.known, directory)]
        charge = self.filesystem.kept.charge(len(listed) * ENTRY_BYTES)
        return self._listings.add(Listing(listed, charge))

    @handler
    def readdir(self, fh: int, start_id: int, token: pyfuse3.ReaddirToken) -> None:
        """Hand out names from a position in the listing."""
        for position, entry in enumerate(self._listings[fh].entries[start_id:], start_id + 1):
            inode = self._inodes.number(entry.node)
            attributes = self._attributes.of(inode, entry.node, entry.tags)
            if not pyfuse3.readdir_reply(token, os.fsencode(entry.name), attributes, position):
                break
            if entry.name not in DOTS:  # the kernel does not look these two up
                self._inodes.remember(entry.node, inode)
        self.stats.inodes = len(self._inodes)

    @handler
    def releasedir(self, fh: int) -> None:
        """Forget a listing."""
        self._listings.drop(fh)

    @request
    def poll(self, inode: int, fh: int, waiter: Waiter | None, ctx: Any) -> int:
        """Report POLLPRI on content_id once for each change, as /proc/mounts does."""
        if self._inodes[inode] != CONTENT_ID:
            return READABLE
        poller = Poller(fh, 0) if self.files.answered else Poller(0, ctx.pid)
        content_id = self.filesystem.backend.tags.content_id
        changed = self._pollers.changed(poller, content_id, waiter)
        return READABLE | CHANGED if changed else READABLE

    @request
    def statfs(self, _ctx: Any) -> pyfuse3.StatvfsData:
        """Say that there is no space, and how long names may be."""
        data = pyfuse3.StatvfsData()
        data.f_bsize = data.f_frsize = 4096
        data.f_files = len(self.filesystem.backend.tags.slots)
        data.f_namemax = NAME_MAX
        return data

    @handler
    def listxattr(self, inode: int, _ctx: Any) -> list[bytes]:
        """Name the attributes of a file of tags."""
        return [name.encode() for name in self.filesystem.xattr_names(self._inodes[inode])]

    @request
    def getxattr(self, inode: int, name: bytes, _ctx: Any) -> bytes:
        """Return one of them."""
        node = self._inodes[inode]
        text = os.fsdecode(name)
        if not isinstance(node, TagFile) or text not in self.filesystem.xattr_names(node):
            raise pyfuse3.FUSEError(pyfuse3.ENOATTR)
        try:
            return self.filesystem.xattr(node, text)
        except errors.NameNotFound as error:
            raise pyfuse3.FUSEError(errno.ESTALE) from error

    @handler
    def _refuse(self, *_args: Any) -> Any:
        raise errors.ReadOnly("this file system cannot be changed")

    create: Any = _refuse
    link: Any = _refuse
    mkdir: Any = _refuse
    mknod: Any = _refuse
    removexattr: Any = _refuse
    rename: Any = _refuse
    rmdir: Any = _refuse
    setxattr: Any = _refuse
    symlink: Any = _refuse
    unlink: Any = _refuse

    def renew(self) -> None:
        """Take in what has changed at the source."""
        self.filesystem.backend.renew()

    def give_back(self) -> None:
        """Let go of memory that was of use only for a while."""
        self._attributes.drop_expired()
        self.filesystem.forget_closed()
        memory.give_back()

    def watched(self) -> bool:
        """Tell whether anybody waits for content_id to change."""
        return self._pollers.any_waiting()

    def tags_changed(self) -> None:
        """Wake whoever polls content_id, and make the kernel ask for sizes again."""
        self._pollers.wake()
        self._attributes.tags_changed()

    def _directory(self, inode: int) -> Dir:
        node = self._inodes[inode]
        if not isinstance(node, Dir):
            raise pyfuse3.FUSEError(errno.ENOTDIR)
        return node

    def _use_query(self, directory: QueriesDir, terms: str) -> None:
        """Keep as many queries as are remembered; make the kernel forget the oldest."""
        oldest = self.filesystem.known.use_query(directory, terms)
        if oldest is not None:
            parent = self._inodes.number(oldest.directory)
            # In a thread of pyfuse3's own: the kernel waits for lookups in that directory.
            pyfuse3.invalidate_entry_async(parent, os.fsencode(oldest.terms), ignore_enoent=True)
