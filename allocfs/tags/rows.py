"""The rows of a rendered file: codetags, or groups of them, with all that is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from allocfs.tags.rounding import Rounding
from allocfs.tags.table import Ints, Marks, Pairs, Slots, Sums, TagTable

Floats = NDArray[np.float64]


class Change(NamedTuple):
    """The values before a difference, its duration in seconds if known, and marks of the tags."""

    before: Sums
    seconds: float | None
    marks: Marks


class Trends(NamedTuple):
    """The values of some codetags over the samples in which each occurs.

    `slope` is in bytes per second, by least squares; `rising` is the share of steps that grew,
    from 0 to 1. `seconds` is from a codetag's first sample to its last.
    """

    first: Ints
    last: Ints
    min: Ints
    max: Ints
    mean: Floats
    slope: Floats
    rising: Floats
    samples: Ints
    seconds: Floats


class Groups(NamedTuple):
    """Rows that sum some codetags each.

    `names` are the members of JSON that a row has of file, line, function and module; `heads` stand
    in the place of the tag in text. `tags` counts the codetags of each row, and `total` has the
    bytes of all codetags.
    """

    names: tuple[str, ...]
    heads: Sequence[str]
    tags: Ints
    total: int


class Rows(NamedTuple):
    """Rows with their values; element n of each column is of `slots[n]`."""

    table: TagTable
    slots: Slots
    sums: Sums
    pairs: Pairs | None = None
    change: Change | None = None
    trends: Trends | None = None
    groups: Groups | None = None
    rounding: Rounding | None = None
