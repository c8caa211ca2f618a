"""Read a text token by token: what belongs to a codetag, wherever its lines were broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from allocfs.formats.textgrammar import MOST_CHARACTERS, S64, U64
from allocfs.reports.lines import clean
from allocfs.reports.rounding import Size, read_size
from allocfs.reports.sections import Section, Total
from allocfs.reports.tokens import ITEM, OTHER, RUN, kind_of

_MARGIN = 8192  # bytes at the end of a chunk that wait for the next one
_MOST_ADDED = 256  # characters, to a codetag: spaces, and the pairs of a rounded size
_MOST_TOKENS = 1024  # that wait for their end; then whole lines of them are told

_WHOLE_NUMBER = re.compile(rb"0|[1-9][0-9]{0,19}")
_PARTS = {"func", "site", "module", "pair", "node", "unit"}  # of a codetag that was torn
_REASONS = {
    "func": "expected file:line before func:",
    "site": "expected size and calls before file:line, and func: after it",
    "module": "expected file:line before [module]",
    "pair": "expected a codetag before a pair",
    "node": "expected a codetag before it, and bytes and calls after it",
    "unit": "expected a codetag after a size",
    "number": "numbers that belong to no codetag",
    "": "words that belong to no codetag",
}


class Token(NamedTuple):
    """A token that is no part of a codetag."""

    kind: str
    text: bytes
    line: int


class Parser:
    """Sections of a text that comes in chunks; `time_of` reads the time in a line."""

    def __init__(self, time_of: Callable[[bytes], float | None]) -> None:
        """Begin before the first chunk."""
        self._time_of = time_of
        self._section = Section()
        self._closed: list[Section] = []
        self._tokens: list[Token] = []
        self._last_line = 0  # of the last codetag
        self._gap = False  # whether other text has followed the last codetag
        self._text = self._raw = b""
        self._rows: list[bytes] | None = None
        self._at = self._counted = self._row = 0
        self._first = 1  # the number of the line of row 0

    def feed(self, chunk: bytes) -> Iterator[Section]:
        """Take in a chunk, which ends with a line; return the sections that have ended."""
        self._forget_done()
        self._text += clean(chunk)
        self._raw += chunk
        self._rows = None
        yield from self._scan(len(self._text) - _MARGIN)

    def end(self) -> Iterator[Section]:
        """Return the last sections."""
        yield from self._scan(len(self._text))
        self._settle(None)
        self._close()
        yield from self._take_closed()

    @property
    def lines(self) -> int:
        """The number of lines so far."""
        return self._first + self._text.count(b"\n") - (self._text[-1:] in (b"", b"\n"))

    def _forget_done(self) -> None:
        left = self._text.count(b"\n", self._at)
        self._line(self._at)
        end = len(self._raw)
        for _ in range(left + 1):
            end = self._raw.rfind(b"\n", 0, end) if end > 0 else -1
        self._raw = self._raw[end + 1 :]
        self._text = self._text[self._at :]
        self._first += self._row
        self._at = self._counted = self._row = 0

    def _scan(self, limit: int) -> Iterator[Section]:
        while self._at < limit:
            if not (self._run() or self._other()):
                item = ITEM.match(self._text, self._at)
                if item is None:
                    break
                kind = str(item.lastgroup)
                getattr(self, f"_take_{kind}")(item, item.start(kind))
                self._at = item.end()
            yield from self._take_closed()

    def _take_closed(self) -> Iterator[Section]:
        yield from self._closed
        self._closed.clear()

    def _line(self, place: int) -> int:
        """Return the number of the line of a place; places come in their order."""
        self._row += self._text.count(b"\n", self._counted, place)
        self._counted = place
        return self._first + self._row

    def _time(self, place: int) -> float | None:
        self._line(place)
        if self._rows is None:
            self._rows = self._raw.split(b"\n")
        return self._time_of(self._rows[self._row]) if self._row < len(self._rows) else None

    def _run(self) -> bool:
        """Take in lines as the kernel writes them, but for the last, to which more may belong."""
        run = RUN.match(self._text, self._at)
        if run is None:
            return False
        end = self._text.rfind(b"\n", run.start(1), run.end() - 1) + 1
        if end <= run.start(1):
            return False
        self._begin(run.start(1))
        self._section.add_lines(self._text[run.start(1) : end])
        self._at = end
        self._last_line = 0
        return True

    def _other(self) -> bool:
        """Pass over lines of words alone."""
        other = OTHER.match(self._text, self._at)
        if other is None:
            return False
        self._settle(self._line(other.start(1)))
        self._section.tally.other_lines += other[1].count(b"\n")
        self._gap = True
        self._at = other.end() - 1
        return True

    def _begin(self, place: int) -> None:
        """Begin a codetag."""
        line = self._line(place)
        self._settle(line)
        if self._gap and self._section.codetags:
            self._close(after_text=True)
        self._gap = False
        if not self._section.codetags and self._section.time is None:
            self._section.time = self._time(place)

    def _take_record(self, item: re.Match[bytes], place: int) -> None:
        line = self._line(place)
        is_signed = bool(self._tokens) and self._tokens[-1][1:] in ((b"+", line), (b"-", line))
        self._begin(place)
        section = self._section
        size = read_size(item["size"], item["unit"] or item["spaced"] or b"", bool(item["spaced"]))
        reason = "a line of a difference" if is_signed else _fault(item, size)
        if reason or size is None:
            section.tally.leave_out(line, item["record"], reason)
        else:
            section.add_line(self._written(item, size, line), size.value)
            section.tally.rounded += not size.is_exact
            section.tally.joined += item["record"].count(b"\n")
            section.is_rounded_by_kernel |= bool(item["spaced"])
        self._last_line = self._line(item.end())

    def _written(self, item: re.Match[bytes], size: Size, line: int) -> bytes:
        """Write a codetag as the kernel does, with pairs for a rounded size."""
        module = item["module"] or item["named"]
        pairs = [b"%12d" % size.value, b"%8d" % int(item["calls"])]
        pairs += [b"%s:%s" % (item["file"], item["line"])]
        pairs += [b"[%s]" % module] if module else []
        pairs += [b"func:" + item["function"], *self._pairs(item["pairs"].split(), line)]
        if not size.is_exact:
            pairs.append(b"approx:yes bounds:%d..%d" % (size.low, size.high))
        return b" ".join([*pairs, b"\n"])

    def _pairs(self, pairs: list[bytes], line: int) -> list[bytes]:
        """Return the pairs, at most one of them about accuracy, and that one first."""
        accuracy = [pair for pair in pairs if pair.startswith(b"accurate:")]
        kept = [pair for pair in accuracy if pair in (b"accurate:no", b"accurate:yes")][:1]
        for pair in accuracy:
            if pair not in kept:
                self._section.tally.leave_out(line, pair, "expected accurate:no")
        return [*kept, *(pair for pair in pairs if pair not in accuracy)]

    def _take_node_line(self, item: re.Match[bytes], place: int) -> None:
        node, nbytes, calls = item["node"], item["node_bytes"], item["node_calls"]
        pairs = b"nid%s_bytes:%s nid%s_calls:%s" % (node, nbytes, node, calls)
        fits = int(nbytes) in S64 and int(calls) in U64
        section = self._section
        if not (fits and section.codetags and not self._tokens and section.extend(pairs)):
            section.tally.leave_out(self._line(place), item["node_line"], _REASONS["node"])
        section.has_nodes = True

    def _take_title(self, item: re.Match[bytes], place: int) -> None:
        self._boundary(place)
        self._section.is_titled = True
        self._section.profiling_off = item["turned"] == b"off"

    def _take_version(self, item: re.Match[bytes], place: int) -> None:
        is_swapped = self._section.has_columns and not self._section.codetags
        self._boundary(place)
        self._section.is_swapped = is_swapped
        self._section.version = item["number"]

    def _take_columns(self, _item: re.Match[bytes], place: int) -> None:
        self._boundary(place)
        self._section.has_columns = True

    def _take_partial(self, _item: re.Match[bytes], place: int) -> None:
        self._boundary(place)

    def _take_prompt(self, _item: re.Match[bytes], place: int) -> None:
        self._boundary(place)

    def _boundary(self, place: int) -> None:
        """End the section if it has codetags."""
        self._settle(self._line(place))
        if self._section.codetags:
            self._close()
        if self._section.time is None:
            self._section.time = self._time(place)

    def _take_stamp(self, _item: re.Match[bytes], _place: int) -> None:
        """Pass over the stamp of a log within a line."""

    def _take_skipped(self, item: re.Match[bytes], place: int) -> None:
        self._settle(self._line(place))
        lines = int(item["skipped"][1:])
        self._section.tally.other_lines += lines
        self._first += lines - 1
        self._gap = True

    def _take_token(self, item: re.Match[bytes], place: int) -> None:
        line = self._line(place)
        if len(self._tokens) > _MOST_TOKENS and line > self._tokens[-1].line:
            self._settle(line)
        self._tokens.append(Token(kind_of(item["token"]), item["token"], line))

    def _settle(self, next_line: int | None) -> None:
        """Decide about the tokens since the last codetag; `next_line` has what follows."""
        if not self._tokens:
            return
        tokens, self._tokens = self._take_total(self._tokens), []
        beside = {self._last_line, next_line}
        for line, group in groupby(tokens, lambda token: token.line):
            self._leave_out(line, list(group), line in beside)
        last = tokens[-1] if tokens else None
        if last and last.kind == "number" and last.line == next_line:
            self._section.is_numbered |= not self._section.codetags
        self._last_line = 0

    def _take_total(self, tokens: list[Token]) -> list[Token]:
        """Note a number that follows a codetag; return the other tokens."""
        first, *rest = tokens
        if not (self._section.codetags and self._last_line and _WHOLE_NUMBER.fullmatch(first.text)):
            return tokens
        if (rest and rest[0].line == first.line) or any(token.kind in _PARTS for token in rest):
            return tokens
        piece, beside = len(self._section.pieces) - 1, first.line == self._last_line
        self._section.totals.append(Total(piece, first.text, first.line, beside))
        return rest

    def _leave_out(self, line: int, tokens: list[Token], beside: bool) -> None:
        """Tell of the tokens of a line; a line of words is other text."""
        kinds = [token.kind for token in tokens]
        places = ("number", "site") in pairwise(kinds)
        if "" in kinds and not (beside or places or "func" in kinds):
            self._section.tally.other_lines += 1
            self._gap = True
            return
        reason = next(reason for kind, reason in _REASONS.items() if kind in kinds)
        if "func" in kinds and "site" in kinds:
            reason = "expected size and calls before file:line, calls not rounded"
        text = b" ".join(token.text for token in tokens)
        self._section.tally.leave_out(line, text, reason)

    def _close(self, after_text: bool = False) -> None:
        self._closed.append(self._section)
        self._section = Section(after_text)


def _fault(item: re.Match[bytes], size: Size | None) -> str:
    """Tell why a codetag cannot be written, an empty text if it can."""
    if size is None or (item["unit"] and item["spaced"]):
        return "its size is not one of 64 bits"
    if int(item["calls"]) not in U64 or int(item["line"]) not in U64:
        return "a number has more than 64 bits"
    if len(item["record"]) > MOST_CHARACTERS - _MOST_ADDED:
        return "the line would be too long"
    return ""
