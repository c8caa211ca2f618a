"""Blank the values in the contents of files: the model predicts the rest even under traffic."""

from __future__ import annotations

import json

from tests.stress.model import NOTHING, SIZES, VALUES, Form, Order, Tag, encode


def encode_without_values(form: Form, tags: list[Tag], order: Order) -> bytes:
    """Encode tags with zero values."""
    return encode(form, tags, lambda tag: NOTHING, order)


def mask_records(form: Form, offset: int, data: bytes) -> bytes:
    """Blank the values in a part of a file of records, read at an offset."""
    size = SIZES[form]
    ahead = offset % size
    blank = bytearray(ahead) + data
    for start in range(0, len(blank), size):
        values = slice(start + VALUES[form].start, min(start + VALUES[form].stop, len(blank)))
        blank[values] = bytes(len(blank[values]))
    return bytes(blank[ahead:])


def mask_lines(form: Form, data: bytes) -> bytes:
    """Blank the values in whole lines of text or JSON."""
    blank = _text_line if form == "text" else _json_line
    return b"".join(map(blank, data.splitlines(keepends=True)))


def _text_line(line: bytes) -> bytes:
    nbytes, calls, rest = line.split(maxsplit=2)
    assert line.startswith(b"%12d %8d " % (int(nbytes), int(calls))), line
    return b"%12d %8d " % (0, 0) + rest.rstrip(b"\n").rstrip() + b" \n"


def _json_line(line: bytes) -> bytes:
    return (json.dumps({**json.loads(line), "bytes": 0, "calls": 0}) + "\n").encode()
