"""Read a live text as far as it can be understood.

A kernel may write more than this version knows. Proposed for Linux are a number at the end of a
line and lines for each NUMA node below it; both become pairs of the tag. What is not understood
is left out, and told. A capture is not read in this way: there an unknown line is damage.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from allocfs.errors import BadCapture
from allocfs.formats.textgrammar import (
    CODEC,
    MOST_CHARACTERS,
    PAIR,
    S64,
    START,
    U64,
    VALUES,
    VERSION,
    quoted,
    unfinished,
)
from allocfs.formats.textlines import HEADER


class NamedPair(NamedTuple):
    """A pair that allocfs makes of a part of a text, as schema.json describes it."""

    name: str  # N stands for a number
    type: str
    unit: str
    description: str


NAMED_PAIRS = (
    NamedPair("accumulated", "u64", "calls", "the number at the end of the line: all allocations"),
    NamedPair("nidN_bytes", "s64", "bytes", "bytes on NUMA node N, of a line below the tag"),
    NamedPair("nidN_calls", "u64", "calls", "calls on NUMA node N, of a line below the tag"),
)

_ANY_VERSION = re.compile(r"allocinfo - version: ([0-9A-Za-z.+-]{1,32})")
_HEADER_LINE = re.compile(r"#.*| *<.*")
_NUMBER = re.compile("0|[1-9][0-9]{0,19}")
_NODE = re.compile(r"\s*+(nid[0-9]{1,5})\s++(0|-?[1-9][0-9]{0,18})\s++(0|[1-9][0-9]{0,19})\s*+")
_SPACES = re.compile(r"[ \t]+")


class Rewritten(NamedTuple):
    """A text with its codetags in the form of a capture, and the parts left out."""

    text: bytes
    notice: str  # empty if everything was understood
    is_capture: bool  # whether the lines of the codetags already had that form


def rewrite(text: bytes, source: str) -> Rewritten | None:
    """Write a live text as parse() reads it; return None if no line is a codetag.

    Raise BadCapture, which calls it `source`, if the text ends within a line.
    """
    *lines, rest = text.decode(*CODEC).split("\n")
    if rest:
        raise BadCapture(f"{source}:{unfinished(len(lines) + 1, rest)}")
    rewriting = _Rewriting()
    for line in lines:
        rewriting.take(line)
    if not rewriting.lines:
        return None
    written = "\n".join([*rewriting.lines, ""]).encode(*CODEC)
    notice = rewriting.notice()
    return Rewritten(HEADER + written, notice, not notice and text.endswith(written))


class _Rewriting:
    """The codetags of a text so far, and examples of the parts that were left out."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._version = ""
        self._ignored: list[str] = []
        self._words: list[str] = []  # one of each line that has words which are not understood
        self._below_codetag = False

    def take(self, line: str) -> None:
        """Take in the next line."""
        if node := _NODE.fullmatch(line):
            understood = self._below_codetag and self._node(*node.groups())
        elif start := START.fullmatch(line) or START.fullmatch(_single_spaced(line)):
            self._below_codetag = _fits(start) and self._codetag(start)
            understood = self._below_codetag
        else:
            understood = not (self.lines or self._ignored) and self._header(line)
            self._below_codetag = False
        if not understood:
            self._ignored.append(line)

    def notice(self) -> str:
        """Tell which parts were left out, with an example of each kind."""
        parts = [f"unknown header version {self._version}"] if self._version else []
        for ignored, some in ((self._ignored, ""), (self._words, "words in ")):
            if ignored:
                lines = f"{len(ignored)} line{'s' if len(ignored) > 1 else ''}"
                parts.append(f"ignored {some}{lines} such as {quoted(ignored[0])}")
        return "; ".join(parts)

    def _header(self, line: str) -> bool:
        version = _ANY_VERSION.fullmatch(line)
        if version and not VERSION.fullmatch(line):
            self._version = version[1]
        return bool(version or _HEADER_LINE.fullmatch(line))

    def _codetag(self, start: re.Match[str]) -> bool:
        nbytes, calls, identity, *_, values = start.groups()
        if VALUES.fullmatch(values):
            return self._add(start.string)
        written, strange = _understood(values)
        self._words += strange[:1]
        return self._add(" ".join([nbytes, calls, identity, *written, ""]))

    def _node(self, node: str, nbytes: str, calls: str) -> bool:
        if int(nbytes) not in S64 or int(calls) not in U64:
            return False
        above = self.lines[-1].removesuffix(" ")
        longer = f"{above} {node}_bytes:{nbytes} {node}_calls:{calls} "
        if len(longer) > MOST_CHARACTERS:
            return False
        self.lines[-1] = longer
        return True

    def _add(self, line: str) -> bool:
        if len(line) > MOST_CHARACTERS:
            return False
        self.lines.append(line)
        return True


def _single_spaced(line: str) -> str:
    return _SPACES.sub(" ", line).strip(" ")


def _fits(start: re.Match[str]) -> bool:
    """Tell whether the numbers of a line have 64 bits."""
    nbytes, calls, _identity, _file, line, *_ = start.groups()
    return int(nbytes) in S64 and int(calls) in U64 and int(line) in U64


def _understood(values: str) -> tuple[list[str], list[str]]:
    """Split the end of a line into words that parse() reads, and words that are strange."""
    words = [word for word in values.split(" ") if word]
    written = [word for word in words if word in ("accurate:no", "accurate:yes")][:1]
    strange = []
    for place, word in enumerate(words, 1):
        if PAIR.fullmatch(word):
            written.append(word)
        elif place == len(words) and _NUMBER.fullmatch(word) and int(word) in U64:
            written.append(f"accumulated:{word}")
        elif word not in written:
            strange.append(word)
    return written, strange
