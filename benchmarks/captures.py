"""Captures with more codetags than any kernel has: a real one, repeated under other paths."""

from __future__ import annotations

import re

_NUMBERS = re.compile(rb"^( *-?\d+ +\d+ )", re.MULTILINE)


def repeat_tags(capture: bytes, times: int) -> bytes:
    """Repeat the codetags of a capture.

    The first copy keeps its paths, later ones have their source files below `copyN/`. Functions
    and modules stay the same.
    """
    first = _NUMBERS.search(capture)
    if first is None:
        return capture
    lines = capture[first.start() :]
    copies = (_NUMBERS.sub(rb"\1copy%d/" % number, lines) for number in range(1, times))
    return b"".join([capture, *copies])
