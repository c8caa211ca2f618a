"""The ioctls of /proc/allocinfo, client side: on the kernel's file or a mount's `allocinfo`."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from allocfs.descriptor import Descriptor
from allocfs.errors import SourceFailed
from allocfs.formats.records import RECORD, Record, cut_name, decode_record, parse_records
from allocfs.kernel import abi
from allocfs.kernel.abi import EARLIER, MERGED, FilterMask, IoctlLayout

Ioctl = Callable[[int, int, bytes], bytes]  # fcntl.ioctl, as used here


@dataclass(frozen=True)
class Filter:
    """Which records to return; None does not restrict them.

    Names match in their last 63 bytes. Built-in code has the module "". A size below zero
    compares as if 2**64 were added to it.
    """

    module: str | None = None
    function: str | None = None
    file: str | None = None
    line: int | None = None
    accurate: bool | None = None
    min_size: int | None = None
    max_size: int | None = None

    def request(self) -> abi.Filter:
        """Express the filter as the kernel's struct."""
        criteria = (
            self.module,
            self.function,
            self.file,
            self.line,
            self.accurate,
            self.min_size,
            self.max_size,
        )
        bits = zip(FilterMask, criteria, strict=True)
        return abi.Filter(
            mask=sum(bit for bit, criterion in bits if criterion is not None),
            modname=cut_name(self.module or ""),
            function=cut_name(self.function or ""),
            filename=cut_name(self.file or ""),
            lineno=self.line or 0,
            min_size=self.min_size or 0,
            max_size=self.max_size or 0,
            inaccurate=int(self.accurate is False),
        )


EVERYTHING = Filter()


def probe(fd: int, ioctl: Ioctl = fcntl.ioctl) -> IoctlLayout:
    """Find out which layout an open file's ioctls have; its filter and position stay.

    Raises SourceFailed if it has neither.
    """
    for layout in (MERGED, EARLIER):
        try:
            # A position past all tags: ENOENT before the kernel changes anything.
            ioctl(fd, layout.get_at_number, layout.encode_get_at(2**64 - 1, abi.Filter()))
        except OSError as error:
            if error.errno == errno.ENOENT:
                return layout
            if error.errno != errno.ENOTTY:
                raise
    raise SourceFailed(
        f"file descriptor {fd} does not answer the ioctls of /proc/allocinfo: "
        "it is another file, or this kernel has none; read the text instead"
    )


class AllocinfoIoctl(Descriptor):
    """The ioctls of one open file, which keeps the filter and position of this object."""

    def __init__(self, fd: int, ioctl: Ioctl = fcntl.ioctl) -> None:
        """Probe an open file and take it over. Raises SourceFailed if it has no such ioctls."""
        super().__init__(fd)
        self._ioctl = ioctl
        self.layout = probe(fd, ioctl)
        self._tag_data = self.layout.dtype["data"]

    @classmethod
    def open(cls, path: str | os.PathLike[str] = "/proc/allocinfo") -> Self:
        """Open a file. Raises OSError, and SourceFailed if it has no such ioctls."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return cls(fd)
        except BaseException:
            os.close(fd)
            raise

    def content_id(self) -> int:
        """Return the number that changes at every load and unload of a module."""
        reply = self._ioctl(self.fd, self.layout.content_id_number, bytes(8))
        return int(struct.unpack("@Q", reply)[0])

    def get_at(self, pos: int, wanted: Filter = EVERYTHING) -> Record | None:
        """Return the match after `pos` others, None if there are not that many.

        The filter stays for get_next. Raises OSError (EINVAL) if min_size is above max_size.
        """
        request = self.layout.encode_get_at(pos, wanted.request())
        reply = self._call(self.layout.get_at_number, request)
        return None if reply is None else self._decode(reply[-self._tag_data.itemsize :])

    def get_next(self) -> Record | None:
        """Return the match after the last one returned, None after the last of all.

        After None it starts over.
        """
        reply = self._call(self.layout.get_next_number, bytes(self._tag_data.itemsize))
        return None if reply is None else self._decode(reply)

    def records(self, wanted: Filter = EVERYTHING) -> Iterator[Record]:
        """Return the matches from the first to the last, each with its counters of the moment.

        Compare content_id() before and after: if a module came or went meanwhile, records may
        be missing.
        """
        record = self.get_at(0, wanted)
        while record is not None:
            yield record
            record = self.get_next()

    def _call(self, number: int, argument: bytes) -> bytes | None:
        try:
            return self._ioctl(self.fd, number, argument)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise

    def _decode(self, data: bytes) -> Record:
        if self._tag_data == RECORD:
            return decode_record(data)
        found = parse_records(data, self._tag_data)
        return decode_record(found[list(RECORD.names or ())].astype(RECORD).tobytes())
