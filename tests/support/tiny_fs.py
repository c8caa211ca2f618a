"""Mount a file system that answers open() with ENOSYS; its files are named by inode number.

A file contains the handle of its read and the numbers of requests so far. Its ioctls: 0 returns
inode and file handle, 1 the argument reversed, 2 fails with ENOENT, 3 raises an unexpected
exception, 4 returns more bytes than fit.
"""

from __future__ import annotations

import errno
import stat
import struct
import sys
from typing import Any

from allocfs.fuse import extension as fuseops

LOADED = fuseops.load()

import pyfuse3  # noqa: E402
import trio  # noqa: E402


class TinyFs(pyfuse3.Operations):
    """A file system that counts its requests."""

    def __init__(self) -> None:
        super().__init__()
        self.opens = self.ioctls = self.written_to = 0

    async def getattr(self, inode: int, _ctx: Any = None) -> pyfuse3.EntryAttributes:
        attributes = pyfuse3.EntryAttributes()
        attributes.st_ino = inode
        root = inode == pyfuse3.ROOT_INODE
        attributes.st_mode = stat.S_IFDIR | 0o755 if root else stat.S_IFREG | 0o644
        attributes.st_size = 4096
        return attributes

    async def lookup(self, _parent: int, name: bytes, _ctx: Any) -> pyfuse3.EntryAttributes:
        return await self.getattr(int(name))

    async def open(self, _inode: int, _flags: int, _ctx: Any) -> pyfuse3.FileInfo:
        self.opens += 1
        raise pyfuse3.FUSEError(errno.ENOSYS)

    async def read(self, handle: int, _offset: int, _size: int) -> bytes:
        told = f"{handle} {self.opens} {self.ioctls} {self.written_to} {fuseops.active()}"
        return told.encode()

    async def write(self, handle: int, _offset: int, data: bytes) -> int:
        self.written_to = handle
        return len(data)

    def ioctl(self, inode: int, handle: int, command: int, data: bytes) -> bytes:
        self.ioctls += 1
        match command & 0xFF:
            case 0:
                return struct.pack("@QQ", inode, handle)
            case 1:
                return data[::-1]
            case 2:
                raise OSError(errno.ENOENT, "no more")
            case 3:
                raise ZeroDivisionError("a bug")
            case 4:
                return bytes(1000)
        raise OSError(errno.ENOTTY, "unknown")


def main(mountpoint: str) -> None:
    tiny = TinyFs()
    fuseops.answer(tiny.ioctl)
    pyfuse3.init(tiny, mountpoint, {"fsname=tiny"})
    try:
        trio.run(pyfuse3.main, 1, 1)
    finally:
        pyfuse3.close()


if __name__ == "__main__":
    main(sys.argv[1])
