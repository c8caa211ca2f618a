"""The pyfuse3 adapter: translate a request, delegate it, map errors to errno.

Handlers await nothing, so each request is answered before the next is looked at, and a
record never mixes two instants.
"""

from __future__ import annotations

import errno
import functools
import logging
import os
import select
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import pyfuse3

from allocfs import errors
from allocfs.fuse.attributes import Access, Attributes
from allocfs.filesystem import Filesystem
from allocfs.fuse.handles import Handles, OpenFile
from allocfs.fuse.inodes import Inodes
from allocfs.nodes import CONTROL, AboutFile, Dir, Entry, QueriesDir, ScopeDir, TagFile
from allocfs.tree import entries, lookup

log = logging.getLogger(__name__)

ERRNO: dict[type[errors.AllocfsError], int] = {
    errors.NameNotFound: errno.ENOENT,
    errors.BadQuery: errno.EINVAL,
    errors.BadControl: errno.EINVAL,
    errors.TagGone: errno.ESTALE,
    errors.SourceFailed: errno.EIO,
    errors.ReadOnly: errno.EROFS,
    errors.LimitReached: errno.EMFILE,
}
_LOGGED = (errors.BadQuery, errors.BadControl)

DOTS = (".", "..")
NAME_MAX = 1024  # FUSE_NAME_MAX in Linux's fs/fuse/fuse_i.h
READABLE = select.POLLIN | select.POLLRDNORM
CHANGED = select.POLLPRI | select.POLLERR

Self = TypeVar("Self")
P = ParamSpec("P")
R = TypeVar("R")


