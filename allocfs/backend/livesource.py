"""A live source: /proc/allocinfo of the running kernel, or the `allocinfo` of another mount."""

from __future__ import annotations

import os
from pathlib import Path

from allocfs.backend.base import Backend, Kind
from allocfs.backend.ioctlsource import IoctlBackend, has_ioctl
from allocfs.backend.procfs import MAX_AGE, TextBackend
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.errors import SourceFailed
from allocfs.kernel.cpus import possible_cpus
from allocfs.kernel.mounttable import FILESYSTEM_TYPE, filesystem_of
from allocfs.kernel.profiling import why_unreadable

ALLOCINFO = "/proc/allocinfo"
_LIVE_TYPES = ("proc", FILESYSTEM_TYPE)  # on these, each read of a file gives new counters


def is_live(path: str) -> bool:
    """Tell whether a file gives the counters of now."""
    if path == ALLOCINFO:
        return True
    try:
        device = os.stat(path).st_dev
    except OSError:
        return False
    return os.path.isfile(path) and filesystem_of(device) in _LIVE_TYPES


def _is_asked_for(source: str, options: SourceOptions) -> bool:
    return options.interface is not None or is_live(source)


def _open_live(source: str, options: SourceOptions) -> Backend:
    if reason := why_unreadable(Path(source)):
        raise SourceFailed(reason)
    if options.interface == "ioctl" or (options.interface is None and has_ioctl(source)):
        return IoctlBackend(source, possible_cpus())
    max_age = MAX_AGE if options.max_age is None else options.max_age
    return TextBackend(source, max_age, possible_cpus())


_NAME = "a live source"

LIVE = Kind(_NAME, _is_asked_for, _open_live, {"interface": f"{_NAME} (SOURCE {ALLOCINFO})"})
