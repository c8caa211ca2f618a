"""Read and write the text of /proc/allocinfo: versions 1.x, 2.x and without a header.

A line is `"%12lld %8llu "` (bytes, calls), `file:line `, `[module] ` unless built-in,
`func:function `, then `key:value ` pairs, of which `accurate:no` is the only one known. The
format is that of alloc_tag_to_text() in lib/alloc_tag.c and codetag_to_text() in lib/codetag.c.

Whatever the kernel can print is read and written back byte for byte. Four things it does not
print are read too, and written back as it would: other spacing before the numbers, a space
missing at the end of a line, an `accurate:no` after other pairs, and `accurate:yes`.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from allocfs.errors import BadCapture
from allocfs.tags.table import Codetag, Flags, NameColumn, Slots, Sums, TagTable

HEADER = b"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"

_CODEC = ("utf-8", "surrogateescape")  # names are bytes to the kernel; each survives this
_SHOWN = 48  # characters of a bad line that an error message quotes


@dataclass(frozen=True, eq=False)
class Listing:
    """A text, parsed: codetag n of `table` and element n of `sums` are those of line n.

    `header` is the header lines as they were, possibly none; `tails` is all that followed the
    numbers in each line.
    """

    header: bytes
    table: TagTable
    sums: Sums
    tails: tuple[str, ...]


class _Field(NamedTuple):
    """A piece of a line; where `within` is given, the last group is a number in that range."""

    pattern: str
    expected: str
    within: range | None = None


class _Columns(NamedTuple):
    bytes: Sequence[str]
    calls: Sequence[str]
    tails: tuple[str, ...]


class _Pieces(NamedTuple):
    """The parts of lines that follow the numbers."""

    heads: list[str]  # by slot: `file:line [module] func:function `
    endings: list[str]  # of extra n: at 2n if inaccurate, at 2n + 1 if accurate


class _Malformed(Exception):
    """Some line is not as the patterns want it; which one is not known yet."""


_S64 = range(-(2**63), 2**63)
_U64 = range(2**64)
_UNSIGNED = "(0|[1-9][0-9]{0,19}+)"
_NAME = r"[^\x00-\x20\x7f]"
_PAIRS = rf"((?>(?: (?!accurate:)[^\x00-\x20\x7f:]++:{_NAME}*+)*))"

# The patterns are joined into _ROW and _TAG for speed, and tried one after the other to explain
# why a line is refused. Possessive quantifiers keep both linear in the length of a line, and
# around groups atomic groups do: Python's possessive groups match wrongly before 3.11.5.
_NUMBERS = (
    _Field(r"(?=.{0,65536}$)", "a line of at most 65536 characters"),
    _Field(r"(?!allocinfo|#)", "a codetag, as a header stands only at the top of a file"),
    _Field(r" {0,99}+(0|-?[1-9][0-9]{0,18}+) ", "bytes, a decimal number of 64 bits", _S64),
    _Field(rf" {{0,99}}+{_UNSIGNED} ", "calls, a decimal number of 64 bits", _U64),
)
_IDENTITY = (
    _Field(rf"({_NAME}+):{_UNSIGNED}(?= )", "file:line, the line a number of 64 bits", _U64),
    _Field(rf"(?>(?: \[({_NAME}+)\](?= ))?) func:({_NAME}++)", "`func:function` or `[module]`"),
    _Field(_PAIRS, "key:value pairs"),
    _Field(rf"(?>(?: accurate:(no|yes)(?!{_NAME}))?)", "`accurate:no`"),
    _Field(_PAIRS, "key:value pairs"),
    _Field(r" ?+$", "a key:value pair, `accurate:no` at most once, or the end of the line"),
)
_ROW = re.compile("^" + "".join(f.pattern for f in _NUMBERS) + r"(.*)\n", re.MULTILINE)
_TAG = re.compile("".join(f.pattern for f in _IDENTITY))
_VERSION = re.compile(r"allocinfo - version: [12]\.[0-9]+$", re.MULTILINE)
_HEADER = re.compile(r"(?:allocinfo - version: [0-9.]+\n)?(?:#[^\x00-\x1f\x7f]*\n)*")


def parse(text: bytes, source: str) -> Listing:
    """Parse a whole text; errors call it `source`.

    A header without any line after it is an empty listing. Raise BadCapture if the text is
    empty, ends within a line, has a header of another major version, or has a line that is
    not a codetag.
    """
    decoded = text.decode(*_CODEC)
    header = _header(decoded, source)
    try:
        columns = _columns(decoded, len(header))
        tags, accurate = _identities(columns.tails)
        table = TagTable.from_tags(tags)
        sums = _sums(columns, accurate)
    except (_Malformed, OverflowError):
        raise BadCapture(f"{source}:{_complaint(decoded, len(header))}") from None
    return Listing(header.encode(*_CODEC), table, sums, columns.tails)


def refresh(text: bytes, previous: Listing) -> Sums | None:
    """Take in a newer text of the same source, of which only the numbers are parsed.

    Return the counters of the codetags of `previous.table`, or None if the text is malformed
    or lists other codetags: then parse() it. `accurate:no` is a value; any other pair is part
    of the codetag.
    """
    decoded = text.decode(*_CODEC)
    header = previous.header.decode(*_CODEC)
    if not decoded.startswith(header):
        return None
    try:
        columns = _columns(decoded, len(header))
        accurate = _accurate_now(columns.tails, previous)
        return None if accurate is None else _sums(columns, accurate)
    except (_Malformed, OverflowError):
        return None


def format_listing(listing: Listing) -> bytes:
    """Write a listing as it was read."""
    every = np.arange(len(listing.table))
    return listing.header + format_lines(listing.table, every, listing.sums)


def format_lines(table: TagTable, slots: Slots, sums: Sums) -> bytes:
    """Write the lines of some codetags, without a header; element n of `sums` is of `slots[n]`."""
    heads, endings = _pieces(table)
    order = slots.tolist()
    which = 2 * table.extra.ids[slots] + sums.accurate
    values: list[object] = [None] * (4 * len(order))
    values[0::4] = sums.bytes.tolist()
    values[1::4] = sums.calls.tolist()
    values[2::4] = [heads[slot] for slot in order]
    values[3::4] = [endings[n] for n in which.tolist()]
    # One format for all the lines takes half the time of one format for each.
    return ("%12d %8d %s%s\n" * len(order) % tuple(values)).encode(*_CODEC)


def _header(text: str, source: str) -> str:
    """Return the header lines, each with its newline."""
    if not text:
        raise BadCapture(
            f"{source}:1: expected codetags, found an empty file;"
            " is memory allocation profiling on (sysctl vm.mem_profiling)?"
        )
    if text.startswith("allocinfo") and not _VERSION.match(text):
        found = _shown(text.split("\n", 1)[0])
        raise BadCapture(f"{source}:1: expected `allocinfo - version:` 1.x or 2.x, found {found}")
    header = _HEADER.match(text)
    return header[0] if header else ""


def _columns(text: str, start: int) -> _Columns:
    """Split all lines from `start` on after their numbers."""
    rows = _ROW.findall(text, start)
    # A match is one whole line, so that as many matches as lines leave nothing out.
    if len(rows) != text.count("\n", start) or not text.endswith("\n"):
        raise _Malformed
    return _Columns(*zip(*rows, strict=True)) if rows else _Columns((), (), ())


def _identity(tail: str) -> tuple[Codetag, bool]:
    """Parse the part of a line after the numbers: the codetag, and whether it is accurate."""
    match = _TAG.fullmatch(tail)
    if match is None:
        raise _Malformed
    file, line, module, function, before, accurate, after = match.groups()
    extra = (before + after)[1:]
    return Codetag(file, int(line), function, module or "", extra), accurate != "no"


def _identities(tails: Sequence[str]) -> tuple[list[Codetag], Flags]:
    identities = [_identity(tail) for tail in tails]
    accurate = np.array([flag for _, flag in identities], dtype=np.bool_)
    return [tag for tag, _ in identities], accurate


def _accurate_now(tails: tuple[str, ...], previous: Listing) -> Flags | None:
    """Tell which codetags are accurate now, None if they are not those of `previous`."""
    accurate = previous.sums.accurate.copy()
    if tails == previous.tails:
        return accurate
    if len(tails) != len(previous.tails):
        return None
    for slot, (now, then) in enumerate(zip(tails, previous.tails, strict=True)):
        if now != then:
            tag, accurate[slot] = _identity(now)
            if tag != previous.table.tag(slot):
                return None
    return accurate


def _sums(columns: _Columns, accurate: Flags) -> Sums:
    """Convert the numbers; raise OverflowError if one does not fit in 64 bits."""
    return Sums(
        np.fromiter(map(int, columns.bytes), np.int64, len(accurate)),
        np.fromiter(map(int, columns.calls), np.uint64, len(accurate)),
        accurate,
    )


def _complaint(text: str, start: int) -> str:
    """Say in which line, of those from `start` on, the text goes wrong, and how."""
    first = text.count("\n", 0, start) + 1
    *lines, rest = text[start:].split("\n")
    for number, line in enumerate(lines, first):
        if wrong := _wrong(line):
            return f"{number}: {wrong}"
    last = first + len(lines)
    return f"{last}: expected a newline after {_quoted(rest)}, found the end of the file"


def _wrong(line: str) -> str | None:
    """Return the fault of a line, None if it has none."""
    position = 0
    for pattern, expected, within in _NUMBERS + _IDENTITY:
        match = re.compile(pattern).match(line, position)
        if match is None or (within and int(match.groups()[-1]) not in within):
            return f"expected {expected}, found {_shown(line[position:])}"
        position = match.end()
    return None


def _shown(rest: str) -> str:
    """Quote the rest of a line."""
    return _quoted(rest) if rest.strip(" ") else "the end of the line"


def _quoted(text: str) -> str:
    """Quote the beginning of a text, safe for a terminal."""
    text = text.strip(" ")
    more = "..." if len(text) > _SHOWN else ""
    return repr(text[:_SHOWN].encode(*_CODEC))[1:] + more


_pieces_of: weakref.WeakKeyDictionary[TagTable, _Pieces] = weakref.WeakKeyDictionary()


def _pieces(table: TagTable) -> _Pieces:
    """Return the pieces of a table's lines, which are made once for each table."""
    pieces = _pieces_of.get(table)
    if pieces is None:
        pieces = _pieces_of[table] = _Pieces(_heads(table), _endings(table.extra))
    return pieces


def _heads(table: TagTable) -> list[str]:
    modules = [f" [{module}]" if module else "" for module in table.module.values]
    columns = zip(
        [table.file.values[n] for n in table.file.ids.tolist()],
        table.line.tolist(),
        [modules[n] for n in table.module.ids.tolist()],
        [table.function.values[n] for n in table.function.ids.tolist()],
        strict=True,
    )
    return [f"{file}:{line}{module} func:{function} " for file, line, module, function in columns]


def _endings(extra: NameColumn) -> list[str]:
    pairs = [f"{value} " if value else "" for value in extra.values]
    return [mark + pair for pair in pairs for mark in ("accurate:no ", "")]
