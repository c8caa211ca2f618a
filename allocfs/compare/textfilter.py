"""Select lines of the text as a fast client would: by searching bytes, with little parsing."""

from __future__ import annotations

import heapq

_HEADER_LINES = 2
_WIDTH = 12  # of the sizes, which are right-aligned: "%12lld "


def everything(text: bytes) -> list[bytes]:
    """Return all lines but those of the header."""
    return text.splitlines(keepends=True)[_HEADER_LINES:]


def containing(text: bytes, part: bytes) -> list[bytes]:
    """Return the lines that contain these bytes."""
    lines = []
    found = text.find(part)
    while found >= 0:
        end = text.index(b"\n", found) + 1
        lines.append(text[text.rindex(b"\n", 0, found) + 1 : end])
        found = text.find(part, end)
    return lines


def at_least(lines: list[bytes], size: int) -> list[bytes]:
    """Return the lines of at least a size, which must be positive."""
    # Sizes are right-aligned: in the column of the bound's first digit a smaller size with fewer
    # digits has a space. This rules out most lines without parsing.
    first_digit = max(0, _WIDTH - len(str(size)))
    space = ord(" ")
    return [line for line in lines if line[first_digit] != space and size_of(line) >= size]


def largest(lines: list[bytes], count: int) -> list[bytes]:
    """Return the lines of the largest sizes, largest first; equal sizes keep their order."""
    return heapq.nlargest(count, lines, key=size_of)


def size_of(line: bytes) -> int:
    """Parse the size of a line."""
    return int(line[: line.index(b" ", _WIDTH)])
