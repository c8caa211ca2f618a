"""Real lists with other line breaks, as mail programs, logs and people make them.

The bytes of an input choose the codetags and everything between their tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from allocfs.errors import SourceFailed
from allocfs.formats.text import parse
from allocfs.formats.textlines import HEADER
from allocfs.reports.containers import memory
from allocfs.reports.read import read_reports
from allocfs.reports.report import Report, Tally
from tests.support import CAPTURES

MOST_CODETAGS = 6
BREAKS = (
    b" ",
    b" ",
    b"\n",
    b"  ",
    b"\n    ",
    b"\t",
    b"\n\n",
    b"\r\n",
    b" \n",
    b"\n\t ",
    b"\xc2\xa0",
)
STAMPS = (b"", b"", b"[   30.988789] ", b"kernel: ", b"<4>[   30.9887] ", b"    ")
TORN = b"(...)"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def reports(data: bytes) -> None:
    """Every report of any text is a capture, and codetags with other line breaks stay as they are.

    If a token is gone, so is its codetag, and that is told.
    """
    try:
        for report in _read(data, Tally()):
            parse(report.text, "report")
    except SourceFailed:
        return
    choices = Choices(data)
    is_pasted = choices.next(8) == 0
    text, lines = _pasted(choices) if is_pasted else _slice(choices)
    torn = not is_pasted and choices.next(4) == 0
    tally = Tally()
    found = list(_read(_reflowed(text, choices, torn), tally))
    kept = [line for report in found for line in _codetags(report.text)]
    if torn:
        assert _is_part(kept, lines), (kept, lines)
        assert tally.left_out_count, lines
    else:
        assert kept == lines, (kept, lines)
        assert not tally.left_out_count, tally.left_out


class Choices:
    """The bytes of an input as choices; after the last one all are the first choice."""

    def __init__(self, data: bytes) -> None:
        """Begin with the first byte."""
        self._bytes = iter(data)

    def next(self, count: int) -> int:
        """Choose a number below `count`."""
        return next(self._bytes, 1) % count


@cache
def _lines() -> list[bytes]:
    """Return the codetags of some captures, every second of a module, some inaccurate."""
    captures = (CAPTURES / f"linux-{name}.txt" for name in ("6.12-net", "6.12-unload"))
    lines = [line for path in captures for line in path.read_bytes().splitlines()[2:]]
    modules = [line for line in lines if b"[" in line]
    mixed = [line for pair in zip(modules, lines, strict=False) for line in pair]
    return [line + (b"\n" if n % 5 else b"accurate:no \n") for n, line in enumerate(mixed)]


@cache
def _reports() -> list[tuple[bytes, list[bytes]]]:
    """Return the pasted texts without stamps, each with its expected codetags."""
    return [
        (
            re.sub(rb"^\[ *[0-9.]+\] ", b"", path.read_bytes(), flags=re.MULTILINE),
            _codetags(path.with_suffix(".expected").read_bytes().partition(b"\n")[2]),
        )
        for path in sorted((CAPTURES.parent / "reports").glob("*.txt"))
    ]


def _pasted(choices: Choices) -> tuple[bytes, list[bytes]]:
    reports = _reports()
    return reports[choices.next(len(reports))]


def _slice(choices: Choices) -> tuple[bytes, list[bytes]]:
    first = choices.next(256) * 256 + choices.next(256)
    lines = _lines()
    chosen = [lines[(first + n) % len(lines)] for n in range(1 + choices.next(MOST_CODETAGS))]
    return b"".join(chosen), chosen


def _reflowed(text: bytes, choices: Choices, torn: bool) -> bytes:
    """Put other breaks between the tokens; if `torn`, another word in the place of one."""
    header = HEADER if choices.next(2) else b""
    tokens = [*header.split(), *text.split()]
    if torn:
        # Without its pair a codetag is whole.
        parts = [n for n, token in enumerate(tokens) if token != b"accurate:no"]
        parts = parts[len(header.split()) :]
        tokens[parts[choices.next(256) % len(parts)]] = TORN
    quote = b"> " * choices.next(4)
    stamp = STAMPS[choices.next(len(STAMPS))]
    broken = b"".join(_between(tokens, choices))
    return b"".join(quote + stamp + line for line in broken.splitlines(keepends=True))


def _between(tokens: list[bytes], choices: Choices) -> Iterator[bytes]:
    for token in tokens:
        yield token
        yield BREAKS[choices.next(len(BREAKS))]


def _read(data: bytes, tally: Tally) -> Iterator[Report]:
    return read_reports(memory(data, "text", NOW), tally)


def _codetags(text: bytes) -> list[bytes]:
    lines = text.splitlines(keepends=True)
    return [line for line in lines if not line.startswith((b"#", b"allocinfo"))]


def _is_part(kept: list[bytes], lines: list[bytes]) -> bool:
    """Tell whether some lines are among others in the same order."""
    rest = iter(lines)
    return len(kept) < len(lines) and all(line in rest for line in kept)
