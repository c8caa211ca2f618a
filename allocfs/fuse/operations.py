"""The pyfuse3 adapter: translate a request, delegate it, map errors to errno.

Methods await nothing, so each request is answered before the next is looked at, and a
record never mixes two instants. If the source is late the request has produced no output yet:
the handler waits and calls the method again from the start.
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
from allocfs.fuse.extension import TO_CACHE
from allocfs.fuse.handler import handler, request
from allocfs.fuse.handles import Handles
from allocfs.fuse.inodes import Inodes, inode_number, node_of
from allocfs.fuse.momentrequests import MomentRequests
from allocfs.fuse.openfiles import OpenFiles, UnopenedFiles
from allocfs.fuse.pollers import Pollers, Waiter
from allocfs.fuse.promises import Promises
from allocfs.fuse.serving import ServingMode
from allocfs.vfs.filesystem import NAME_MAX, BoundFile, Filesystem, Listing
from allocfs.vfs.nodes import CONTENT_ID, CONTROL_FILE, Dir, Entry, Node, TagFile

DOTS = (".", "..")
MOST_NAMES = 1024  # of open files that are invalidated at a change, 3 us for each
READABLE = select.POLLIN | select.POLLRDNORM
CHANGED = select.POLLPRI | select.POLLERR


class Operations(MomentRequests):
    """A Filesystem as pyfuse3 wants it: inodes and file handles instead of nodes and views."""

    def __init__(
        self,
        filesystem: Filesystem,
        access: Access,
        mode: ServingMode,
        promises: Promises,
        answer_open: bool = True,
    ) -> None:
        """Serve a file system to the users whom `access` admits."""
        super().__init__()
        self.filesystem = filesystem
        self.stats = filesystem.stats
        self._mode = mode
        self._promises = promises
        self._owner = access.control_uid
        self._attributes = Attributes(filesystem, access, mode, promises)
        self._inodes = Inodes(filesystem.is_current)
        self._listings: Handles[Listing] = Handles()
        self._pollers = Pollers(filesystem.content_id)
        self.files = self._open_files(OpenFiles if answer_open else UnopenedFiles)
        filesystem.on_change(self.tags_changed)

    async def run(self) -> None:
        """Do the work of the serving mode that goes on beside requests, until cancelled."""
        await self._mode.run()

    def answer_opens(self) -> None:
        """Answer opens; call this before any request, if the extension is not in use."""
        self.files = self._open_files(OpenFiles)

    @request
    def lookup(self, parent: int, name: bytes, _ctx: Any) -> pyfuse3.EntryAttributes:
        """Find a name."""
        self.stats.lookups += 1
        directory, text = self._directory(parent), os.fsdecode(name)
        if text in DOTS:
            raise pyfuse3.FUSEError(errno.EOPNOTSUPP)
        node = self.filesystem.lookup(directory, text)
        self._note_query(directory, node)
        number, found = self._inodes.find(node)
        attributes = self._attributes.of_entry(number, found)
        self._inodes.remember(number, found)
        self.stats.inodes = len(self._inodes)
        return attributes

    @handler
    def forget(self, inode_list: Sequence[tuple[int, int]]) -> None:
        """Drop the nodes that the kernel has dropped."""
        for inode, lookups in inode_list:
            if self._inodes.forget(inode, lookups):
                self._promises.forget(inode)
                self._mode.forget(inode)
        self.stats.inodes = len(self._inodes)

    @request
    def getattr(self, inode: int, _ctx: Any) -> pyfuse3.EntryAttributes:
        """Describe an inode.

        One that is gone is stale: the VFS then looks a path up again, and fstat() fails as
        reading does.
        """
        found = self._inodes[inode]
        if isinstance(found, BoundFile):
            self._refuse_superseded(inode, found)
        try:
            return self._attributes.of_inode(inode, found)
        except errors.NameNotFound as error:
            raise pyfuse3.FUSEError(errno.ESTALE) from error

    @handler
    def setattr(
        self, inode: int, attr: Any, fields: Any, _fh: int | None, _ctx: Any
    ) -> pyfuse3.EntryAttributes:
        """Let a shell's `>` truncate control, which has no size; change nothing."""
        node = node_of(self._inodes[inode])
        if node != CONTROL_FILE or not fields.update_size:
            raise errors.ReadOnly(f"{node.path}: attributes cannot be changed")
        return self._attributes.of_entry(inode, self._inodes[inode])

    @handler
    def open(self, inode: int, flags: int, _ctx: Any) -> pyfuse3.FileInfo:
        """Open a file."""
        handle = self.files.open(inode, flags)
        direct_io = self._mode.direct_io
        return pyfuse3.FileInfo(fh=handle, direct_io=direct_io, keep_cache=not direct_io)

    @handler
    def read(self, fh: int, offset: int, size: int) -> bytes:
        """Return bytes of a file."""
        return self.files.read(fh & ~TO_CACHE, offset, size, to_cache=bool(fh & TO_CACHE))

    @handler
    def write(self, fh: int, _offset: int, data: bytes) -> int:
        """Act on lines written to control."""
        self.filesystem.write(self.files[fh].node, data)
        self._mode.expire()
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
        """Close a file."""
        self.files.release(fh)

    @request
    def opendir(self, inode: int, _ctx: Any) -> int:
        """List a directory once, so that a listing is of one moment."""
        self.files.refuse_too_many()
        directory = self._directory(inode)
        entries, reservation = self.filesystem.listing(directory)
        dots = [Entry(name, directory) for name in DOTS]
        return self._listings.add(Listing([*dots, *entries], reservation))

    @handler
    def readdir(self, fh: int, start_id: int, token: pyfuse3.ReaddirToken) -> None:
        """Hand out names from a position in the listing."""
        for position, entry in enumerate(self._listings[fh].entries[start_id:], start_id + 1):
            number, inode = self._inodes.find(entry.node)
            attributes = self._attributes.of_entry(number, inode, entry.tags)
            if not pyfuse3.readdir_reply(token, os.fsencode(entry.name), attributes, position):
                break
            if entry.name not in DOTS:  # the kernel does not look these two up
                self._inodes.remember(number, inode)
        self.stats.inodes = len(self._inodes)

    @handler
    def releasedir(self, fh: int) -> None:
        """Close a listing."""
        self._listings.drop(fh)

    @request
    def poll(self, inode: int, fh: int, waiter: Waiter | None, ctx: Any) -> int:
        """Report POLLPRI on content_id once for each change, as /proc/mounts does."""
        if node_of(self._inodes[inode]) != CONTENT_ID:
            return READABLE
        poller = self.files.poller(fh, ctx.pid)
        changed = self._pollers.changed(poller, self.filesystem.content_id, waiter)
        return READABLE | CHANGED if changed else READABLE

    @request
    def statfs(self, _ctx: Any) -> pyfuse3.StatvfsData:
        """Report the longest name, and no space and no inodes, as procfs does.

        A number of inodes without free ones would be a file system that is full.
        """
        data = pyfuse3.StatvfsData()
        data.f_bsize = data.f_frsize = 4096
        data.f_namemax = NAME_MAX
        return data

    @handler
    def listxattr(self, inode: int, _ctx: Any) -> list[bytes]:
        """Name the extended attributes of a file of tags."""
        return [name.encode() for name in self.filesystem.xattr_names(node_of(self._inodes[inode]))]

    @request
    def getxattr(self, inode: int, name: bytes, _ctx: Any) -> bytes:
        """Return an extended attribute."""
        found = self._inodes[inode]
        text = os.fsdecode(name)
        names = self.filesystem.xattr_names(node_of(found))
        if not isinstance(found, BoundFile) or text not in names:
            raise pyfuse3.FUSEError(pyfuse3.ENOATTR)
        try:
            return self.filesystem.xattr(found, text)
        except errors.NameNotFound as error:
            raise pyfuse3.FUSEError(errno.ESTALE) from error

    @handler
    def _refuse(self, *_args: Any) -> Any:
        raise errors.ReadOnly("this file system cannot be changed")

    create: Any = _refuse
    link: Any = _refuse
    mknod: Any = _refuse
    removexattr: Any = _refuse
    setxattr: Any = _refuse
    symlink: Any = _refuse
    unlink: Any = _refuse

    def give_back(self) -> None:
        """Drop objects that were of use only for a while."""
        self._promises.drop_expired()
        self._mode.give_back()
        self.filesystem.give_back()

    def watched(self) -> bool:
        """Tell whether a client waits for content_id to change."""
        return self._pollers.any_waiting()

    def tags_changed(self) -> None:
        """Wake the pollers of content_id, and make the kernel ask for sizes again."""
        self._pollers.wake()
        self._attributes.tags_changed()
        for number in self.files.open_inodes()[:MOST_NAMES]:
            self._look_up_again(number)

    def _refuse_superseded(self, number: int, bound: BoundFile) -> None:
        """Raise Superseded, so that the VFS looks a path up again, for an inode that is gone.

        An open inode goes on to have attributes, for fstat(), while one of its tags is loaded.
        """
        try:
            self.files.bring_up_to_date(number, bound)
        except errors.Superseded:
            if self.filesystem.is_gone(bound):
                raise

    def _look_up_again(self, number: int) -> None:
        """Make the kernel look up the name of an inode before it uses it again."""
        file = node_of(self._inodes[number])
        if isinstance(file, TagFile):
            parent = inode_number(file.parent.path)
            pyfuse3.invalidate_entry_async(parent, os.fsencode(file.entry), ignore_enoent=True)

    def _open_files(self, kind: type[OpenFiles]) -> OpenFiles:
        return kind(self.filesystem, self._mode, self._inodes, self._pollers, self._listings)

    def _note_query(self, directory: Dir, node: Node) -> None:
        """Note a lookup of a query; make the kernel forget the oldest beyond max_queries."""
        oldest = self.filesystem.note_query(directory, node)
        if oldest is not None:
            parent = inode_number(oldest.directory.path)
            # In a thread of pyfuse3's own: the kernel waits for lookups in that directory.
            pyfuse3.invalidate_entry_async(parent, os.fsencode(oldest.terms), ignore_enoent=True)
