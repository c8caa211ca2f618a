"""The grammar of the text of /proc/allocinfo, and the errors of lines that do not follow it."""

from __future__ import annotations

import re
from typing import NamedTuple

CODEC = ("utf-8", "surrogateescape")  # names are bytes to the kernel; each survives this
_SHOWN = 48  # characters of a bad line that an error message quotes

MOST_CHARACTERS = 65536  # of a line
S64 = range(-(2**63), 2**63)
U64 = range(2**64)


class _Field(NamedTuple):
    """A piece of a line; where `within` is given, the last group is a number in that range."""

    pattern: str
    expected: str
    within: range | None = None


_UNSIGNED = "(0|[1-9][0-9]{0,19}+)"
_NAME = r"[^\x00-\x20\x7f]"
_PAIR = rf"[^\x00-\x20\x7f:]++:{_NAME}*+"
_PAIRS = rf"((?>(?: (?!accurate:){_PAIR})*))"

# The patterns are joined into ROW and TAG for speed, and tried one after the other to explain
# why a line is refused. Possessive quantifiers keep both linear in the length of a line, and
# around groups atomic groups do: Python's possessive groups match wrongly before 3.11.5.
_NUMBERS = (
    _Field(rf"(?=.{{0,{MOST_CHARACTERS}}}$)", f"a line of at most {MOST_CHARACTERS} characters"),
    _Field(r"(?!allocinfo|#)", "a codetag, as a header stands only at the top of a file"),
    _Field(r" {0,99}+(0|-?[1-9][0-9]{0,18}+) ", "bytes, a decimal number of 64 bits", S64),
    _Field(rf" {{0,99}}+{_UNSIGNED} ", "calls, a decimal number of 64 bits", U64),
)
_IDENTITY = (
    _Field(rf"({_NAME}+):{_UNSIGNED}(?= )", "file:line, the line a number of 64 bits", U64),
    _Field(rf"(?>(?: \[({_NAME}+)\](?= ))?) func:({_NAME}++)", "`func:function` or `[module]`"),
)
_VALUES = (
    _Field(_PAIRS, "key:value pairs"),
    _Field(rf"(?>(?: accurate:(no|yes)(?!{_NAME}))?)", "`accurate:no`"),
    _Field(_PAIRS, "key:value pairs"),
    _Field(r" ?+$", "a key:value pair, `accurate:no` at most once, or the end of the line"),
)


def _joined(fields: tuple[_Field, ...]) -> str:
    return "".join(field.pattern for field in fields)


ROW = re.compile("^" + _joined(_NUMBERS) + r"(.*)\n", re.MULTILINE)
"""A line: bytes, calls, and the tail after them."""

TAG = re.compile(_joined(_IDENTITY) + _joined(_VALUES))
"""A tail: file, line, module, function, pairs, accuracy, and more pairs."""

VALUES = re.compile(_joined(_VALUES))
"""The part of a tail that follows the function."""

PAIR_LINES = re.compile(rf"(?>(?:(?>(?: {_PAIR})*) ?+\n)*)")
"""Many such parts, each with a newline; of `accurate` only VALUES tells whether it is right."""

START = re.compile(_joined(_NUMBERS) + f"({_joined(_IDENTITY)})(?= |$)(.*)")
"""A line that may go on in any way after the function."""

PAIR = re.compile(f"(?!accurate:){_PAIR}")
VERSION = re.compile(r"allocinfo - version: [12]\.[0-9]+$", re.MULTILINE)
HEADER_LINES = re.compile(r"(?:allocinfo - version: [0-9.]+\n)?(?:#[^\x00-\x1f\x7f]*\n)*")


def complaint(text: str, start: int) -> str:
    """Say in which line, of those from `start` on, the text goes wrong, and how."""
    first = text.count("\n", 0, start) + 1
    *lines, rest = text[start:].split("\n")
    for number, line in enumerate(lines, first):
        if wrong := _wrong(line):
            return f"{number}: {wrong}"
    return unfinished(first + len(lines), rest)


def unfinished(number: int, rest: str) -> str:
    """Say that the last line, with this number, has no newline."""
    return f"{number}: expected a newline after {quoted(rest)}, found the end of the file"


def shown(rest: str) -> str:
    """Quote the rest of a line."""
    return quoted(rest) if rest.strip(" ") else "the end of the line"


def quoted(text: str) -> str:
    """Quote the beginning of a text, safe for a terminal."""
    text = text.strip(" ")
    more = "..." if len(text) > _SHOWN else ""
    return repr(text[:_SHOWN].encode(*CODEC))[1:] + more


def _wrong(line: str) -> str | None:
    """Return the fault of a line, None if it has none."""
    position = 0
    for pattern, expected, within in _NUMBERS + _IDENTITY + _VALUES:
        match = re.compile(pattern).match(line, position)
        if match is None or (within and int(match.groups()[-1]) not in within):
            return f"expected {expected}, found {shown(line[position:])}"
        position = match.end()
    return None
