"""Choose the backend for what was given as SOURCE."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from allocfs.backend.base import Backend
from allocfs.backend.control import Controlled, Stepped
from allocfs.backend.ioctl import IoctlBackend, has_ioctl
from allocfs.backend.procfs import MAX_AGE, TextBackend, Watched
from allocfs.backend.replay import Capture, Replay, captures_in, series
from allocfs.backend.simulated import DEFAULT_CAPTURE, SimulatedStore, default_capture
from allocfs.backend.static import StaticCapture
from allocfs.backend.textfile import read_text
from allocfs.errors import OptionError, SourceFailed
from allocfs.formats.text import parse
from allocfs.kernel.cpus import possible_cpus
from allocfs.kernel.profiling import obstacle
from allocfs.mount.mountpoint import FILESYSTEM_TYPE
from allocfs.mount.options import SIMULATED, MountOptions

ALLOCINFO = "/proc/allocinfo"
_LIVE = ("proc", FILESYSTEM_TYPE)  # on these a file is not what it was when it was last read
_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Source:
    """A backend, what control lines act on, and what has to run while it is mounted.

    `run` is told how to find out whether anybody waits for `backend.changed`.
    """

    backend: Backend
    controlled: Controlled | Stepped | None = None
    run: Callable[[Watched], Awaitable[None]] | None = None


class Kind(StrEnum):
    """What a SOURCE is, in the words of a message."""

    SIMULATED = "the simulated store"
    FROM_FILE = "the simulated store, started from a file"
    CAPTURE = "a capture"
    SERIES = "a series of captures"
    LIVE = "a live source"


_STORES = (Kind.SIMULATED, Kind.FROM_FILE)
_STORE = f"{Kind.SIMULATED} (SOURCE none, or a file and simulate)"
_SERIES = f"{Kind.SERIES} (SOURCE a directory, or files joined by colons)"

# The options that mean something for some kinds only, and what they are for.
PARTICULAR: dict[str, tuple[Sequence[Kind], str]] = {
    "cpus": (_STORES, _STORE),
    "seed": (_STORES, _STORE),
    "rate": (_STORES, _STORE),
    "simulate": ((Kind.FROM_FILE,), "a file that the simulated store is to start from"),
    "interface": ((Kind.LIVE,), f"{Kind.LIVE} (SOURCE {ALLOCINFO})"),
    "speed": ((Kind.SERIES,), _SERIES),
    "step": ((Kind.SERIES,), _SERIES),
}


def open_source(source: str | None, options: MountOptions) -> Source:
    """Open a source. Raises SourceFailed, or BadCapture naming file and line.

    Where a running kernel is asked for, nothing else is ever served. Raises OptionError for an
    option that means nothing for this kind of source.
    """
    kind = kind_of(source, options)
    _check_options(source, kind, options)
    if source is None or kind is Kind.SIMULATED:
        return _simulated(default_capture(), DEFAULT_CAPTURE, options)
    if kind is Kind.FROM_FILE:
        return _simulated(read_text(source), source, options)
    if kind is Kind.LIVE:
        return _live(source, options)
    if kind is Kind.SERIES:
        return _replay(_captures(source), options)
    return Source(StaticCapture(source))


def kind_of(source: str | None, options: MountOptions) -> Kind:
    """Tell what a source is by its name, by what is there, and by the options."""
    if source is None or source in SIMULATED:
        return Kind.SIMULATED
    if os.path.isdir(source) or (":" in source and not os.path.exists(source)):
        return Kind.SERIES
    if options.simulate:
        return Kind.FROM_FILE
    if options.interface is not None or is_live(source):
        return Kind.LIVE
    return Kind.CAPTURE


def _check_options(source: str | None, kind: Kind, options: MountOptions) -> None:
    for name, (kinds, use) in PARTICULAR.items():
        if name in options.given and kind not in kinds:
            raise OptionError(f"option '{name}' is for {use}, and {source or 'none'} is {kind}")
    if options.step and "speed" in options.given:
        raise OptionError("option 'speed' is not for a series that is played by 'step'")


def is_live(path: str) -> bool:
    """Tell whether a file has the counters of now: one of the kernel, or of another mount."""
    if path == ALLOCINFO:
        return True
    try:
        device = os.stat(path).st_dev
    except OSError:
        return False
    return os.path.isfile(path) and _type_of_mounted(device) in _LIVE


def _type_of_mounted(device: int) -> str | None:
    """Return the type of the file system with a device number, as in proc_pid_mountinfo(5)."""
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in _MOUNTS.read_text(errors="surrogateescape").splitlines():
        fields = line.split(" ")
        if fields[2] == number:
            return fields[fields.index("-", 6) + 1]
    return None


def _simulated(capture: bytes, name: str, options: MountOptions) -> Source:
    listing = parse(capture, name)
    store = SimulatedStore(listing, options.cpus, options.seed, options.rate, name)
    return Source(store, controlled=store, run=lambda _watched: store.run())


def _replay(captures: list[Capture], options: MountOptions) -> Source:
    replay = Replay(captures, None if options.step else options.speed)
    return Source(replay, replay if options.step else None, replay.run)


def _captures(source: str) -> list[Capture]:
    if os.path.isdir(source):
        return captures_in(source)
    return series(_existing(source.split(":")))


def _existing(paths: list[str]) -> list[str]:
    """Refuse a series of which a capture is missing now, not when its turn comes."""
    for path in paths:
        if not os.path.isfile(path):
            raise SourceFailed(f"{path}: no such capture in the series {':'.join(paths)}")
    return paths


def _live(path: str, options: MountOptions) -> Source:
    if in_the_way := obstacle(Path(path)):
        raise SourceFailed(in_the_way)
    backend: IoctlBackend | TextBackend
    if options.interface == "ioctl" or (options.interface is None and has_ioctl(path)):
        backend = IoctlBackend(path, possible_cpus())
    else:
        max_age = MAX_AGE if options.max_age is None else options.max_age
        backend = TextBackend(path, max_age, possible_cpus())
    return Source(backend, run=backend.run)
