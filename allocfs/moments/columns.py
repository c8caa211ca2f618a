"""How bytes moved over samples, computed for many codetags at once.

Differences of bytes and of times are taken as integers, exactly, before they become floats. So
small changes of large values count in full, and so do seconds of a clock that has run for years.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocfs.tags.rows import Floats, Trends
from allocfs.tags.table import Flags, Ints

_NS = 1e9

Times = Ints | None
"""The times of samples on the boot clock in nanoseconds, None if they are not known."""


class Columns(NamedTuple):
    """Bytes in samples: a row for each sample, the oldest first, a column for each codetag.

    Where a codetag is not `present` its bytes count for nothing.
    """

    bytes: Ints
    present: Flags


def trends_of(columns: Columns, times: Times) -> Trends:
    """Compute the trend of each column over the samples in which it is present.

    `slope` and `seconds` are 0 where fewer than two samples have different times, or none known.
    A column that is never present has zeros.
    """
    nbytes, present = columns
    in_all = present.all()
    if in_all:
        present = present[:, :1]  # one column stands for all, which takes a third of the time
    else:
        nbytes = _filled(columns)
    samples = np.count_nonzero(present, axis=0)
    low, high = nbytes.min(axis=0), nbytes.max(axis=0)
    heights = _heights(nbytes, low)
    if not in_all:
        heights *= present
    mean = heights.sum(axis=0) / np.maximum(samples, 1)
    heights -= mean
    grown = np.count_nonzero(nbytes[1:] > nbytes[:-1], axis=0)
    return Trends(
        first=nbytes[0].copy(),  # a view would keep all rows
        last=nbytes[-1].copy(),
        min=low,
        max=high,
        mean=low + mean,
        slope=_slopes(heights, present, times),
        rising=grown / np.maximum(samples - 1, 1),
        samples=np.broadcast_to(samples, low.shape),
        seconds=np.broadcast_to(_seconds(present, times), low.shape),
    )


def no_trends(count: int) -> Trends:
    """Return the trends of codetags of which no sample is known."""
    integers = {"first", "last", "min", "max", "samples"}
    types = (np.int64 if name in integers else np.float64 for name in Trends._fields)
    return Trends._make(np.zeros(count, each) for each in types)


def _filled(columns: Columns) -> Ints:
    """Give absent codetags their bytes of the sample before that has them, else of the next.

    Such bytes are no new extremes, and no steps.
    """
    nbytes, present = columns
    rows = np.where(present, np.arange(len(nbytes))[:, np.newaxis], present.argmax(axis=0))
    filled: Ints = np.take_along_axis(nbytes, np.maximum.accumulate(rows, axis=0), axis=0)
    filled[:, ~present.any(axis=0)] = 0
    return filled


def _heights(nbytes: Ints, low: Ints) -> Floats:
    """Return the bytes above the lowest ones; a difference can need 64 bits.

    The differences go through a small buffer. An array of them would take longer to allocate.
    """
    heights = np.empty(nbytes.shape)
    ends = nbytes.view(np.uint64), low.view(np.uint64)
    np.subtract(*ends, out=heights, dtype=np.uint64, casting="unsafe")
    return heights


def _slopes(heights: Floats, present: Flags, times: Times) -> Floats:
    """Return the slopes of the lines of least squares, in bytes per second; the mean is 0."""
    if times is None:
        return np.zeros(heights.shape[1])
    samples = np.maximum(np.count_nonzero(present, axis=0), 1)
    since = times[:, np.newaxis] - times[present.argmax(axis=0)]
    since = np.where(present, since, 0).astype(np.float64)
    since -= since.sum(axis=0) / samples
    since *= present
    spread = np.square(since).sum(axis=0)
    products = np.einsum("ij,ij->j", since, heights)
    slopes: Floats = _NS * products / np.where(spread > 0, spread, np.inf)
    return slopes


def _seconds(present: Flags, times: Times) -> Floats:
    """Return the time from the first sample that has each column to the last."""
    if times is None:
        return np.zeros(present.shape[1])
    last = len(times) - 1 - present[::-1].argmax(axis=0)
    span: Ints = times[last] - times[present.argmax(axis=0)]
    seconds: Floats = np.where(present.any(axis=0), span, 0) / _NS
    return seconds
