"""Lines without what mail programs, logs, shells and editors put around a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from allocfs.reports.tokens import LINE_STAMPS, PROMPT, SKIPPED

CHUNK = 1 << 20  # bytes that are looked at together
_LEAST = 1 << 16  # bytes; in less everything is looked at
_AROUND = 1024  # bytes before and after a codetag in which parts of others may stand

_TO_SPACES = bytes.maketrans(
    bytes({*range(32), 127} - {*b"\t\n"}), b" " * (len({*range(32), 127}) - 2)
)
_ANSI = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_QUOTE = rb"(?>(?:[ \t]*+(?:[A-Z]{0,3}>|\|))+) ?"
# As in files of pstore and RFC 5424, dmesg -x, and /dev/kmsg.
_LEVEL = rb"<[0-9]{1,3}>(?:1 )?|kern  :[a-z]+ *: |[0-9]{1,3},[0-9]{1,20},[0-9]{1,20},[^;\n]{1,64};"
# A search for `\n` takes half the time of one for `^`.
_PREFIX = re.compile(
    rb"\n(?>(?:[ \t]*+(?:" + LINE_STAMPS + rb"|" + _LEVEL + rb") ?|" + _QUOTE + rb")+)"
)
_FENCE = re.compile(rb"\n[ \t]*+(?:```|~~~)[^\n]*+")
_PROMPT = re.compile(
    rb"\n[ \t]*+(?>\[[^\]\n@]{1,64}@[^\]\n]{1,128}\]|[A-Za-z0-9_.-]{1,64}@[^\n$#%]{1,192}|)"
    rb"(?:[$%]|#(?! *(?:<size>|partial:)|[ \n]*(?:\n|\Z)))"
    # A line with a codetag is none, so that nothing in it is lost unseen.
    rb"(?![^\n]*:[0-9]+[ \t][^\n]*func:)(?: [^\n]*+)?(?=\n|\Z)"
)
_SIGNS = (b"func:", b"Memory allocations")


def chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a text into chunks that end with a line, or between words if a line has no end."""
    rest = b""
    for piece in pieces:
        rest += piece
        if len(rest) < CHUNK:
            continue
        end = (rest.rfind(b"\n") + 1) or (rest.rfind(b" ") + 1)
        if not end:  # a word without an end is no part of a codetag, and nor is its rest
            rest = b"?"
            continue
        yield rest[:end]
        rest = rest[end:]
    if rest:
        yield rest


def sift(text: bytes) -> bytes:
    """Replace the lines that are far from every codetag, by a line with their number.

    Control characters become spaces: the mark of such a line is one.
    """
    text = _ANSI.sub(b"", text) if b"\x1b" in text else text
    text = text.replace(b"\r\n", b"\n") if b"\r" in text else text
    text = text.translate(_TO_SPACES).replace(b"\xc2\xa0", b" ")
    if len(text) < _LEAST:
        return text
    kept: list[bytes] = []
    end = 0
    for begin, after in _places(text):
        kept += (_skipped(text, end, begin), text[begin:after])
        end = after
    return b"".join([*kept, _skipped(text, end, len(text))])


def _places(text: bytes) -> Iterator[tuple[int, int]]:
    """List the parts of a text around its codetags, as whole lines.

    The ends of a text are among them: a codetag may begin in one chunk and end in the next.
    """
    begin = end = 0
    found = {place for sign in _SIGNS for place in _signs(text, sign)}
    for place in sorted({0, len(text), *found}):
        if place - _AROUND > end:
            yield begin, end
            begin = max(text.rfind(b"\n", end, place - _AROUND) + 1, end)
        end = (text.find(b"\n", place + _AROUND) + 1) or len(text)
    yield begin, end


def _signs(text: bytes, sign: bytes) -> Iterator[int]:
    """List the places of a sign, of those close together only some."""
    place = text.find(sign)
    while place >= 0:
        yield place
        last = text.rfind(sign, place + 1, place + _AROUND)
        place = last if last > place else text.find(sign, place + 1)


def _skipped(text: bytes, begin: int, end: int) -> bytes:
    lines = text.count(b"\n", begin, end)
    return SKIPPED + b"%d\n" % lines if lines else b""


def clean(text: bytes) -> bytes:
    """Take quoting, stamps, fences and prompts away; each line stays a line."""
    text = _PREFIX.sub(b"\n", b"\n" + text)
    if b"```" in text or b"~~~" in text:
        text = _FENCE.sub(b"\n", text)
    return _PROMPT.sub(b"\n" + PROMPT, text)[1:]
