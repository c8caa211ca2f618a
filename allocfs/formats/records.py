"""The binary records: each struct declared once, everything else derived from that.

Integers are in the host's byte order and naturally aligned; padding is zero. The structs are
those of Linux's `include/uapi/linux/alloc_tag.h`, without its nesting, the 32-byte counters
record of `/counters`, and the 96-byte record of trends. spec/allocfs.h says the same to C programs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import construct as c  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from allocfs.tags.rounding import Rounding
from allocfs.tags.rows import Trends
from allocfs.tags.table import Marks, NameColumn, Slots, Sums, TagTable, Uints

NAME_SIZE = 64
Records = NDArray[np.void]

# What follows the first NUL is ignored. 64 bytes without a NUL are read, but never written.
NAME = c.FixedSized(NAME_SIZE, c.NullTerminated(c.GreedyBytes, require=False))

_TAG = (
    "modname" / NAME * "module, empty for built-in code",
    "function" / NAME * "function that allocates",
    "filename" / NAME * "source file as the kernel spells it",
    "lineno" / c.Int64un * "line in the source file",
)
# The kernel's header has u64 bytes, but what it stores is a signed sum: memory may be freed on
# another CPU than it was allocated on, so a sum taken meanwhile can dip below zero.
_SUMS = (
    "bytes" / c.Int64sn * "bytes allocated and not yet freed",
    "calls" / c.Int64un * "allocations not yet freed",
)
_COUNTER = (
    *_SUMS,
    "accurate" / c.Int8un * "1 if every allocation is counted, else 0",
    c.Padding(7),
)
_SIZES = ("min_size" / c.Int64un, "max_size" / c.Int64un)
_INACCURATE = "inaccurate" / c.Int64un

TAG_DATA = c.Struct(*_TAG, *_COUNTER)
FILTER = c.Struct("mask" / c.Int64un, *_TAG, *_SIZES, _INACCURATE)
CONTENT_ID = c.Struct("id" / c.Int64un)
COUNTERS_DATA = c.Struct(
    "index" / c.Int64un * "number of the tag's record in /records",
    *_SUMS,
    "flags"
    / c.Int64un
    * "bits 0: accurate, 1: new, 2: gone, 3: approximate, 4: moved, 5: unknown; others are zero",
)
TREND_DATA = c.Struct(
    "index" / c.Int64un * "number of the tag in the list of the trend, as in its /text and /json",
    "first" / c.Int64sn * "bytes in the first sample that has the tag",
    "last" / c.Int64sn * "bytes in the last sample that has the tag",
    "min" / c.Int64sn * "the fewest bytes in a sample",
    "max" / c.Int64sn * "the most bytes in a sample",
    "mean" / c.Float64n * "mean of the samples",
    "slope" / c.Float64n * "slope of the line of least squares, 0 if times are not known",
    "rising" / c.Float64n * "share of the steps between samples that grew, 0 to 1",
    "samples" / c.Int64un * "samples that have the tag",
    "seconds" / c.Float64n * "time from the first of these samples to the last",
    "calls" / c.Int64sn * "allocations not yet freed in the last sample",
    "flags" / c.Int64un * "bits 0: every allocation is counted, 3: approximate; others are zero",
)

EARLIER_TAG = c.Struct(*_TAG, _INACCURATE)
EARLIER_TAG_DATA = c.Struct(*_TAG, _INACCURATE, *_COUNTER)
EARLIER_FILTER = c.Struct("mask" / c.Int64un, *_TAG, _INACCURATE, *_SIZES)

_UNITS = {
    **dict.fromkeys(("bytes", "first", "last", "min", "max", "mean"), "bytes"),
    **{"calls": "calls", "index": "records", "lineno": "lines"},
    **{"slope": "bytes/s", "samples": "samples", "seconds": "s"},
}
# The name of each type in schema.json, and its numpy format.
_TYPES: dict[c.Construct, tuple[str, Any]] = {
    NAME: (f"char[{NAME_SIZE}]", f"S{NAME_SIZE}"),
    c.Int64un: ("u64", "u8"),
    c.Int64sn: ("s64", "i8"),
    c.Int8un: ("u8", "u1"),
    c.Float64n: ("f64", "f8"),
}


class CounterFlags(IntFlag):
    """The flags of a counters record; NEW, GONE, MOVED and UNKNOWN are those of a difference.

    No record has more than one of these four.
    """

    ACCURATE = 1 << 0  # every allocation is counted
    NEW = 1 << 1
    GONE = 1 << 2
    APPROXIMATE = 1 << 3  # its bytes were rounded
    MOVED = 1 << 4  # its line did, between two builds of a kernel
    UNKNOWN = 1 << 5  # a partial list lacks it


class Field(NamedTuple):
    """A member of a declared struct; padding is a member called `pad`."""

    name: str
    offset: int
    size: int
    type: str
    unit: str
    description: str
    format: Any  # the type as numpy names it


def fields(declared: c.Struct) -> Iterator[Field]:
    """Walk the members of a struct in their order."""
    offset = 0
    for member in declared.subcons:
        name, size, kind = member.name or "pad", member.sizeof(), member
        while isinstance(kind, c.Renamed):
            kind = kind.subcon
        other = ("struct", dtype_of(kind)) if isinstance(kind, c.Struct) else ("pad", f"V{size}")
        type_, format_ = _TYPES.get(kind, other)
        yield Field(name, offset, size, type_, _UNITS.get(name, ""), member.docs or "", format_)
        offset += size


def dtype_of(declared: c.Struct) -> np.dtype[np.void]:
    """Derive the numpy dtype of a struct.

    Padding is a field in it, because numpy leaves gaps unset when it copies strided records.
    """
    return np.dtype([(field.name, field.format) for field in fields(declared)])


RECORD = dtype_of(TAG_DATA)
COUNTERS = dtype_of(COUNTERS_DATA)
RECORD_SIZE = RECORD.itemsize
TREND = dtype_of(TREND_DATA)
COUNTERS_SIZE = COUNTERS.itemsize
TREND_SIZE = TREND.itemsize


def cut_name(name: str) -> bytes:
    """Encode a name as a record holds it: of more than 63 bytes the last 63; not padded.

    Bytes are counted, so the cut can fall inside a UTF-8 sequence.
    """
    return name.encode("utf-8", "surrogateescape")[-(NAME_SIZE - 1) :]


def _cut_names(column: NameColumn) -> NDArray[np.bytes_]:
    return np.array([cut_name(name) for name in column.values], dtype=f"S{NAME_SIZE}")


@dataclass(frozen=True)
class RecordEncoder:
    """A tag table with its distinct names encoded, 64 bytes each."""

    table: TagTable
    modname: NDArray[np.bytes_]
    function: NDArray[np.bytes_]
    filename: NDArray[np.bytes_]

    @classmethod
    def from_table(cls, table: TagTable) -> RecordEncoder:
        """Encode the names of a tag table; all who use one at a time share it."""
        encoder = _shared.get(id(table))
        if encoder is None:
            encoder = cls(table, *map(_cut_names, (table.module, table.function, table.file)))
            _shared[id(table)] = encoder
        return encoder

    @cached_property
    def every(self) -> Records:
        """The records of all slots, made once."""
        return self.templates(np.arange(len(self.table)))

    def templates(self, slots: Slots) -> Records:
        """Make the records of some slots, counters zero; shape (len(slots),)."""
        records: Records = np.zeros(len(slots), RECORD)
        records["modname"] = self.modname[self.table.module.ids[slots]]
        records["function"] = self.function[self.table.function.ids[slots]]
        records["filename"] = self.filename[self.table.file.ids[slots]]
        records["lineno"] = self.table.line[slots]
        return records


# By id(): an encoder keeps its table, so that no other table has the id while the entry is there.
_shared: WeakValueDictionary[int, RecordEncoder] = WeakValueDictionary()


def fill(records: Records, sums: Sums) -> None:
    """Write the counters into as many records as there are sums."""
    records["bytes"] = sums.bytes
    records["calls"] = sums.calls
    records["accurate"] = sums.accurate


def counters_records(
    index: Uints, sums: Sums, marks: Marks | None = None, rounding: Rounding | None = None
) -> Records:
    """Make counters records; `index` has the numbers of the tags' records in /records."""
    records: Records = np.zeros(len(index), COUNTERS)
    records["index"] = index
    records["bytes"] = sums.bytes
    records["calls"] = sums.calls
    records["flags"] = _value_flags(sums, rounding)
    if marks is not None:
        for flags, flag in zip(marks, _MARK_FLAGS, strict=True):
            records["flags"] |= flags * np.uint64(flag)
    return records


