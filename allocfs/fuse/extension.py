"""Load the extension that adds to pyfuse3 reads without open, ioctl, and direct answers.

All of this works where the extension could not be built, or does not come first: then
`active` is false, opens have to be answered, and every ioctl fails with ENOTTY.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import ParamSpec, TypeVar

EXTENSION = "allocfs.fuse._fuseops"
TO_CACHE = 1 << 63
"""Set in the handle of a read that fills the page cache and had to wait, for pyfuse3's handler."""

Ioctl = Callable[[int, int, int, bytes], bytes]
Read = Callable[[int, int, int, bool], bytes]
Open = Callable[[int, int], int]
Release = Callable[[int], None]

P = ParamSpec("P")
R = TypeVar("R")


def load() -> bool:
    """Load the extension, so that pyfuse3, if imported after it, makes its sessions with it.

    Returns False if there is no such extension, or if pyfuse3 was imported before.
    """
    if "pyfuse3" in sys.modules and EXTENSION not in sys.modules:
        return False
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | os.RTLD_GLOBAL)
    try:
        import_module(EXTENSION)
    except ImportError:
        return False
    finally:
        sys.setdlopenflags(flags)
    return True


def active() -> bool:
    """Tell whether pyfuse3's session was made with the extension; ask after pyfuse3.init()."""
    extension = sys.modules.get(EXTENSION)
    return extension is not None and bool(extension.active())


def answer(
    ioctl: Ioctl,
    read: Read | None = None,
    open_file: Open | None = None,
    release: Release | None = None,
    direct_io: bool = False,
) -> None:
    """Answer requests without going through pyfuse3's loop, if the extension is there.

    `ioctl` gets inode, file handle (0 without open), command and the argument's bytes, none if
    the command only reads; it returns the new bytes of the argument. `read` gets handle, offset,
    size, and whether the read fills the page cache. `open_file` gets inode and flags, and returns
    a handle above 0. pyfuse3 itself answers the requests whose handler is None, and a read or an
    open that raises BlockingIOError because it has to wait: pyfuse3's handlers can wait. All raise
    OSError to fail, are called in the thread that runs pyfuse3's loop, and must not block.
    `direct_io` tells whether files bypass the page cache.
    """
    extension = sys.modules.get(EXTENSION)
    if extension is not None:
        extension.set_handlers(
            _or_errno(ioctl),
            read and _or_errno(read, can_wait=True),
            open_file and _or_errno(open_file, sign=-1, can_wait=True),
            release and _or_errno(release),
            direct_io,
        )


def _or_errno(
    handler: Callable[P, R], sign: int = 1, can_wait: bool = False
) -> Callable[P, object]:
    """Make a handler return the error number that it fails with, and 0 for None.

    If pyfuse3 can wait in its place, it returns NotImplemented for having to.
    """

    def answered(*args: P.args, **kwargs: P.kwargs) -> object:
        try:
            returned = handler(*args, **kwargs)
        except OSError as error:
            if can_wait and isinstance(error, BlockingIOError):
                return NotImplemented
            return sign * (error.errno or errno.EIO)
        return 0 if returned is None else returned

    return answered
