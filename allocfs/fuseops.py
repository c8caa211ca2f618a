"""Load the extension that adds to pyfuse3 the inode of a read without open, and ioctl.

All of this works where the extension could not be built, or does not come first: then
`active` is false, opens have to be answered, and every ioctl fails with ENOTTY.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

Ioctl = Callable[[int, int, int, bytes], bytes]


def load() -> bool:
    """Load the extension, so that pyfuse3, if imported after it, makes its sessions with it.

    Returns False if there is no such extension, or if pyfuse3 was imported before.
    """
    if "pyfuse3" in sys.modules and "allocfs._fuseops" not in sys.modules:
        return False
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | os.RTLD_GLOBAL)
    try:
        from . import _fuseops  # noqa: F401, PLC0415 - the flags have to be set
    except ImportError:
        return False
    finally:
        sys.setdlopenflags(flags)
    return True


def active() -> bool:
    """Tell whether pyfuse3's session was made with the extension; ask after pyfuse3.init()."""
    extension = sys.modules.get("allocfs._fuseops")
    return extension is not None and bool(extension.active())


def set_ioctl(handler: Ioctl) -> None:
    """Answer the ioctls of type 0xA6 on regular files.

    The handler gets inode, file handle (0 without open), command and the argument's bytes:
    none if the command only reads. It returns the bytes that the argument becomes, or raises
    OSError. It is called in the thread that runs pyfuse3's loop and must not block.
    """
    extension = sys.modules.get("allocfs._fuseops")
    if extension is None:
        return

    def answer(inode: int, handle: int, command: int, data: bytes) -> bytes | int:
        try:
            return handler(inode, handle, command, data)
        except OSError as error:
            return error.errno or errno.EIO

    extension.set_ioctl(answer)
