"""When the values of a part of the tree are from: now, a moment, a difference, or a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from allocfs.moments.moment import Moment, Taken


class NamedMoment(Protocol):
    """A snapshot, a sample of the history, or a capture of a series; equal if it is the same."""

    @property
    def name(self) -> str:
        """Its name in its directory."""
        ...

    @property
    def taken(self) -> Taken | None:
        """Its time, None if that is not known."""
        ...

    def moment(self) -> Moment:
        """Return its values, read if need be. Raises SourceFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Now:
    """The present."""


@dataclass(frozen=True, slots=True)
class Past:
    """A moment that has a name."""

    moment: NamedMoment


@dataclass(frozen=True, slots=True)
class Between:
    """The difference of two moments."""

    before: Now | Past
    after: Now | Past


@dataclass(frozen=True, slots=True)
class SinceRead:
    """The difference between now and the last read of an open file."""


@dataclass(frozen=True, slots=True)
class Window:
    """The samples of the last so many nanoseconds; None for all."""

    length_ns: int | None


NOW = Now()
When = Now | Past | Between | SinceRead | Window


def varies(when: When) -> bool:
    """Tell whether values decide which tags there are: those that differ now, or are sampled."""
    match when:
        case Between(before, after):
            return NOW in (before, after)
        case SinceRead() | Window():
            return True
        case _:
            return False


def taken_at(when: When) -> Taken | None:
    """Return the time of the values of a moment, None if it is not known, and of all others."""
    return when.moment.taken if isinstance(when, Past) else None
