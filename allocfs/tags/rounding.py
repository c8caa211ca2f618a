"""Numbers that were rounded before they were read, and lists that lack codetags."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocfs.tags.table import Flags, Ints, Slots

UNLIMITED = 2**61
"""The distance of an end that is not known. Two of them add up in 64 bits."""


class Rounding(NamedTuple):
    """The distances of some bytes from the least and from the most that they can be.

    Both are 0 where bytes are exact.
    """

    below: Ints
    above: Ints

    @classmethod
    def none(cls, count: int) -> Rounding:
        """Return the distances of bytes that are exact."""
        return cls(np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64))

    @property
    def is_rounded(self) -> Flags:
        """Which bytes are not exact."""
        flags: Flags = (self.below | self.above) != 0
        return flags

    def of(self, which: Slots | Flags | slice) -> Rounding:
        """Return the distances of some of the bytes."""
        return Rounding(self.below[which], self.above[which])

    def put(self, places: Slots, rounding: Rounding) -> None:
        """Write distances into some places."""
        for column, values in zip(self, rounding, strict=True):
            column[places] = values

    def of_difference(self, before: Rounding) -> Rounding:
        """Return the distances of differences: these bytes minus others."""
        below, above = self.below + before.above, self.above + before.below
        return Rounding(np.minimum(below, UNLIMITED), np.minimum(above, UNLIMITED))

    def ends(self, nbytes: Ints) -> list[Ends | None]:
        """Return the least and the most that each number can be, None where it is exact."""
        columns = (column.tolist() for column in (nbytes, *self))
        return [
            Ends(
                None if below == UNLIMITED else n - below, None if above == UNLIMITED else n + above
            )
            if below or above
            else None
            for n, below, above in zip(*columns, strict=True)
        ]


class Ends(NamedTuple):
    """The least and the most that a number can be, None where that is not known."""

    low: int | None
    high: int | None

    def __str__(self) -> str:
        return "..".join("" if end is None else str(end) for end in self)


class Partial(NamedTuple):
    """A list that lacks codetags, as a note describes it.

    None that it lacks has more than `most` bytes; None if that is not known.
    """

    note: str
    most: int | None = None

    def rounding(self, count: int) -> Rounding:
        """Return the distances of codetags that the list lacks and that count as zero."""
        rounding = Rounding.none(count)
        rounding.above[:] = UNLIMITED if self.most is None else self.most
        return rounding
