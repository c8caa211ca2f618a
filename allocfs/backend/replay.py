"""A series of captures, played at some speed or step by step."""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import trio

from allocfs.backend.base import Kind, Watched
from allocfs.backend.control import SeriesControl
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.backend.textfile import read_capture
from allocfs.backend.textsource import TextSource
from allocfs.errors import BadControl, SourceFailed
from allocfs.reports.times import time_in_name

INTERVAL = 1.0  # seconds between captures whose names do not tell their times
SUFFIX = ".txt"
SUFFIXES = (SUFFIX, *(f"{SUFFIX}.{end}" for end in ("gz", "xz", "zst")))


class Capture(NamedTuple):
    """A capture of a series, and when it is played, in seconds after the first."""

    path: str
    at: float


def series(paths: Sequence[str]) -> list[Capture]:
    """Order captures by the times in their names.

    If some name has none, they keep their order and are INTERVAL apart.
    """
    times = [moment for path in paths if (moment := time_in_name(path)) is not None]
    if len(times) < len(paths):
        return [Capture(path, number * INTERVAL) for number, path in enumerate(paths)]
    first = min(times, default=0.0)
    in_order = sorted(zip(times, paths, strict=True))
    return [Capture(path, moment - first) for moment, path in in_order]


def captures_in(directory: str) -> list[Capture]:
    """Find the captures of a directory, in the order of their names if those have no times.

    They are the files whose names end in one of SUFFIXES and are not hidden. Raises SourceFailed if
    there are none.
    """
    try:
        paths = sorted(entry.path for entry in os.scandir(directory) if _is_capture(entry))
    except OSError as error:
        raise SourceFailed(f"{directory}: {error.strerror}") from None
    if not paths:
        raise SourceFailed(f"{directory} holds no captures: expected files named *{SUFFIX}")
    return series(paths)


def _is_capture(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(SUFFIXES) and not entry.name.startswith(".") and entry.is_file()


class Replay(TextSource):
    """The tags and counters of one capture of a series after the other.

    Captures are read when their time comes. One that cannot be read leaves readers without
    counters until the next one. Each is taken in, so that no change of the list is missed,
    however late the next request is.
    """

    def __init__(
        self,
        captures: Sequence[Capture],
        speed: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the first capture; without a speed, stay there until told to go on.

        Raises SourceFailed, or BadCapture naming file and line.
        """
        first = captures[0].path
        super().__init__(read_capture(first))
        self.control = SeriesControl(self) if speed is None else None
        self.captures = captures
        self._speed = speed
        self._clock = clock
        self._began = clock()
        self._number = 0

    def renew(self) -> None:
        """Play the captures whose time has come."""
        while self._number < self._due():
            self._play(self._number + 1)

    def next(self) -> None:
        """Go to the next capture. Raises BadControl after the last, SourceFailed if it is bad."""
        if self._number + 1 == len(self.captures):
            raise BadControl(f"control: 'next': capture {len(self.captures)} is the last")
        self._go(self._number + 1)

    def goto(self, number: int) -> None:
        """Go to a capture; the first is 1. Raises BadControl, or SourceFailed if it is bad."""
        if not 1 <= number <= len(self.captures):
            raise BadControl(f"control: 'goto {number}': expected 1 to {len(self.captures)}")
        self._go(number - 1)

    async def run(self, _watched: Watched) -> None:
        """Play to the end, with or without requests: reading a file costs little."""
        while self._speed is not None and self._number + 1 < len(self.captures):
            due = self.captures[self._number + 1].at / self._speed
            await trio.sleep(max(0.0, self._began + due - self._clock()))
            self.renew()

    def extra_stats(self) -> dict[str, int]:
        """Return the position in the series."""
        return {"capture": self._number + 1, "captures": len(self.captures)}

    def describe(self) -> str:
        """Name the present capture; the first is 1."""
        pace = "step" if self._speed is None else f"speed {self._speed:g}"
        return (
            f"source {self.captures[self._number].path}\n"
            "interface replay\n"
            f"condition {self.state}\n"
            f"capture {self._number + 1}\n"
            f"captures {len(self.captures)}\n"
            f"{pace}"
        )

    def _due(self) -> int:
        """Return the number of the last capture whose time has come."""
        if self._speed is None:
            return self._number
        passed = (self._clock() - self._began) * self._speed
        return bisect_right(self.captures, passed, key=lambda capture: capture.at) - 1

    def _play(self, number: int) -> None:
        self._number = number
        path = self.captures[number].path
        try:
            listing = read_capture(path, self._listing)
        except SourceFailed as error:
            self.state.failed(error)
        else:
            self.take(listing)

    def _go(self, number: int) -> None:
        self._play(number)
        self.state.require()


def _is_series(source: str, _options: SourceOptions) -> bool:
    return os.path.isdir(source) or (":" in source and not os.path.exists(source))


def _open_series(source: str, options: SourceOptions) -> Replay:
    captures = captures_in(source) if os.path.isdir(source) else series(_existing(source))
    return Replay(captures, None if options.step else options.speed)


def _existing(source: str) -> list[str]:
    """Refuse a series that lacks a capture now, not when its turn comes."""
    paths = source.split(":")
    for path in paths:
        if not os.path.isfile(path):
            raise SourceFailed(f"{path}: no such capture in the series {source}")
    return paths


_NAME = "a series of captures"
_USE = f"{_NAME} (SOURCE a directory, or files joined by colons)"

SERIES = Kind(_NAME, _is_series, _open_series, {"speed": _USE, "step": _USE})
