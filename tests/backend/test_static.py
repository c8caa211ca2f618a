"""A static capture, and the errors of damaged ones, compared with a parse by splitting."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import numpy as np
import pytest

from allocfs.backend.static import StaticCapture
from allocfs.errors import BadCapture, SourceFailed
from allocfs.formats.textlines import format_lines
from allocfs.tags.rows import Rows
from tests import support
from tests.support.source_fakes import Row, oracle, pairs

EVERY_CAPTURE = sorted(support.CAPTURES.glob("linux-6.12-*.txt"))
HEADER_LINES = 2


def served(backend: StaticCapture) -> list[Row]:
    slots = backend.tags.slots
    tags = [backend.tags.table.tag(slot) for slot in slots.tolist()]
    values = zip(*(column.tolist() for column in backend.sums(slots)), strict=True)
    return [
        Row(tag.file, tag.line, tag.module, tag.function, *value)
        for tag, value in zip(tags, values, strict=True)
    ]


def variant(capture: bytes, header: str) -> bytes:
    """Replace the header of a capture: none, 1.0, or 2.0 with every tenth line inaccurate."""
    lines = capture.splitlines(keepends=True)
    body = lines[HEADER_LINES:]
    if header == "none":
        return b"".join(body)
    if header == "2.0":
        body = [line if n % 10 else line[:-1] + b"accurate:no \n" for n, line in enumerate(body)]
    return b"".join([f"allocinfo - version: {header}\n".encode(), lines[1], *body])


@pytest.mark.parametrize("header", ["none", "1.0", "2.0"])
@pytest.mark.parametrize("path", EVERY_CAPTURE, ids=lambda path: path.stem)
def test_a_capture_is_served_as_it_is(path: Path, header: str, tmp_path: Path) -> None:
    capture = variant(path.read_bytes(), header)
    copy = tmp_path / "capture.txt"
    copy.write_bytes(capture)
    backend = StaticCapture(str(copy))
    assert served(backend) == oracle(capture)
    every = backend.tags.slots
    assert every.tolist() == list(range(len(every)))
    lines = format_lines(Rows(backend.tags.table, every, backend.sums(every)))
    assert capture.endswith(lines)
    assert capture.count(b"\n") - lines.count(b"\n") == (0 if header == "none" else HEADER_LINES)


def test_nothing_changes_and_nothing_is_summed() -> None:
    path = str(EVERY_CAPTURE[0])
    backend = StaticCapture(path)
    tags = backend.tags
    for _ in range(3):
        backend.renew()
        backend.sums(tags.slots)
    assert backend.tags is tags
    assert (tags.content_id, backend.cpus, backend.counters_read) == (1, 1, 0)
    assert pairs(backend.describe()) == {"source": path, "interface": "capture"}


def test_a_capture_without_tags_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "capture.txt"
    path.write_bytes(b"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n")
    with pytest.raises(SourceFailed, match=r"capture.txt lists no codetags: expected at least one"):
        StaticCapture(str(path))


def test_a_capture_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"nothing.txt: No such file or directory"):
        StaticCapture(str(tmp_path / "nothing.txt"))


def served_or_refused(path: Path, damaged: bytes) -> StaticCapture | None:
    """Open a damaged capture; return None if it is refused, after checking the message."""
    path.write_bytes(damaged)
    try:
        return StaticCapture(str(path))
    except BadCapture as error:
        message = str(error)
    found = re.fullmatch(rf"{re.escape(str(path))}:([0-9]+): expected .+, found .+", message)
    assert found, message
    assert 1 <= int(found[1]) <= damaged.count(b"\n") + 1
    return None


def test_a_truncated_capture_is_refused_unless_whole_lines_are_left(tmp_path: Path) -> None:
    """Truncate at every 1000th byte, and at the end of the preceding line."""
    capture, copy = EVERY_CAPTURE[0].read_bytes(), tmp_path / "cut.txt"
    header = capture.index(b"<tag info>\n") + len(b"<tag info>\n")
    for length in range(1000, len(capture), 1000):
        whole = capture.rfind(b"\n", 0, length) + 1
        cut = served_or_refused(copy, capture[:length])
        assert (cut is None) == (whole != length)
        if length % 10_000 == 0:
            backend = served_or_refused(copy, capture[:whole])
            assert backend is not None
            slots = backend.tags.slots
            lines = format_lines(Rows(backend.tags.table, slots, backend.sums(slots)))
            assert lines == capture[header:whole]


def test_a_damaged_capture_means_what_it_says_or_is_refused(tmp_path: Path) -> None:
    """Change, drop, repeat and insert bytes and lines in pieces of a capture.

    There are 1,000 mutations; ALLOCFS_MUTATIONS sets another number.
    """
    rng = random.Random(1)
    lines = EVERY_CAPTURE[-1].read_bytes().splitlines(keepends=True)
    mutations = int(os.environ.get("ALLOCFS_MUTATIONS", "1000"))
    refused = 0
    for _ in range(mutations):
        first = rng.randrange(HEADER_LINES, len(lines) - 12)
        piece = bytearray(b"".join([*lines[:HEADER_LINES], *lines[first : first + 10]]))
        for _ in range(rng.randrange(1, 4)):
            damage(piece, rng)
        backend = served_or_refused(tmp_path / "damaged.txt", bytes(piece))
        if backend is None:
            refused += 1
        else:
            assert served(backend) == oracle(bytes(piece))
    assert mutations * 0.2 < refused < mutations * 0.95


def damage(piece: bytearray, rng: random.Random) -> None:
    """Change one random place of a piece."""
    start = rng.randrange(len(piece))
    end = min(len(piece), start + rng.choice([1, 1, 1, 2, 10, 80]))
    match rng.randrange(5):
        case 0:
            piece[start] = rng.randrange(256)
        case 1:
            piece[start] = rng.choice(b"0123456789 -:[]#\n")
        case 2:
            del piece[start:end]
        case 3:
            piece[start:start] = piece[start:end]
        case 4:
            piece[start:start] = rng.choice([b"accurate:no ", b"k:v ", b"\0", b"-", b"9" * 19])


def test_numbers_at_their_limits_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "capture.txt"
    path.write_bytes(
        b"-9223372036854775808 18446744073709551615 a.c:1 func:f \n"
        b"9223372036854775807 0 a.c:18446744073709551615 func:f \n"
    )
    sums = StaticCapture(str(path)).sums(np.array([0, 1]))
    assert sums.bytes.tolist() == [-(2**63), 2**63 - 1]
    assert sums.calls.tolist() == [2**64 - 1, 0]