def handler(
    method: Callable[Concatenate[Self, P], R],
) -> Callable[Concatenate[Self, P], Coroutine[Any, Any, R]]:
    """Make a pyfuse3 handler of a method that raises the model's exceptions."""

    async def handle(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except pyfuse3.FUSEError:
            raise
        except Exception as error:
            raise pyfuse3.FUSEError(_errno(method.__name__, error)) from error

    return functools.update_wrapper(handle, method)


def _errno(request: str, error: Exception) -> int:
    """Choose the errno of an exception, and log what somebody should know of."""
    for kind, number in ERRNO.items():
        if isinstance(error, kind):
            if isinstance(error, _LOGGED):
                log.warning("%s", error)
            return number
    log.error("%s failed unexpectedly", request, exc_info=error)
    return errno.EIO


class Operations(pyfuse3.Operations):
    """A Filesystem as pyfuse3 wants it: inodes and file handles instead of nodes and views."""

    def __init__(self, filesystem: Filesystem, access: Access) -> None:
        """Serve a file system to those whom `access` admits."""
        super().__init__()
        self.filesystem = filesystem
        self._stats = filesystem.stats
        self._attributes = Attributes(filesystem, access)
        self._inodes = Inodes()
        self._files: Handles[OpenFile] = Handles()
        self._listings: Handles[list[Entry]] = Handles()
        filesystem.backend.changed = self.tags_changed

    @handler
    def lookup(self, parent: int, name: bytes, _ctx: Any) -> pyfuse3.EntryAttributes:
        """Find a name."""
        self._stats.lookups += 1
        directory = self._directory(parent)
        text = os.fsdecode(name)
        if text in DOTS:
            raise pyfuse3.FUSEError(errno.EOPNOTSUPP)
        node = lookup(self.filesystem.known, directory, text)
        if isinstance(directory, QueriesDir) and isinstance(node, ScopeDir):
            self.filesystem.known.use_query(text)
        attributes = self._attributes.of(self._inodes.number(node), node)
        self._inodes.remember(node)
        return attributes

    @handler
    def forget(self, inode_list: Sequence[tuple[int, int]]) -> None:
        """Drop the nodes that the kernel has dropped."""
        for inode, lookups in inode_list:
            if self._inodes.forget(inode, lookups):
                self._attributes.forget(inode)

    @handler
    def getattr(self, inode: int, _ctx: Any) -> pyfuse3.EntryAttributes:
        """Describe a node."""
        return self._attributes.of(inode, self._inodes[inode])

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
        node = self._inodes[inode]
        if flags & os.O_ACCMODE != os.O_RDONLY and node != AboutFile(CONTROL):
            raise errors.ReadOnly(f"{node.path}: opened for writing")
        if isinstance(node, Dir):
            raise pyfuse3.FUSEError(errno.EISDIR)
        view = self.filesystem.open(node)
        handle = self._files.add(OpenFile(node, view, self.filesystem.backend.tags.content_id))
        self._stats.opens += 1
        self._stats.open_files = len(self._files)
        return pyfuse3.FileInfo(fh=handle, direct_io=True, keep_cache=False)

    @handler
    def read(self, fh: int, offset: int, size: int) -> bytes:
        """Return bytes of a file, as they are now."""
        data = self._files[fh].view.read(offset, size)
        self._stats.reads += 1
        self._stats.bytes_served += len(data)
        return data

    @handler
    def write(self, fh: int, _offset: int, data: bytes) -> int:
        """Act on lines written to control."""
        self.filesystem.write(self._files[fh].node, data)
        return len(data)

    @handler
    def flush(self, _fh: int) -> None:
        """Have nothing to write back."""

    @handler
    def fsync(self, _fh: int, _datasync: bool) -> None:
        """Have nothing to write back."""

    @handler
    def release(self, fh: int) -> None:
        """Forget an open file."""
        self._files.drop(fh)
        self._stats.open_files = len(self._files)

    @handler
    def opendir(self, inode: int, _ctx: Any) -> int:
        """List a directory once, so that a listing is of one moment."""
        directory = self._directory(inode)
        dots = (Entry(name, directory) for name in DOTS)
        return self._listings.add([*dots, *entries(self.filesystem.known, directory)])

    @handler
    def readdir(self, fh: int, start_id: int, token: pyfuse3.ReaddirToken) -> None:
        """Hand out names from a position in the listing."""
        for position, entry in enumerate(self._listings[fh][start_id:], start_id + 1):
            inode = self._inodes.number(entry.node)
            attributes = self._attributes.of(inode, entry.node, entry.tags)
            if not pyfuse3.readdir_reply(token, os.fsencode(entry.name), attributes, position):
                break
            if entry.name not in DOTS:  # the kernel does not look these two up
                self._inodes.remember(entry.node)

    @handler
    def releasedir(self, fh: int) -> None:
        """Forget a listing."""
        self._listings.drop(fh)

    @handler
    def poll(
        self, _inode: int, fh: int, waiting: pyfuse3.PollHandle | None, _ctx: Any
    ) -> int:
        """Report POLLPRI on content_id once for each change, as /proc/mounts does."""
        file = self._files[fh]
        if file.node != AboutFile("content_id"):
            return READABLE
        file.waiter = waiting or file.waiter
        content_id = self.filesystem.backend.tags.content_id
        if content_id == file.content_id:
            return READABLE
        file.content_id = content_id
        return READABLE | CHANGED

    @handler
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

    @handler
    def getxattr(self, inode: int, name: bytes, _ctx: Any) -> bytes:
        """Return one of them."""
        node = self._inodes[inode]
        if not isinstance(node, TagFile) or not name.startswith(b"user.allocfs."):
            raise pyfuse3.FUSEError(pyfuse3.ENOATTR)
        try:
            return self.filesystem.xattr(node, os.fsdecode(name))
        except errors.NameNotFound:
            raise pyfuse3.FUSEError(pyfuse3.ENOATTR) from None

    def _directory(self, inode: int) -> Dir:
        node = self._inodes[inode]
        if not isinstance(node, Dir):
            raise pyfuse3.FUSEError(errno.ENOTDIR)
        return node

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

    def tags_changed(self) -> None:
        """Wake whoever polls content_id, and make the kernel ask for sizes again."""
        for file in self._files.values():
            file.wake()
        self._attributes.tags_changed()
