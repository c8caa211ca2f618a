"""Open files: the most frequent requests, from pyfuse3's handlers or from the extension."""

from __future__ import annotations

import errno
import os
from collections import Counter

import pyfuse3

from allocfs import errors
from allocfs.fuse import extension
from allocfs.fuse.handler import direct
from allocfs.fuse.handles import Handles, OpenFile
from allocfs.fuse.inodes import Inodes
from allocfs.fuse.pollers import Poller, Pollers
from allocfs.fuse.serving import ServingMode
from allocfs.vfs.filesystem import BoundFile, Filesystem, Listing
from allocfs.vfs.nodes import CONTENT_ID, CONTROL_FILE, AboutFile, AllocinfoFile

RESERVED = 16  # files of /.allocfs that may be open beyond max_open, so that it can be found out


class OpenFiles:
    """The files that were opened, by handle."""

    def __init__(
        self,
        filesystem: Filesystem,
        mode: ServingMode,
        inodes: Inodes,
        pollers: Pollers,
        listings: Handles[Listing],
    ) -> None:
        """Begin without open files; `listings` count as open too."""
        self._filesystem = filesystem
        self._mode = mode
        self._stats = filesystem.stats
        self._inodes = inodes
        self._pollers = pollers
        self._listings = listings
        self._files: Handles[OpenFile] = Handles()
        self._by_inode: Counter[int] = Counter()

    def __getitem__(self, fh: int) -> OpenFile:
        return self._files[fh]

    def open(self, inode: int, flags: int) -> int:
        """Open a file; return its handle."""
        bound = self._bound(inode)
        node = bound.file
        self.refuse_too_many(RESERVED if isinstance(node, AboutFile) else 0)
        self._filesystem.renew()
        self.bring_up_to_date(inode, bound)
        if flags & (os.O_ACCMODE | os.O_TRUNC) and node != CONTROL_FILE:
            raise errors.ReadOnly(f"{node.path}: opened for writing")
        # The tags are those of now, though a rendering is made at the first read.
        self._filesystem.bind(bound)
        content_id = self._filesystem.content_id
        view = self._mode.open(inode, bound)
        is_allocinfo = isinstance(node, AllocinfoFile)
        ioctl = self._filesystem.ioctl_file(bound) if is_allocinfo else None
        handle = self._files.add(OpenFile(inode, node, view, ioctl))
        self._by_inode[inode] += 1
        if node == CONTENT_ID:
            self._pollers.opened(handle, content_id)
        self._stats.opens += 1
        self._stats.open_files = len(self._files)
        return handle

    def read(self, fh: int, offset: int, size: int, to_cache: bool = False) -> bytes:
        """Return bytes of a file: as they are now, or as they were first in this period.

        `to_cache` tells that the kernel fills its page cache with them.
        """
        self._filesystem.renew()
        file = self[fh]
        if to_cache:
            data = self._mode.read_to_cache(file.inode, file.view, offset, size)
        else:
            data = file.view.read(offset, size)
        self._stats.reads += 1
        self._stats.bytes_served += len(data)
        return data

    def release(self, fh: int) -> None:
        """Close an open file."""
        inode = self._files[fh].inode
        self._by_inode[inode] -= 1
        if not self._by_inode[inode]:
            del self._by_inode[inode]
        self._files.drop(fh)
        self._pollers.closed(fh)
        self._stats.open_files = len(self._files)

    def ioctl(self, _inode: int, fh: int, command: int, data: bytes) -> bytes:
        """Answer the kernel's ioctls on `/allocinfo`."""
        self._filesystem.accept_late()  # an ioctl cannot wait
        self._filesystem.renew()
        self._stats.ioctls += 1
        state = self[fh].ioctl
        if state is None:
            raise errors.NoSuchCommand("only /allocinfo has ioctls")
        return state.handle(command, data)

    def bring_up_to_date(self, inode: int, bound: BoundFile) -> None:
        """Bind a file anew if its path selects other tags now.

        Raises Superseded if the selection of the inode has to stay, since a client holds it open
        or the kernel may have pages of it.
        """
        if self._filesystem.is_current(bound):
            return
        if self.may_be_open(inode) or not self._mode.reset(inode):
            raise errors.Superseded(f"{bound.file.path}: selects other tags now")
        bound.release()

    def may_be_open(self, inode: int) -> bool:
        """Tell whether a client may hold an inode open."""
        return inode in self._by_inode

    def open_inodes(self) -> list[int]:
        """List the inodes that are open."""
        return list(self._by_inode)

    def poller(self, fh: int, _thread: int) -> Poller:
        """Return the identity of a client that polls."""
        return Poller(fh, 0)

    def refuse_too_many(self, reserved: int = 0) -> None:
        """Raise TooManyOpen if there may not be one more file or listing."""
        most = self._filesystem.limits.max_open
        if len(self._files) + len(self._listings) >= most + reserved:
            raise errors.TooManyOpen(
                f"max_open={most} files and directories are open: close some, or raise it"
            )

    def install_fast_path(self) -> None:
        """Let the extension, if present, answer these requests without pyfuse3's loop."""
        extension.answer(
            direct(self.ioctl, self._stats),
            direct(self.read, self._stats),
            direct(self.open, self._stats),
            direct(self.release, self._stats),
            direct_io=self._mode.direct_io,
        )

    def _bound(self, inode: int) -> BoundFile:
        bound = self._inodes[inode]
        if not isinstance(bound, BoundFile):
            raise pyfuse3.FUSEError(errno.EISDIR)
        return bound


class UnopenedFiles(OpenFiles):
    """The files of a mount whose opens are not answered, by inode.

    The kernel stops sending opens once one was answered with ENOSYS (Linux 3.16), and then gives
    the inode of a file as its handle.
    """

    def __getitem__(self, fh: int) -> OpenFile:
        bound = self._bound(fh)
        return OpenFile(fh, bound.file, self._mode.open(fh, bound))

    def may_be_open(self, _inode: int) -> bool:
        """Take every inode for open: the kernel does not tell."""
        return True

    def open(self, _inode: int, _flags: int) -> int:
        """Answer no open."""
        raise pyfuse3.FUSEError(errno.ENOSYS)

    def ioctl(self, _inode: int, _fh: int, _command: int, _data: bytes) -> bytes:
        """Answer no ioctl: a filter and a position need an open file of their own."""
        self._stats.ioctls += 1
        raise errors.NoSuchCommand("/allocinfo has ioctls only if opens are answered")

    def poller(self, _fh: int, thread: int) -> Poller:
        """Return the thread that polls: the kernel does not tell the open file."""
        return Poller(0, thread)
