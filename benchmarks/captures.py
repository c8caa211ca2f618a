"""Captures with more codetags than any kernel has: a real one, repeated under other paths."""

from __future__ import annotations

import re

_NUMBERS = re.compile(rb"^( *-?\d+ +\d+ )", re.MULTILINE)


def repeated(capture: bytes, times: int) -> bytes:
    """Repeat the codetags of a capture; the first time they keep their paths.

    Repetition n has its source files below `copyN/`; functions and modules are the same ones.
    """
    first = _NUMBERS.search(capture)
    if first is None:
        return capture
    lines = capture[first.start() :]
    copies = (_NUMBERS.sub(rb"\1copy%d/" % number, lines) for number in range(1, times))
    return b"".join([capture, *copies])
