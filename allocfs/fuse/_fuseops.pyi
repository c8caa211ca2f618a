"""Handlers that pyfuse3 lacks. Use `allocfs.fuse.extension`: this has to be loaded first."""

from collections.abc import Callable

def set_handlers(
    ioctl: Callable[[int, int, int, bytes], bytes | int] | None,
    read: Callable[[int, int, int, bool], object] | None,
    open: Callable[[int, int], object] | None,
    release: Callable[[int], int] | None,
    direct_io: bool,
    /,
) -> None:
    """Register what answers ioctls of type 0xA6, reads, opens and releases; None: pyfuse3.

    Where there is nothing else to return they return an error number, `open` its negative. A read
    or an open that returns NotImplemented is answered by pyfuse3.
    """

def active() -> bool:
    """Tell whether a session was made with the operations of this module."""
