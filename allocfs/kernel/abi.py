"""The structs and numbers of the ioctls of /proc/allocinfo, by version of the kernel's header."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

import construct as c  # type: ignore[import-untyped]
import numpy as np

from allocfs.formats.records import (
    CONTENT_ID,
    EARLIER_FILTER,
    EARLIER_TAG_DATA,
    FILTER,
    TAG_DATA,
    dtype_of,
)


class FilterMask(IntFlag):
    """Which criteria of a filter apply."""

    MODNAME = 1 << 0
    FUNCTION = 1 << 1
    FILENAME = 1 << 2
    LINENO = 1 << 3
    INACCURATE = 1 << 4
    MIN_SIZE = 1 << 5
    MAX_SIZE = 1 << 6


class Filter(NamedTuple):
    """The criteria of GET_AT: names as cut_name makes them; those not in `mask` are ignored."""

    mask: int = 0
    modname: bytes = b""
    function: bytes = b""
    filename: bytes = b""
    lineno: int = 0
    min_size: int = 0
    max_size: int = 0
    inaccurate: int = 0


def ioctl_number(number: int, size: int, *, write: bool = False, machine: str = "") -> int:
    """Compute `_IOR(0xA6, number, size)`, or `_IOWR` if the argument is also input."""
    # These have an <asm/ioctl.h> of their own; all others use <asm-generic/ioctl.h>.
    own = (machine or os.uname().machine).startswith(("alpha", "mips", "ppc", "sparc"))
    shift, write_bit, read_bit = (29, 4, 2) if own else (30, 1, 2)
    direction = read_bit | (write_bit if write else 0)
    return direction << shift | size << 16 | 0xA6 << 8 | number


@dataclass(frozen=True)
class IoctlLayout:
    """The structs of one version of the kernel's header, and the numbers of its ioctls."""

    get_at: c.Struct
    dtype: np.dtype[np.void]  # of get_at: `pos`, `filter` and `data`
    content_id_number: int
    get_at_number: int
    get_next_number: int

    @classmethod
    def from_structs(cls, filter_: c.Struct, tag_data: c.Struct) -> IoctlLayout:
        """Compose the argument of GET_AT and number the ioctls."""
        get_at = c.Struct("pos" / c.Int64un, "filter" / filter_, "data" / tag_data)
        return cls(
            get_at,
            dtype_of(get_at),
            ioctl_number(0, CONTENT_ID.sizeof()),
            ioctl_number(1, get_at.sizeof(), write=True),
            ioctl_number(2, tag_data.sizeof()),
        )

    def encode_get_at(self, pos: int, wanted: Filter) -> bytes:
        """Make the argument of GET_AT, with zeros where the kernel puts the tag."""
        request = np.zeros(1, self.dtype)
        request["pos"] = pos
        for name, value in wanted._asdict().items():
            request["filter"][name] = value
        return request.tobytes()

    def decode_get_at(self, data: bytes) -> tuple[int, Filter]:
        """Read the position and the filter of a caller of GET_AT."""
        (request,) = np.frombuffer(data, self.dtype)
        wanted = {name: request["filter"][name].item() for name in Filter._fields}
        for name in ("modname", "function", "filename"):
            wanted[name] = wanted[name].split(b"\0", 1)[0]
        return int(request["pos"]), Filter(**wanted)


MERGED = IoctlLayout.from_structs(FILTER, TAG_DATA)
# The patches as they were before the merge: `inaccurate` is in the tag, unused in tag data.
EARLIER = IoctlLayout.from_structs(EARLIER_FILTER, EARLIER_TAG_DATA)
