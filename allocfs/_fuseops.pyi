"""What pyfuse3 lacks. Import `allocfs.fuseops` instead: this has to be loaded first."""

from collections.abc import Callable

def set_ioctl(handler: Callable[[int, int, int, bytes], bytes | int], /) -> None:
    """Register what answers the ioctls of type 0xA6.

    It is called with inode, file handle, command and the argument's bytes, and returns the
    bytes that the argument becomes, or an error number.
    """

def active() -> bool:
    """Tell whether a session was made with the operations of this module."""
