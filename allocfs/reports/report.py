"""A report that was found in a text, and the account of all that was done to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from allocfs.formats.textgrammar import CODEC, quoted

MOST_TOLD = 50  # parts left out that are told one by one


class LeftOut(NamedTuple):
    """A part of a text that was left out."""

    line: int
    text: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}: {self.reason}"


@dataclass
class Tally:
    """Counts of what was done to a text; `left_out` has the first of `left_out_count` parts."""

    lines: int = 0
    other_lines: int = 0  # in which nothing looks like a part of a codetag
    joined: int = 0  # lines, to the line before each
    rounded: int = 0  # numbers
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0

    def leave_out(self, line: int, text: bytes, reason: str) -> None:
        """Note a part that is left out."""
        self.left_out_count += 1
        if len(self.left_out) < MOST_TOLD:
            shown = quoted(b" ".join(text.split()).decode(*CODEC))
            self.left_out.append(LeftOut(line, shown, reason))

    def add(self, other: Tally) -> None:
        """Add the counts of another text."""
        self.lines += other.lines
        self.other_lines += other.other_lines
        self.joined += other.joined
        self.rounded += other.rounded
        self.left_out += other.left_out[: MOST_TOLD - len(self.left_out)]
        self.left_out_count += other.left_out_count


class Report(NamedTuple):
    """A report as a capture: `text` is one that formats/text.py reads.

    `time` is in seconds since 1970 UTC, None if the text does not tell it. `partial` tells which
    part of a list it is, and is empty for a whole list.
    """

    text: bytes
    kind: str
    origin: str
    time: float | None
    codetags: int
    partial: str
    profiling_off: bool
    tally: Tally
