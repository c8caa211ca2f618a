"""The mount options: their names, and the values that each takes."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from allocfs.backend.sourceoptions import SourceOptions
from allocfs.errors import OptionError
from allocfs.moments.names import HISTORY_FORM, HistoryOptions, parse_history
from allocfs.units import format_size, parse_duration, parse_size
from allocfs.vfs.limits import Limits


@dataclass(frozen=True)
class MountOptions(SourceOptions):
    """The mount options; a field that is no option says so."""

    uid: int = field(default_factory=os.getuid)
    gid: int = field(default_factory=os.getgid)
    mode: int = 0o400
    allow_other: bool = False
    ioctl: bool = False
    read_only: bool = False
    no_exec: bool = False
    max_open: int = Limits().max_open
    max_queries: int = Limits().max_queries
    max_kept: int = Limits().max_kept  # bytes
    history: HistoryOptions | None = None
    snapshots: str | None = None  # the directory that keeps them
    max_snapshots: int = Limits().max_snapshots
    ignored: tuple[str, ...] = ()  # not an option: the unknown options of a sloppy mount

    @property
    def directory_mode(self) -> int:
        """The mode of directories: every user who may read may also enter."""
        return self.mode | (self.mode & 0o444) >> 2

    @property
    def limits(self) -> Limits:
        """The limits on the memory and handles that clients can take."""
        return Limits(self.max_open, self.max_queries, self.max_kept, self.max_snapshots)


class Value(NamedTuple):
    """How the value of an option is read; `parse` raises ValueError for a bad one."""

    parse: Callable[[str], object]
    expected: str


def _whole(low: int, high: int) -> Value:
    def parse(text: str) -> int:
        # int() would take " 4", "+4" and "4_0" as well.
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise ValueError
        return int(text)

    return Value(parse, f"a whole number from {low} to {high}")


def _size(low: int, high: int) -> Value:
    def parse(text: str) -> int:
        if not low <= parse_size(text) <= high:
            raise ValueError
        return parse_size(text)

    return Value(parse, f"a size from {format_size(low)} to {format_size(high)}, such as 64M")


def _octal(high: int) -> Value:
    def parse(text: str) -> int:
        if not re.fullmatch("[0-7]{1,4}", text) or int(text, 8) > high:
            raise ValueError
        return int(text, 8)

    return Value(parse, f"octal digits, at most {high:o}")


def _duration(high: int) -> Value:
    def parse(text: str) -> float:
        seconds = parse_duration(text)
        if seconds > high:
            raise ValueError
        return seconds

    return Value(parse, f"seconds from 0 to {high}, such as 0.2 or 200ms")


def _factor(low: float, high: float) -> Value:
    def parse(text: str) -> float:
        factor = float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII) else math.nan
        if not low <= factor <= high:
            raise ValueError
        return factor

    return Value(parse, f"a number from {low:g} to {high:g}")


def _directory(text: str) -> str:
    if not text:
        raise ValueError
    return os.path.abspath(text)  # the daemon changes its working directory


def _one_of(*words: str) -> Value:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return Value(parse, " or ".join(words))


_ID = _whole(0, 2**32 - 2)  # 2**32 - 1 is the kernel's "no such id"

VALUES: dict[str, Value] = {
    "cpus": _whole(1, 8192),
    "seed": _whole(0, 2**63 - 1),
    "rate": _whole(0, 10**6),
    "uid": _ID,
    "gid": _ID,
    "mode": _octal(0o777),
    "max_age": _duration(86400),
    "interface": _one_of("text", "ioctl"),
    "speed": _factor(0.001, 1000),
    "max_open": _whole(1, 10**6),
    "max_queries": _whole(1, 10**5),
    "max_kept": _size(2**20, 2**40),
    "history": Value(parse_history, HISTORY_FORM),
    "snapshots": Value(_directory, "a directory"),
    "max_snapshots": _whole(1, 10**5),
}

FLAGS: dict[str, tuple[str, bool]] = {
    "allow_other": ("allow_other", True),
    "ioctl": ("ioctl", True),
    "simulate": ("simulate", True),
    "step": ("step", True),
    "lenient": ("lenient", True),
    "ro": ("read_only", True),
    "rw": ("read_only", False),
    "noexec": ("no_exec", True),
    "exec": ("no_exec", False),
}

# What fstab lines carry and mount(8) hands on. They are for mount(8) itself, or ask for what
# a mount of allocfs does anyway, or make no difference to files that are never written.
GENERIC = frozenset(
    """
    defaults auto noauto user nouser users nousers owner noowner group nogroup
    _netdev nofail comment uhelper helper context fscontext defcontext rootcontext
    dev nodev suid nosuid sync async dirsync silent loud mand nomand
    atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime
    lazytime nolazytime iversion noiversion nosymfollow symfollow
    """.split()
)


def parse_options(text: str, sloppy: bool = False) -> MountOptions:
    """Read the argument of `-o`; of an option given twice the last one counts.

    Raises OptionError, naming the option. A sloppy mount lets unknown options pass, but not
    bad values of known ones.
    """
    fields: dict[str, Any] = {}
    ignored = []
    given = [option for option in text.split(",") if option]
    if "remount" in given:
        # With it mount(8) passes the options of the mount table, which are those of the kernel.
        raise OptionError("cannot remount: unmount and mount with the new options")
    for option in given:
        name, equals, value = option.partition("=")
        if name in VALUES:
            fields[name] = _value(name, value if equals else None)
        elif name in FLAGS:
            fields.update([_flag(name, bool(equals))])
        elif not _is_generic(name):
            _refuse_unknown(name, sloppy)
            ignored.append(option)
    return MountOptions(**fields, ignored=tuple(ignored), given=frozenset(fields))


def _value(name: str, text: str | None) -> object:
    value = VALUES[name]
    if text is None:
        raise OptionError(f"option '{name}' needs a value: expected {value.expected}")
    try:
        return value.parse(text)
    except ValueError:
        raise OptionError(f"{name}={text}: expected {value.expected}") from None


def _flag(name: str, has_value: bool) -> tuple[str, bool]:
    if has_value:
        raise OptionError(f"option '{name}' takes no value: write '{name}' alone")
    return FLAGS[name]


def _is_generic(name: str) -> bool:
    return name in GENERIC or name.startswith(("x-", "X-"))


def _refuse_unknown(name: str, sloppy: bool) -> None:
    if not sloppy:
        hint = _closest(name, [*VALUES, *FLAGS, *GENERIC])
        raise OptionError(f"unknown option '{name}'{hint}; see mount.allocfs(8)")


def _closest(name: str, known: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415  slow to import, and needed only here

    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