_MARK_FLAGS = (CounterFlags.NEW, CounterFlags.GONE, CounterFlags.MOVED, CounterFlags.UNKNOWN)


def _value_flags(sums: Sums, rounding: Rounding | None) -> Uints:
    flags = sums.accurate.astype(np.uint64)
    if rounding is not None:
        flags |= rounding.is_rounded * np.uint64(CounterFlags.APPROXIMATE)
    return flags


def trend_records(
    index: Uints, sums: Sums, trends: Trends, rounding: Rounding | None = None
) -> Records:
    """Make trend records; `index` has the numbers of the tags in the list of the trend."""
    records: Records = np.zeros(len(index), TREND)
    records["index"] = index
    for name, column in trends._asdict().items():
        records[name] = column
    records["calls"] = sums.calls
    records["flags"] = _value_flags(sums, rounding)
    return records


class Record(NamedTuple):
    """A decoded record; a name that was longer is cut to its last 63 bytes."""

    module: str
    function: str
    file: str
    line: int
    bytes: int
    calls: int
    accurate: bool


def decode_record(data: bytes) -> Record:
    """Decode one record; raise ValueError if `data` is not one record.

    `bytes` is read as signed, which is how /proc/allocinfo prints it.
    """
    (record,) = parse_records(data)
    *names, line, size, calls, accurate, _ = record.item()
    module, function, file = (
        name.split(b"\0", 1)[0].decode("utf-8", "surrogateescape") for name in names
    )
    return Record(module, function, file, line, size, calls, bool(accurate))


def parse_records(
    data: bytes | bytearray | memoryview, dtype: np.dtype[np.void] = RECORD
) -> Records:
    """View a buffer as records, not copying; raise ValueError if the last is incomplete."""
    return np.frombuffer(data, dtype)


def _describe(name: str, declared: c.Struct, description: str) -> dict[str, Any]:
    members = [field._asdict() for field in fields(declared)]
    for member in members:
        del member["format"]
    size = declared.sizeof()
    return {"name": name, "size": size, "description": description, "fields": members}


def schema() -> dict[str, Any]:
    """Describe the binary records in values that JSON has."""
    records = [
        _describe("allocinfo_tag_data", TAG_DATA, "a codetag and its counters"),
        _describe("allocfs_counters", COUNTERS_DATA, "the counters of a codetag known by number"),
        _describe("allocfs_trend", TREND_DATA, "the bytes of a codetag over some samples"),
    ]
    return {"byte_order": sys.byteorder, "records": records}
