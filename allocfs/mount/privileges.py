"""Drop the privileges that the daemon of a mount does not need.

The numbers are from <linux/capability.h> and <linux/prctl.h>.
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
    """The capabilities that a daemon can need."""

    DAC_READ_SEARCH = 2  # to read a source in directories of other users
    SYS_ADMIN = 21  # to unmount


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """The sets of 32 capabilities; capset(2) takes an array of two."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def drop(keep: Iterable[Capability]) -> None:
    """Drop all capabilities but `keep`, in this thread and those that it starts.

    Afterwards executing a program cannot gain privileges, other processes of the same user cannot
    trace this one, and it leaves no core file. For users other than root only the last two are
    set: they unmount with fusermount3, which is setuid root. Raises OSError.
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
    """Drop all other capabilities from the bounding set, the limit for executed programs.

    This needs CAP_SETPCAP. Without it no_new_privs alone keeps programs from gaining privileges.
    """
    capability = 0
    # The kernel returns an error for a capability that it does not know, after the last one.
    while (is_set := _LIBC.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0)) >= 0:
        if is_set and not kept >> capability & 1:
            try:
                _prctl(_PR_CAPBSET_DROP, capability)
            except PermissionError:
                return
        capability += 1


def _prctl(option: int, argument: int) -> None:
    _check(_LIBC.prctl(option, argument, 0, 0, 0))


def _check(returned: int) -> None:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"privileges cannot be dropped: {os.strerror(number)}")
