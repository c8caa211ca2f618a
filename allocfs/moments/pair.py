"""Two moments that are compared, as a record with a name for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allocfs.moments.moment import Moment, Taken

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, eq=False)
class PairMoment:
    """One of two moments."""

    name: str
    values: Moment

    @property
    def taken(self) -> Taken | None:
        """The time of the values, None if it is not known."""
        return self.values.taken

    def moment(self) -> Moment:
        """Return the values."""
        return self.values


class Pair:
    """The moments `before` and `after`."""

    def __init__(self, before: Moment, after: Moment) -> None:
        """Name two moments."""
        self._both = (PairMoment(BEFORE, before), PairMoment(AFTER, after))

    def names(self) -> list[str]:
        """List both names."""
        return [BEFORE, AFTER]

    def by_name(self, name: str) -> PairMoment | None:
        """Return the moment of a name."""
        return next((one for one in self._both if one.name == name), None)

    def all(self) -> Sequence[PairMoment]:
        """Return both moments."""
        return self._both

    def at_age(self, _age_ns: int) -> PairMoment | None:
        """Return nothing: neither is found by its age."""
        return None

    def at_utc(self, _utc_ns: int) -> PairMoment | None:
        """Return nothing: neither is found by its time."""
        return None

    def since(self, _length_ns: int | None) -> Sequence[PairMoment]:
        """Return both moments."""
        return self._both

    def text(self) -> str:
        """Return a line for each moment."""
        return "".join(f"{one.name} {one.taken or 'unknown'}\n" for one in self._both)
