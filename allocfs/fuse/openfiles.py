"""Open files: what is asked most, by pyfuse3's handlers or straight from the extension."""

from __future__ import annotations

import errno
import os

import pyfuse3

from allocfs import errors
from allocfs.fuse import extension as fuseops
from allocfs.fuse.handler import direct
from allocfs.fuse.handles import Handles, Listing, OpenFile
from allocfs.fuse.inodes import Inodes
from allocfs.fuse.periodic import PeriodicFiles
from allocfs.fuse.pollers import Pollers
from allocfs.vfs.filesystem import Filesystem
from allocfs.vfs.ioctl import NoSuchCommand
from allocfs.vfs.nodes import CONTENT_ID, CONTROL, AboutFile, AllocinfoFile, Dir, File
from allocfs.vfs.view import View

RESERVED = 16  # files of /.allocfs may be open beyond max_open, so that it can be found out


class OpenFiles:
    """Files by handle; if opens are not answered, by inode.

    The kernel stops sending opens once one was answered with ENOSYS, and what it then gives as
    the handle of a file is its inode.
    """

    def __init__(
        self,
        filesystem: Filesystem,
        inodes: Inodes,
        pollers: Pollers,
        listings: Handles[Listing],
        *,
        periodic: PeriodicFiles | None,
        answered: bool,
    ) -> None:
        """Have none open; `listings` count as open too."""
        self.answered = answered
        self._filesystem = filesystem
        self._stats = filesystem.stats
        self._inodes = inodes
        self._pollers = pollers
        self._listings = listings
        self._periodic = periodic
        self._files: Handles[OpenFile] = Handles()

    def open(self, inode: int, flags: int) -> int:
        """Fix what a file holds; return its handle."""
        if not self.answered:
            raise pyfuse3.FUSEError(errno.ENOSYS)
        node = self._file(inode)
        self.refuse_too_many(RESERVED if isinstance(node, AboutFile) else 0)
        self._filesystem.backend.renew()
        if flags & (os.O_ACCMODE | os.O_TRUNC) and node != AboutFile(CONTROL):
            raise errors.ReadOnly(f"{node.path}: opened for writing")
        content_id = self._filesystem.backend.tags.content_id
        view = self._filesystem.open(node) if self._periodic is None else None
        ioctl = self._filesystem.ioctl_file() if isinstance(node, AllocinfoFile) else None
        handle = self._files.add(OpenFile(node, 0 if view else inode, view, ioctl))
        if node == CONTENT_ID:
            self._pollers.opened(handle, content_id)
        self._stats.opens += 1
        self._stats.open_files = len(self._files)
        return handle

    def read(self, fh: int, offset: int, size: int) -> bytes:
        """Return bytes of a file: as they are now, or as they were first in this period."""
        self._filesystem.backend.renew()
        view = self._files[fh].view if self.answered else None
        data = (view or self._held(fh)).read(offset, size)
        self._stats.reads += 1
        self._stats.bytes_served += len(data)
        return data

    def release(self, fh: int) -> None:
        """Forget an open file."""
        self._files.drop(fh)
        self._pollers.closed(fh)
        self._stats.open_files = len(self._files)

    def ioctl(self, _inode: int, fh: int, command: int, data: bytes) -> bytes:
        """Answer the kernel's ioctls on `/allocinfo`."""
        self._filesystem.backend.renew()
        self._stats.ioctls += 1
        state = self._files[fh].ioctl if self.answered else None
        if state is None:
            raise NoSuchCommand("only /allocinfo has ioctls, and only if opens are answered")
        return state.handle(command, data)

    def node(self, fh: int) -> File:
        """Return what an open file is."""
        return self._files[fh].node if self.answered else self._file(fh)

    def refuse_too_many(self, reserved: int = 0) -> None:
        """Raise TooManyOpen if there may not be one more file or listing."""
        most = self._filesystem.limits.max_open
        if len(self._files) + len(self._listings) >= most + reserved:
            raise errors.TooManyOpen(
                f"max_open={most} files and directories are open: close some, or raise it"
            )

    def answer_directly(self) -> None:
        """Let the extension, where it is, answer these requests without pyfuse3's loop."""
        fuseops.answer(
            direct(self.ioctl, self._stats),
            direct(self.read, self._stats),
            direct(self.open, self._stats),
            direct(self.release, self._stats),
            direct_io=self._periodic is None,
        )

    def _file(self, inode: int) -> File:
        node = self._inodes[inode]
        if isinstance(node, Dir):
            raise pyfuse3.FUSEError(errno.EISDIR)
        return node

    def _held(self, fh: int) -> View:
        """Return a file as the kernel was told of it."""
        assert self._periodic is not None
        inode = self._files[fh].inode if self.answered else fh
        return self._periodic.as_told(inode, self._file(inode)).view
