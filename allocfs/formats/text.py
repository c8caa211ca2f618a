"""Read the text of /proc/allocinfo: versions 1.x, 2.x and without a header.

A line is `"%12lld %8llu "` (bytes, calls), `file:line `, `[module] ` unless built-in,
`func:function `, then `key:value ` pairs, of which `accurate:no` is the only one known. The
format is that of alloc_tag_to_text() in lib/alloc_tag.c and codetag_to_text() in lib/codetag.c.
All pairs are values, as the numbers are: the codetag ends with its function.

Whatever the kernel can print is read and written back byte for byte. Four things it does not
print are read too, and written back as it would: other spacing before the numbers, a space
missing at the end of a line, an `accurate:no` after other pairs, and `accurate:yes`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from allocfs.errors import BadCapture
from allocfs.formats.textgrammar import (
    CODEC,
    HEADER_LINES,
    PAIR_LINES,
    ROW,
    TAG,
    VALUES,
    VERSION,
    complaint,
    shown,
)
from allocfs.formats.textlines import PARTIAL, format_lines, heads
from allocfs.tags.rounding import Partial, Rounding
from allocfs.tags.rows import Rows
from allocfs.tags.table import Codetag, Flags, Ints, Pairs, Sums, TagTable

_BOUNDS = re.compile(r" approx:yes bounds:(-?[0-9]{1,18})\.\.(-?[0-9]{1,18})(?= |$)")
_WITHOUT_PAIRS = frozenset(("", " ", " accurate:no", " accurate:no "))


@dataclass(frozen=True, eq=False)
class Listing:
    """A text, parsed: codetag n of `table` and element n of `sums` are those of line n.

    `header` is the header lines as they were, possibly none; `tails` is all that followed the
    numbers in each line. `notice` says which parts of a live text were not understood.
    """

    header: bytes
    table: TagTable
    sums: Sums
    tails: tuple[str, ...]
    notice: str = ""

    @property
    def notice_line(self) -> str:
        """The line of `.allocfs/source` with the notice, after the end of the last, if any."""
        return f"\nnotice {self.notice}" if self.notice else ""

    @property
    def pairs(self) -> Pairs | None:
        """The pairs of each line, None if no line has any; made when they are asked for."""
        return self._after_functions[0]

    @property
    def rounding(self) -> Rounding | None:
        """What the bytes of each line can be, None if no line says that they are rounded."""
        return self._after_functions[1]

    @cached_property
    def partial(self) -> Partial | None:
        """What the header says of a list that lacks codetags, None if it has all."""
        lines = self.header.decode(*CODEC).splitlines()
        notes = [line.removeprefix(PARTIAL) for line in lines if line.startswith(PARTIAL)]
        if not notes:
            return None
        return Partial(notes[0], self._least() if notes[0].endswith(" largest") else None)

    @cached_property
    def _after_functions(self) -> tuple[Pairs | None, Rounding | None]:
        values = _after_functions(self.tails, self.table)
        if _WITHOUT_PAIRS.issuperset(values):
            return None, None
        rounding = _rounding(values, self.sums.bytes) if any(map(_has_bounds, values)) else None
        if rounding is not None:
            rounded = rounding.is_rounded.tolist()
            values = [
                _BOUNDS.sub("", value, 1) if flag else value
                for flag, value in zip(rounded, values, strict=True)
            ]
        texts = {value: _pairs_text(value) for value in values}
        return [texts[value] for value in values] if any(texts.values()) else None, rounding

    def _least(self) -> int:
        """Return the most that the smallest codetag of the list can have."""
        above = 0 if self.rounding is None else self.rounding.above
        return max(0, int(np.min(self.sums.bytes + above))) if len(self.tails) else 0


class _Columns(NamedTuple):
    bytes: Sequence[str]
    calls: Sequence[str]
    tails: tuple[str, ...]


class _Malformed(Exception):
    """Some line is not as the patterns want it; which one is not known yet."""


def parse(text: bytes, source: str) -> Listing:
    """Parse a whole text; errors call it `source`.

    A header without any line after it is an empty listing. Raise BadCapture if the text is
    empty, ends within a line, has a header of another major version, or has a line that is
    not a codetag.
    """
    decoded = text.decode(*CODEC)
    header = _header(decoded, source)
    try:
        columns = _columns(decoded, len(header))
        tags, accurate = _identities(columns.tails)
        table = TagTable.from_tags(tags)
        sums = _sums(columns, accurate)
    except (_Malformed, OverflowError):
        raise BadCapture(f"{source}:{complaint(decoded, len(header))}") from None
    return Listing(header.encode(*CODEC), table, sums, columns.tails)


def refresh(text: bytes, previous: Listing) -> Listing | None:
    """Take in a newer text of the same source, of which only the values are parsed.

    Return a listing with the table of `previous`, or None if the text is malformed or lists
    other codetags: then parse() it.
    """
    decoded = text.decode(*CODEC)
    header = previous.header.decode(*CODEC)
    if not decoded.startswith(header):
        return None
    try:
        columns = _columns(decoded, len(header))
        accurate = _accurate_now(columns.tails, previous)
        if accurate is None:
            return None
        return replace(previous, sums=_sums(columns, accurate), tails=columns.tails)
    except (_Malformed, OverflowError):
        return None


def format_listing(listing: Listing) -> bytes:
    """Write a listing as it was read."""
    every = np.arange(len(listing.table))
    table, sums, pairs = listing.table, listing.sums, listing.pairs
    return listing.header + format_lines(Rows(table, every, sums, pairs, rounding=listing.rounding))


def _header(text: str, source: str) -> str:
    """Return the header lines, each with its newline."""
    if not text:
        raise BadCapture(
            f"{source}:1: expected codetags, found an empty file;"
            " is memory allocation profiling on (sysctl vm.mem_profiling)?"
        )
    if text.startswith("allocinfo") and not VERSION.match(text):
        found = shown(text.split("\n", 1)[0])
        raise BadCapture(f"{source}:1: expected `allocinfo - version:` 1.x or 2.x, found {found}")
    header = HEADER_LINES.match(text)
    return header[0] if header else ""


def _columns(text: str, start: int) -> _Columns:
    """Split all lines from `start` on after their numbers."""
    rows = ROW.findall(text, start)
    # A match is one whole line, so that as many matches as lines leave nothing out.
    if len(rows) != text.count("\n", start) or not text.endswith("\n"):
        raise _Malformed
    return _Columns(*zip(*rows, strict=True)) if rows else _Columns((), (), ())


def _identity(tail: str) -> tuple[Codetag, bool]:
    """Parse the part of a line after the numbers: the codetag, and whether it is accurate."""
    match = TAG.fullmatch(tail)
    if match is None:
        raise _Malformed
    file, line, module, function, _before, accurate, _after = match.groups()
    return Codetag(file, int(line), function, module or ""), accurate != "no"


def _identities(tails: Sequence[str]) -> tuple[list[Codetag], Flags]:
    identities = [_identity(tail) for tail in tails]
    accurate = np.array([flag for _, flag in identities], dtype=np.bool_)
    return [tag for tag, _ in identities], accurate


def _after_functions(tails: tuple[str, ...], table: TagTable) -> list[str]:
    """Return what follows the function in each tail, the whole tail if it is of another codetag."""
    return list(map(str.removeprefix, tails, heads(table)))


def _accurate_now(tails: tuple[str, ...], previous: Listing) -> Flags | None:
    """Tell which codetags are accurate now, None if they are not those of `previous`.

    Values that change are judged all at once: a pair may have another value in each pass.
    """
    if tails == previous.tails:
        return previous.sums.accurate.copy()
    if len(tails) != len(previous.tails):
        return None
    if not all(map(str.startswith, tails, heads(previous.table))):
        return None
    values = _after_functions(tails, previous.table)
    lines = "\n".join([*values, ""])
    if PAIR_LINES.fullmatch(lines) is None:
        return None
    if " accurate:" not in lines:
        return np.ones(len(values), dtype=np.bool_)
    if not all(VALUES.fullmatch(value) for value in values if " accurate:" in value):
        return None
    return np.array([" accurate:no" not in value for value in values], dtype=np.bool_)


def _pairs_text(values: str) -> str:
    """Return the pairs of a line without `accurate`, separated by a space."""
    words = values.split(" ")
    return " ".join(word for word in words if word and not word.startswith("accurate:"))


def _has_bounds(values: str) -> bool:
    return " approx:yes bounds:" in values


def _rounding(values: Sequence[str], nbytes: Ints) -> Rounding:
    """Read what the bytes of each line can be; bounds without the bytes are mere pairs."""
    rounding = Rounding.none(len(values))
    for place, (value, size) in enumerate(zip(values, nbytes.tolist(), strict=True)):
        if found := _BOUNDS.search(value):
            low, high = int(found[1]), int(found[2])
            if low <= size <= high:
                rounding.below[place], rounding.above[place] = size - low, high - size
    return rounding


def _sums(columns: _Columns, accurate: Flags) -> Sums:
    """Convert the numbers; raise OverflowError if one does not fit in 64 bits."""
    return Sums(
        np.fromiter(map(int, columns.bytes), np.int64, len(accurate)),
        np.fromiter(map(int, columns.calls), np.uint64, len(accurate)),
        accurate,
    )
