"""The states of memory allocation profiling in the kernel, and the remedy for each.

Profiling can be built in (CONFIG_MEM_ALLOC_PROFILING) and off; the sysctl vm.mem_profiling then is
0 and the numbers stand still. A kernel that cannot switch it on has a read-only sysctl up to Linux
6.12; Linux 7.2 has no allocinfo then, and a sysctl that looks writable and refuses to be written
(EINVAL). The states were tried on Linux 6.12, 7.2 and 7.3; the kernels between them were not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

_WRITABLE = 0o222


class State(Enum):
    """The state of profiling; the value is cause and remedy, with `{path}` for the file."""

    ON = ""
    OFF = (
        "memory allocation profiling is off: switch it on with `sysctl vm.mem_profiling=1`, which"
        " counts from then on, or boot with sysctl.vm.mem_profiling=1, which counts everything"
        " (a kernel with CONFIG_MEM_ALLOC_PROFILING_DEBUG refuses the former with EACCES)"
    )
    LOCKED = (
        "memory allocation profiling is off and this kernel does not let it be switched on:"
        " boot with sysctl.vm.mem_profiling=1"
    )
    UNSUPPORTED = (
        "{path} does not exist and memory allocation profiling is off: this kernel was booted with"
        " sysctl.vm.mem_profiling=never, or without this parameter, or has shut profiling down"
        " (its log, dmesg, says which). The sysctl vm.mem_profiling cannot switch it on:"
        " boot with sysctl.vm.mem_profiling=1"
    )
    SHUT_DOWN = (
        "the kernel has shut memory allocation profiling down and removed {path}: its log (dmesg)"
        " has the reason. The sysctl vm.mem_profiling cannot switch it on again: boot with"
        " sysctl.vm.mem_profiling=1, without `,compressed`"
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


_STOPPED = {
    State.OFF: "off",
    State.LOCKED: "off",
    State.UNSUPPORTED: "off",
    State.SHUT_DOWN: "shut down",
    State.GONE: "shut down",
}


def state_of(path: Path) -> State:
    """Find out the state of profiling from the file `allocinfo` of a proc file system.

    Of any other file only its permission counts. SHUT_DOWN takes a look before and one after;
    one look alone finds UNSUPPORTED.
    """
    sysctl = _sysctl(path)
    exists = os.path.exists(path)  # Path.exists() raises in a mount whose daemon is dead
    if not os.path.exists(sysctl):
        if not exists and os.path.isdir(sysctl.parent):
            return State.ABSENT
    elif _begins(sysctl, b"0"):
        if not sysctl.stat().st_mode & _WRITABLE:
            return State.LOCKED
        return State.OFF if exists else State.UNSUPPORTED
    elif not exists:
        return State.GONE
    if exists and not os.access(path, os.R_OK, effective_ids=True):
        return State.DENIED
    return State.ON


def is_compressed(path: Path) -> bool:
    """Tell whether references to tags are in page flags; kernels before 7.3 do not tell."""
    return _begins(path.parent / "sys/vm/mem_profiling_compressed", b"1")


def why_unreadable(path: Path) -> str | None:
    """Return the reason why a source cannot be read, with the remedy, or None."""
    return reason_for(state_of(path), path)


def reason_for(state: State, path: Path) -> str | None:
    """Return cause and remedy of a state, None if nothing is in the way."""
    return state.value.format(path=path) or None


class Watch:
    """The state of profiling at each look, and the time of the look that found it stopped."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """Find out whether there is a sysctl beside a source; `now` returns seconds since 1970."""
        self._path = path
        self._has_sysctl = os.path.exists(_sysctl(path))
        self._now = now
        self._was_on = False
        self._stopped_at: float | None = None

    def look(self) -> State:
        """Find out the state, and note whether profiling has stopped."""
        state = state_of(self._path)
        if state is State.UNSUPPORTED and self._was_on:
            state = State.SHUT_DOWN
        self._was_on |= state is State.ON
        if state not in _STOPPED:
            self._stopped_at = None
        elif self._stopped_at is None:
            self._stopped_at = self._now()
        return state

    def why_unreadable(self) -> str | None:
        """Look, and return the reason why the source cannot be read, or None."""
        return reason_for(self.look(), self._path)

    def describe(self) -> str:
        """Look, and return a line for `.allocfs/source`, or "" if there is no sysctl to look at.

        Without one the source may be in a mount whose daemon does not answer: a look could hang.
        """
        if not self._has_sysctl:
            return ""
        state = self.look()
        if state in _STOPPED:
            since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._stopped_at))
            return f"profiling {_STOPPED[state]} since {since}\n"
        return f"profiling on{' (compressed)' if is_compressed(self._path) else ''}\n"


def _sysctl(path: Path) -> Path:
    return path.parent / "sys/vm/mem_profiling"


def _begins(sysctl: Path, value: bytes) -> bool:
    try:
        return sysctl.read_bytes().startswith(value)
    except OSError:  # hidden from this process: whether it is off then shows in the numbers
        return False
