"""Records with names filled in and counters left blank; a read only writes the counters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocfs.formats.records import RECORD_SIZE, TAG_DATA, RecordEncoder, Records, fields
from allocfs.tags.slots import consecutive
from allocfs.tags.table import Flags, Ints, Slots

(_TOTALS,) = (field.offset for field in fields(TAG_DATA) if field.name == "bytes")  # then calls
FEW = 64  # so many records, 14 KiB, are kept at most
_MOST_SHARED = 1 << 14  # tags of a table of which all records are kept: 3.5 MiB


class Template(NamedTuple):
    """Records, with views of the places of their sums.

    `totals` has a row of bytes and calls for each record. The counters of an earlier read may
    still be there, and the records may be shared: fill all in, and take the bytes at once.
    """

    records: Records
    totals: Ints
    accurate: Flags


class Templates:
    """The records of the codetags of a file, made when they are read.

    A few records are kept once they are read twice in a row. A file that is read only once
    needs no templates afterwards.
    """

    __slots__ = ("_encoder", "_first", "_kept", "_last", "_slots")

    def __init__(self, encoder: RecordEncoder, slots: Slots) -> None:
        """Make nothing yet."""
        self._encoder = encoder
        self._slots = slots
        self._first = self._last = 0  # of the last read
        self._kept: Template | None = None

    def between(self, first: int, last: int) -> Template:
        """Return records number first to last, the last excluded."""
        again = first == self._first and last == self._last
        if again and self._kept is not None:
            return self._kept
        template = _template(_records(self._encoder, self._slots[first:last]))
        self._kept = template if again and last - first <= FEW else None
        self._first, self._last = first, last
        return template


def _template(records: Records) -> Template:
    totals = np.ndarray((len(records), 2), np.int64, records, _TOTALS, (RECORD_SIZE, 8))
    return Template(records, totals, records["accurate"].view(np.bool_))


def _records(encoder: RecordEncoder, slots: Slots) -> Records:
    if len(encoder.table) > _MOST_SHARED:
        return encoder.templates(slots)
    rows = consecutive(slots)
    return encoder.every.take(slots) if rows is None else encoder.every[rows]
