"""Texts with damage at random places, compared with a parse by splitting."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from allocfs.errors import BadCapture
from allocfs.formats.text import format_listing, parse, refresh
from tests.formats.test_text import SAMPLE, checked, oracle, rows_of

fragments = st.sampled_from(
    [
        *(b"\n", b" ", b"\r", b"\0", b"-", b"0", b"9", b"_", b"+", b":", b"[", b"]", b"#"),
        *(b"func:", b" accurate:no", b"k:v ", b"allocinfo", b"\xff", b"\xd9\xa1"),
        *SAMPLE.splitlines(keepends=True),
    ]
)
edit = st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 40), fragments | st.just(b""))
edits = st.lists(edit, min_size=1, max_size=4)


def edited(changes: list[tuple[int, int, bytes]]) -> bytes:
    capture = SAMPLE
    for start, length, new in changes:
        capture = capture[:start] + new + capture[start + length :]
    return capture


def complaint(capture: bytes) -> str | None:
    try:
        parse(capture, "x")
    except BadCapture as refused:
        return str(refused)
    return None


@settings(checked, max_examples=1500)
@example(edited([(288, 40, b"")]))  # a line that ends after its numbers
@given(edits.map(edited) | st.binary(max_size=60))
def test_a_damaged_text_is_refused_by_line_or_means_what_it_says(capture: bytes) -> None:
    earlier = parse(SAMPLE, "sample")
    newer = refresh(capture, earlier)
    if refused := complaint(capture):
        place = re.match(r"x:([0-9]+): expected .+, found .", refused)
        assert place is not None
        assert 1 <= int(place[1]) <= capture.count(b"\n") + 1
        assert not (capture.endswith(b"\n") and "end of the file" in refused)
        assert newer is None
        return
    listing = parse(capture, "x")
    assert rows_of(listing) == oracle(capture)
    assert rows_of(parse(format_listing(listing), "again")) == rows_of(listing)
    same = [row[0] for row in rows_of(listing)] == [row[0] for row in rows_of(earlier)]
    assert (newer is not None) == (same and listing.header == earlier.header)
    if newer is not None:
        assert rows_of(newer) == rows_of(listing)
