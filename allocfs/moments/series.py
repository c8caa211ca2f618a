"""The captures of a mounted series as moments, named by their files."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from allocfs.backend.replay import SUFFIXES, Capture
from allocfs.errors import BadName
from allocfs.logs import one_line
from allocfs.moments.captures import CaptureFile, CaptureReader, all_taken, utc_in_name
from allocfs.moments.history import aligned
from allocfs.moments.moment import Moment, Taken
from allocfs.moments.names import check_name

_NS = 1_000_000_000


@dataclass(frozen=True, eq=False)
class SeriesCapture:
    """A capture, named by its file."""

    name: str
    file: CaptureFile

    @property
    def taken(self) -> Taken | None:
        """The time in its name, None if the series has no times."""
        return self.file.taken

    def moment(self) -> Moment:
        """Return its values. Raises SourceFailed, or BadCapture naming file and line."""
        return self.file.moment()


class Series:
    """The captures of a series, the oldest first; each is read when its values are asked for.

    Ages are by the newest capture. A series whose names have no times has an order only: it has
    no ages, and all of it is in every window.
    """

    version = 1  # captures neither come nor go

    def __init__(self, captures: Sequence[Capture]) -> None:
        """Name captures that are in their order."""
        paths = [capture.path for capture in captures]
        reader = CaptureReader()
        self._times = _times(paths)
        every: Iterable[Taken | None] = (
            all_taken(self._times) if self._times else [None] * len(paths)
        )
        self._captures = [
            SeriesCapture(name, CaptureFile(path, taken, reader))
            for name, path, taken in zip(_names(paths), paths, every, strict=True)
        ]
        self._by_name = {capture.name: capture for capture in self._captures}

    def names(self) -> list[str]:
        """List the names of the captures, the oldest first."""
        return list(self._by_name)

    def all(self) -> Sequence[SeriesCapture]:
        """Return the captures, the oldest first."""
        return self._captures

    def by_name(self, name: str) -> SeriesCapture | None:
        """Return the capture of a name."""
        return self._by_name.get(name)

    def at_age(self, age_ns: int) -> SeriesCapture | None:
        """Return the newest capture that is at least so much older than the newest one."""
        return self.at_utc(self._times[-1] - age_ns) if self._times else None

    def at_utc(self, utc_ns: int) -> SeriesCapture | None:
        """Return the newest capture at or before a time."""
        after = bisect_right(self._times, utc_ns)
        return self._captures[after - 1] if after else None

    def since(self, length_ns: int | None) -> Sequence[SeriesCapture]:
        """Return the captures that are at most so much older than the newest one; None for all."""
        if length_ns is None or not self._times:
            return self._captures
        return self._captures[bisect_left(self._times, self._times[-1] - length_ns) :]

    def text(self) -> str:
        """Return a line for each capture, with name, age and file; an age may not be known."""
        if self._times:
            ages = [f"{(self._times[-1] - utc_ns) / _NS:.3f}" for utc_ns in self._times]
        else:
            ages = ["-"] * len(self._captures)
        return aligned(
            [
                (one_line(capture.name), age, one_line(capture.file.path))
                for capture, age in zip(self._captures, ages, strict=True)
            ]
        )


def _times(paths: Sequence[str]) -> list[int]:
    """Return the times in the names, none if some name has none."""
    times = [utc_ns for path in paths if (utc_ns := utc_in_name(path)) is not None]
    return times if len(times) == len(paths) else []


def _names(paths: Sequence[str]) -> Iterator[str]:
    """Name captures by their files, each with a name of its own."""
    taken: set[str] = set()
    for number, path in enumerate(paths, 1):
        name = stem = _name(path, number)
        copies = 1
        while name in taken:
            copies += 1
            name = f"{stem}~{copies}"
        taken.add(name)
        yield name


def _name(path: str, number: int) -> str:
    """Return the name of a file without suffixes, or the number of its capture if that is bad."""
    base = os.path.basename(path)
    name = next((base.removesuffix(end) for end in SUFFIXES if base.endswith(end)), base)
    try:
        check_name(name)
    except BadName:
        return str(number)
    return name
