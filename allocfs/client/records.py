"""Files of records: read, decoded, printed and polled."""

from __future__ import annotations

import errno
import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count as counting

import numpy as np

from allocfs.descriptor import Descriptor
from allocfs.errors import TagGone
from allocfs.formats.jsonlines import format_json
from allocfs.formats.records import (
    NAME_SIZE,
    RECORD,
    RECORD_SIZE,
    Record,
    Records,
    decode_record,
    parse_records,
)
from allocfs.formats.textlines import format_lines
from allocfs.tags.rows import Rows
from allocfs.tags.table import Codetag, Sums, TagTable

# FUSE answers at least 128 KiB at once, wherever in a page the buffer begins. A longer read may be
# split within a record, whose counters would then be of two instants.
RECORDS_PER_READ = 512

DIFFERENCE = np.dtype(
    [(name, "i8" if name == "calls" else RECORD[name]) for name in RECORD.names or ()]
)
"""The dtype of differences: RECORD with calls that are signed, as bytes are."""

StrPath = str | os.PathLike[str]


def read_records(path: StrPath) -> Records:
    """Read all records of a file; shape (n,), dtype RECORD. Raises the exceptions of RecordFile."""
    with RecordFile(path) as file:
        return file.read()


def record_size(fd: int) -> int | None:
    """Return how long the records of an open file are, None unless it is a mount's record file."""
    size = _attribute(fd, "record_size")
    return None if size is None else int(size)


def is_signed(fd: int) -> bool:
    """Tell whether an open file of a mount has the records of a difference."""
    return _attribute(fd, "signed") is not None


def decode_records(records: Records) -> Iterator[Record]:
    """Decode records one by one."""
    return (decode_record(record.tobytes()) for record in records)


def format_records(records: Records, as_json: bool = False) -> bytes:
    """Write records as the lines of /proc/allocinfo, without its header, or as JSON lines.

    Calls are signed if the dtype is DIFFERENCE. A record of a group has the names that it has.
    Raises ValueError if these cannot be records.
    """
    if not _can_be_records(records):
        raise ValueError(f"these are not records of {RECORD_SIZE} bytes")
    tags = [Codetag(it.file, it.line, it.function, it.module) for it in decode_records(records)]
    sums = Sums(records["bytes"], records["calls"], records["accurate"] == 1)
    render = format_json if as_json else format_lines
    return render(Rows(TagTable.from_tags(tags), np.arange(len(tags)), sums))


def _attribute(fd: int, name: str) -> bytes | None:
    try:
        return os.getxattr(fd, f"user.allocfs.{name}")
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.ENOTSUP):
            raise
        return None


def _can_be_records(records: Records) -> bool:
    """Tell whether there are names where records have them, and zeros where these are padded.

    That tells the records of /counters apart, which have numbers where the names would be. Only the
    rows of groups lack names, and they have no line.
    """
    is_named = (records["function"] != b"") & (records["filename"] != b"")
    is_zero = (records["bytes"] == 0) & (records["accurate"] == 0)
    return bool(
        all(_is_padded(records[name]) for name in ("modname", "function", "filename"))
        and np.all(is_named | ((records["lineno"] == 0) & ~is_zero))
        and np.all(records["accurate"] <= 1)
        and not records["pad"].tobytes().strip(b"\0")
    )


def _is_padded(names: Records) -> bool:
    """Tell whether each name ends within its 64 bytes, and nothing but NULs follows."""
    zero = np.frombuffer(names.tobytes(), np.uint8).reshape(-1, NAME_SIZE) == 0
    return bool(np.all(zero[:, -1]) and np.all(zero[:, 1:] >= zero[:, :-1]))


class RecordFile(Descriptor):
    """An open file of 224-byte records, whose counters are summed when they are read.

    Record N stands for the same tag until the file is closed, except below a query by values. Each
    record is of one instant. Iteration decodes the records one by one.
    """

    def __init__(self, path: StrPath) -> None:
        """Open a file. Raises OSError, and ValueError if its records are of another kind."""
        self.path = os.fspath(path)
        super().__init__(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        try:
            self._st_size = os.fstat(self.fd).st_size
            self._check_kind()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Record]:
        for first in counting(step=RECORDS_PER_READ):
            records = self.read(first, RECORDS_PER_READ)
            yield from decode_records(records)
            if len(records) < RECORDS_PER_READ:
                return

    def __len__(self) -> int:
        """Count the records; this may sum a few, as st_size need not be that of the open file."""
        likely = self._st_size // RECORD_SIZE
        if not self._holds(likely) and (likely == 0 or self._holds(likely - 1)):
            return likely
        above = next(2**n for n in counting() if not self._holds(2**n))
        return bisect_left(range(above), True, key=lambda number: not self._holds(number))

    @property
    def content_id(self) -> int:
        """The mount's content_id now: when it has changed, opening anew may give other tags.

        Raises OSError if the file is not in a mount, TagGone while nothing of the file's name
        is loaded.
        """
        with self._gone_if(errno.ENOENT, errno.ESTALE):
            return int(os.getxattr(self.fd, "user.allocfs.content_id"))

    def read(self, first: int = 0, count: int | None = None) -> Records:
        """Read records from number `first` on, all or at most `count`; dtype RECORD.

        Their counters are summed now. Raises TagGone if one of them belongs to a module that
        was unloaded after the file was opened.
        """
        data = bytearray()
        while count is None or len(data) < count * RECORD_SIZE:
            done = len(data) // RECORD_SIZE
            wanted = RECORDS_PER_READ if count is None else min(count - done, RECORDS_PER_READ)
            part = self._pread((first + done) * RECORD_SIZE, wanted * RECORD_SIZE)
            data += part
            if len(part) < wanted * RECORD_SIZE:
                break
        if len(data) % RECORD_SIZE:
            raise ValueError(f"{self.path}: its end is not that of a {RECORD_SIZE}-byte record")
        return parse_records(data)

    def _check_kind(self) -> None:
        size = record_size(self.fd)
        if size not in (RECORD_SIZE, None):
            raise ValueError(f"{self.path}: has records of {size} bytes, not of {RECORD_SIZE}")

    def _holds(self, number: int) -> bool:
        """Tell whether there is a record of this number, its tag perhaps gone."""
        try:
            return bool(self._pread(number * RECORD_SIZE, 1))
        except TagGone:
            return True

    def _pread(self, offset: int, size: int) -> bytes:
        with self._gone_if(errno.ESTALE):
            return os.pread(self.fd, size, offset)

    @contextmanager
    def _gone_if(self, *numbers: int) -> Iterator[None]:
        """Raise TagGone for an OSError of these numbers."""
        try:
            yield
        except OSError as error:
            if error.errno not in numbers:
                raise
            raise TagGone(
                f"{self.path}: a module of these records was unloaded after the file was opened:"
                " open it again, or read the other records"
            ) from None
