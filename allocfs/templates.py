"""Records of which only the sums are missing, so that a read only has to put these in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocfs.backend.base import Flags, Ints, Slots
from allocfs.backend.rows import consecutive
from allocfs.records import RECORD_SIZE, TAG_DATA, RecordEncoder, Records, fields

(_TOTALS,) = (field.offset for field in fields(TAG_DATA) if field.name == "bytes")  # then calls
FEW = 64  # so many records, 14 KiB, are kept for the next read
_MOST_SHARED = 1 << 14  # tags of a table of which all records are kept: 3.5 MiB


class Template(NamedTuple):
    """Records, and where in them the sums go.

    `totals` has a row of bytes and calls for each record. What an earlier read put in may
    still be there, and the records may be shared: fill all in, and take the bytes at once.
    """

    records: Records
    totals: Ints
    accurate: Flags


class Templates:
    """The records of the codetags of a file, made when they are read."""

    def __init__(self, encoder: RecordEncoder, slots: Slots) -> None:
        """Make nothing yet."""
        self._encoder = encoder
        self._slots = slots
        self._range = (0, 0)
        self._kept: Template | None = None

    def of(self, first: int, last: int) -> Template:
        """Return records number first to last, the last excluded."""
        if self._kept is not None and self._range == (first, last):
            return self._kept
        template = _template(_records(self._encoder, self._slots[first:last]))
        if last - first <= FEW:
            self._kept, self._range = template, (first, last)
        return template


def _template(records: Records) -> Template:
    totals = np.ndarray((len(records), 2), np.int64, records, _TOTALS, (RECORD_SIZE, 8))
    return Template(records, totals, records["accurate"].view(np.bool_))


def _records(encoder: RecordEncoder, slots: Slots) -> Records:
    if len(encoder.table) > _MOST_SHARED:
        return encoder.templates(slots)
    rows = consecutive(slots)
    return encoder.every.take(slots) if rows is None else encoder.every[rows]
