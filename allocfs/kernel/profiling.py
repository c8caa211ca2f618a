"""The states of memory allocation profiling in the kernel, and the remedy for each.

The states were tried on Linux 6.12. Profiling can be built in (CONFIG_MEM_ALLOC_PROFILING)
and off; the sysctl vm.mem_profiling then is 0 and the list of tags may be all zeroes. A
kernel that was booted with `sysctl.vm.mem_profiling=never` has the sysctl read-only.
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

_WRITABLE = 0o222


class State(Enum):
    """The state of profiling; the value is cause and remedy, with `{path}` for the file."""

    ON = ""
    OFF = (
        "memory allocation profiling is off: switch it on with `sysctl vm.mem_profiling=1`, which"
        " counts from then on, or boot with sysctl.vm.mem_profiling=1, which counts everything"
    )
    LOCKED = (
        "memory allocation profiling is off and this kernel does not let it be switched on:"
        " boot with sysctl.vm.mem_profiling=1"
    )
    ABSENT = (
        "{path} does not exist: this kernel has no memory allocation profiling; it takes Linux"
        " 6.10 or later, built with CONFIG_MEM_ALLOC_PROFILING=y"
    )
    GONE = (
        "{path} does not exist though memory allocation profiling is on: the kernel's log"
        " (dmesg) says why it was taken away"
    )
    DENIED = (
        "{path} may not be read by this user: mount as root, or with the capability"
        " CAP_DAC_READ_SEARCH"
    )


def state_of(path: Path) -> State:
    """Find out the state of profiling from the file `allocinfo` of a proc file system.

    Of any other file only its permission counts.
    """
    sysctl = path.parent / "sys/vm/mem_profiling"
    exists = os.path.exists(path)  # Path.exists() raises in a mount whose daemon is dead
    if not os.path.exists(sysctl):
        if not exists and os.path.isdir(sysctl.parent):
            return State.ABSENT
    elif _is_zero(sysctl):
        return State.OFF if sysctl.stat().st_mode & _WRITABLE else State.LOCKED
    elif not exists:
        return State.GONE
    if exists and not os.access(path, os.R_OK, effective_ids=True):
        return State.DENIED
    return State.ON


def _is_zero(sysctl: Path) -> bool:
    try:
        return sysctl.read_bytes().startswith(b"0")
    except OSError:  # hidden from this process: whether it is off then shows in the numbers
        return False


def why_unreadable(path: Path) -> str | None:
    """Return the reason why a source cannot be read, with the remedy, or None."""
    return state_of(path).value.format(path=path) or None
