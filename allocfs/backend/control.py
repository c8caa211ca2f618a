"""The lines that `.allocfs/control` takes: on a simulated store, or on a series of captures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable

from allocfs.errors import BadControl

MOST_RATE = 10_000_000
MOST_WRITTEN = 64 * 1024
"""Bytes in one write. A longer one may come in pieces, and a piece may end within a number."""
_S64_MAX = 2**63 - 1

STORE_USAGE = """\
# Lines that may be written here:
#   load MODULE                           load a module that the capture has
#   unload MODULE
#   alloc FILE:LINE BYTES [CALLS [CPU]]   count an allocation up on a CPU (0)
#   free FILE:LINE BYTES [CALLS [CPU]]    count it down on a CPU
#   rate N                                allocations and frees a second
"""
STEPS_USAGE = """\
# Lines that may be written here:
#   next     go to the next capture
#   goto N   go to capture N; the first is 1
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


@runtime_checkable
class Stepped(Protocol):
    """A series of captures; each method raises BadControl if there is no such capture."""

    def next(self) -> None: ...
    def goto(self, number: int) -> None: ...


Action = Callable[[], None]


def usage(controlled: Controlled | Stepped) -> str:
    """Return what `.allocfs/control` says when it is read."""
    return STEPS_USAGE if isinstance(controlled, Stepped) else STORE_USAGE


def parse_lines(text: bytes, controlled: Controlled | Stepped) -> list[Action]:
    """Read what was written; all lines are understood before any acts.

    Empty lines and lines that begin with `#` do nothing. Raises BadControl, naming the line.
    """
    if len(text) > MOST_WRITTEN:
        raise BadControl(
            f"control: expected at most {MOST_WRITTEN} bytes in one write, found {len(text)}"
        )
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    wanted = [line for line in map(str.strip, lines) if line and line[0] != "#"]
    if isinstance(controlled, Stepped):
        return [_step(line, controlled) for line in wanted]
    return [_act(line, controlled) for line in wanted]


def _step(line: str, series: Stepped) -> Action:
    match line.split():
        case ["next"]:
            return series.next
        case ["goto", word]:
            return partial(series.goto, _number(line, word, _S64_MAX))
        case _:
            raise BadControl(f"control: {line!r}: expected next or goto")


def _act(line: str, store: Controlled) -> Action:
    command, *words = line.split()
    match command, words:
        case "load", [module]:
            return partial(store.load, module)
        case "unload", [module]:
            return partial(store.unload, module)
        case "rate", [number]:
            return partial(store.set_rate, _number(line, number, MOST_RATE))
        case ("alloc", [_, _, *rest]) | ("free", [_, _, *rest]) if len(rest) <= 2:
            return partial(store.alloc if command == "alloc" else store.free, _event(line, words))
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
