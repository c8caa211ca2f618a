"""The lines that `.allocfs/control` takes on a simulated store."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from allocfs.errors import BadControl

MOST_RATE = 10_000_000
_S64_MAX = 2**63 - 1

USAGE = """\
# Lines that may be written here:
#   load MODULE                           load a module that the capture has
#   unload MODULE
#   alloc FILE:LINE BYTES [CALLS [CPU]]   count an allocation up on a CPU (0)
#   free FILE:LINE BYTES [CALLS [CPU]]    count it down on a CPU
#   rate N                                allocations and frees a second
"""


class Event(NamedTuple):
    """Memory that a call site allocated or, if freed, gave back."""

    file: str
    line: int
    bytes: int
    calls: int
    cpu: int


class Controlled(Protocol):
    """What control lines act on; each method raises BadControl if it cannot."""

    def load(self, module: str) -> None: ...
    def unload(self, module: str) -> None: ...
    def alloc(self, event: Event) -> None: ...
    def free(self, event: Event) -> None: ...
    def set_rate(self, events_per_second: int) -> None: ...


Action = Callable[[Controlled], None]


def parse_lines(text: bytes) -> list[Action]:
    """Read what was written; all lines are understood before any acts.

    Empty lines and lines that begin with `#` do nothing. Raises BadControl, naming the line.
    """
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    return [parse_line(line) for line in map(str.strip, lines) if line and line[0] != "#"]


def parse_line(line: str) -> Action:
    """Read one line into what it does."""
    command, *words = line.split()
    match command, words:
        case "load", [module]:
            return lambda store: store.load(module)
        case "unload", [module]:
            return lambda store: store.unload(module)
        case "rate", [number]:
            rate = _number(line, number, MOST_RATE)
            return lambda store: store.set_rate(rate)
        case ("alloc", [_, _, *rest]) | ("free", [_, _, *rest]) if len(rest) <= 2:
            event = _event(line, words)
            return lambda store: (store.alloc if command == "alloc" else store.free)(event)
        case _:
            raise BadControl(f"control: {line!r}: expected load, unload, alloc, free or rate")


def _event(line: str, words: list[str]) -> Event:
    file, colon, number = words[0].rpartition(":")
    if not colon or not file:
        raise BadControl(f"control: {line!r}: expected FILE:LINE, found {words[0]!r}")
    numbers = [_number(line, word, _S64_MAX) for word in (number, *words[1:])]
    defaults = (1, 0)[len(numbers) - 2 :]
    return Event(file, *numbers, *defaults)


def _number(line: str, word: str, most: int) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) < 20 and int(word) <= most):
        raise BadControl(f"control: {line!r}: expected a number up to {most}, found {word!r}")
    return int(word)
