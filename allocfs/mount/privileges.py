"""Give up what a daemon that serves a mount has no use for.

The numbers are those of <linux/capability.h> and <linux/prctl.h>.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from enum import IntEnum

_LIBC = ctypes.CDLL(None, use_errno=True)

_PR_SET_DUMPABLE = 4
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION_3 = 0x20080522


class Capability(IntEnum):
    """The capabilities that a daemon can have a use for."""

    DAC_READ_SEARCH = 2  # to read a source in directories that are not root's
    SYS_ADMIN = 21  # to unmount


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """One half of the sets, 32 capabilities; capset(2) takes two of them."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def drop(keep: Iterable[Capability]) -> None:
    """Keep no more than some capabilities, in this thread and those that it starts.

    From then on nothing can be gained back by executing a program, and other processes of the
    same user can neither trace this one nor have it leave a core file. A user other than root
    unmounts by fusermount3, which has to gain root's rights: that way stays open to them.
    Raises OSError.
    """
    _prctl(_PR_SET_DUMPABLE, 0)
    if os.geteuid() != 0:
        return
    kept = sum(1 << capability for capability in keep)
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    _check(_LIBC.capget(ctypes.byref(header), sets))
    _empty_bounding_set(kept)
    for half, bits in zip(sets, (kept & 0xFFFFFFFF, kept >> 32), strict=True):
        half.permitted &= bits
        half.effective = half.permitted
        half.inheritable = 0
    _check(_LIBC.capset(ctypes.byref(header), sets))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _empty_bounding_set(kept: int) -> None:
    """Drop all others from what an executed program could get, if this process may."""
    capability = 0
    while (there := _LIBC.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0)) >= 0:
        if there and not kept >> capability & 1:
            try:
                _prctl(_PR_CAPBSET_DROP, capability)
            except PermissionError:  # without SETPCAP; no_new_privs stops programs all the same
                return
        capability += 1


def _prctl(option: int, argument: int) -> None:
    _check(_LIBC.prctl(option, argument, 0, 0, 0))


def _check(returned: int) -> None:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"privileges cannot be dropped: {os.strerror(number)}")
