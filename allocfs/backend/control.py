"""The commands that `.allocfs/control` takes: for a simulated store, or a series of captures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from allocfs.errors import BadControl
from allocfs.units import parse_number

MOST_RATE = 10_000_000
MOST_WRITTEN = 64 * 1024
"""Bytes in one write. A longer one may come in pieces, and a piece may end within a number."""
_S64_MAX = 2**63 - 1
_LEAK_RATES = range(2**40 + 1)

STORE_USAGE = """\
# Lines that may be written here:
#   load MODULE                           load a module that the capture has
#   unload MODULE
#   alloc FILE:LINE BYTES [CALLS [CPU]]   count an allocation up on a CPU (0)
#   free FILE:LINE BYTES [CALLS [CPU]]    count it down on a CPU
#   rate N                                allocations and frees a second
#   leak FILE:LINE BYTES/s                grow by that from now on, such as 1M/s; 0 ends it
"""
SERIES_USAGE = """\
# Lines that may be written here:
#   next     go to the next capture
#   goto N   go to capture N; the first is 1
"""

Action = Callable[[], None]


class Event(NamedTuple):
    """Memory that a call site allocated or, if freed, gave back."""

    file: str
    line: int
    bytes: int
    calls: int = 1
    cpu: int = 0


class Control(Protocol):
    """The commands of one kind of backend."""

    usage: str

    def action(self, line: str) -> Action:
        """Read a command. Raises BadControl if there is no such command.

        The action raises BadControl if the command cannot be obeyed.
        """
        ...


class Store(Protocol):
    """A simulated store; each method raises BadControl if it cannot obey."""

    def load(self, module: str) -> None: ...
    def unload(self, module: str) -> None: ...
    def alloc(self, event: Event) -> None: ...
    def free(self, event: Event) -> None: ...
    def set_rate(self, events_per_second: int) -> None: ...
    def leak(self, file: str, line: int, bytes_per_second: int) -> None: ...


class Series(Protocol):
    """A series of captures; each method raises BadControl if there is no such capture."""

    def next(self) -> None: ...
    def goto(self, number: int) -> None: ...


class StoreControl:
    """The commands of a simulated store."""

    usage = STORE_USAGE

    def __init__(self, store: Store) -> None:
        """Act on a store."""
        self._store = store

    def action(self, line: str) -> Action:
        """Read a command."""
        command, *words = line.split()
        store = self._store
        match command, words:
            case "load", [module]:
                return partial(store.load, module)
            case "unload", [module]:
                return partial(store.unload, module)
            case "rate", [number]:
                return partial(store.set_rate, _number(line, number, MOST_RATE))
            case "leak", [place, rate]:
                return partial(store.leak, *_place(line, place), _leak_rate(line, rate))
            case ("alloc", [_, _, *rest]) if len(rest) <= 2:
                return partial(store.alloc, _event(line, words))
            case ("free", [_, _, *rest]) if len(rest) <= 2:
                return partial(store.free, _event(line, words))
            case _:
                raise BadControl(
                    f"control: {line!r}: expected load, unload, alloc, free, rate or leak"
                )


class SeriesControl:
    """The commands of a series of captures."""

    usage = SERIES_USAGE

    def __init__(self, series: Series) -> None:
        """Act on a series."""
        self._series = series

    def action(self, line: str) -> Action:
        """Read a command."""
        match line.split():
            case ["next"]:
                return self._series.next
            case ["goto", word]:
                return partial(self._series.goto, _number(line, word, _S64_MAX))
            case _:
                raise BadControl(f"control: {line!r}: expected next or goto")


def parse_lines(text: bytes, control: Control) -> list[Action]:
    """Read all lines of one write before any of them acts.

    Empty lines and lines that begin with `#` do nothing. Raises BadControl, naming the line.
    """
    if len(text) > MOST_WRITTEN:
        raise BadControl(
            f"control: expected at most {MOST_WRITTEN} bytes in one write, found {len(text)}"
        )
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    commands = [line for line in map(str.strip, lines) if line and line[0] != "#"]
    return [control.action(line) for line in commands]


def _event(line: str, words: list[str]) -> Event:
    return Event(*_place(line, words[0]), *(_number(line, word, _S64_MAX) for word in words[1:]))


def _place(line: str, word: str) -> tuple[str, int]:
    file, colon, number = word.rpartition(":")
    if not colon or not file:
        raise BadControl(f"control: {line!r}: expected FILE:LINE, found {word!r}")
    return file, _number(line, number, _S64_MAX)


def _leak_rate(line: str, word: str) -> int:
    try:
        return parse_number(word.removesuffix("/s"), _LEAK_RATES, "bytes such as 4096/s or 1M/s")
    except ValueError as error:
        raise BadControl(f"control: {line!r}: {error}, found {word!r}") from None


def _number(line: str, word: str, most: int) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) < 20 and int(word) <= most):
        raise BadControl(f"control: {line!r}: expected a number up to {most}, found {word!r}")
    return int(word)
