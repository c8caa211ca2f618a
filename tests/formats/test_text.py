"""The text of allocinfo: parsing and formatting, compared with a parse by splitting."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocfs.errors import BadCapture
from allocfs.formats.text import Listing, format_listing, parse, refresh
from allocfs.formats.textlines import HEADER, format_lines
from allocfs.tags.rows import Rows
from allocfs.tags.table import Codetag, Sums, TagTable
from tests import support

CAPTURES = sorted(support.CAPTURES.glob("linux-*.txt"))
HEADER_1 = b"allocinfo - version: 1.0\n#     <size>  <calls> <tag info>\n"

# All kinds of lines: wide and negative numbers, a module, a name that is not UTF-8, pairs.
SAMPLE = (
    HEADER
    + b"           0        0 init/main.c:1311 func:do_initcalls \n"
    + b"     4194304     1024 fs/xfs/xfs_buf.c:9 [xfs] func:xfs_buf_alloc \n"
    + b"        -512        3 ./include/linux/x.h:77 func:get accurate:no \n"
    + b"-9223372036854775808 18446744073709551615 a:b\xff.rs:4294967295 [m] func:<T>::new \n"
    + b"          64        1 mm/slub.c:5 func:new_slab accurate:no node:1 peak:4096 \n"
    + b"          64        1 mm/slub.c:5 func:new_slab node:0 \n"
)


def sums_of(rows: list[tuple[int, int, bool]]) -> Sums:
    return Sums(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.uint64),
        np.array([row[2] for row in rows], dtype=np.bool_),
    )


Row = tuple[Codetag, str, int, int, bool]  # the text of the pairs is the second


def rows_of(listing: Listing) -> list[Row]:
    tags = [listing.table.tag(slot) for slot in range(len(listing.table))]
    pairs = listing.pairs or [""] * len(tags)
    return list(zip(tags, pairs, *(column.tolist() for column in listing.sums), strict=True))


def values(sums: Sums) -> list[list[int]]:
    return [column.tolist() for column in sums]


def body(*lines: bytes) -> bytes:
    """Prefix numbers to the rests of lines."""
    return b"".join(b"%12d %8d %b\n" % (n, n, line) for n, line in enumerate(lines))


def oracle(capture: bytes) -> list[Row]:
    """Parse a well-formed text by splitting it at spaces."""
    rows = []
    for line in capture.split(b"\n")[:-1]:
        if line.startswith((b"allocinfo", b"#")):
            continue
        fields = [field for field in line.split(b" ") if field]
        size, calls, place, *words = [field.decode("utf-8", "surrogateescape") for field in fields]
        module = words.pop(0)[1:-1] if words[0].startswith("[") else ""
        function = words.pop(0).removeprefix("func:")
        file, _, number = place.rpartition(":")
        pairs = " ".join(word for word in words if not word.startswith("accurate:"))
        tag = Codetag(file, int(number), function, module)
        rows.append((tag, pairs, int(size), int(calls), "accurate:no" not in words))
    return rows


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_is_written_back_byte_for_byte(path: Path) -> None:
    capture = path.read_bytes()
    assert format_listing(parse(capture, path.name)) == capture


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_means_what_splitting_it_says(path: Path) -> None:
    capture = path.read_bytes()
    assert rows_of(parse(capture, path.name)) == oracle(capture)


def test_all_six_captures_are_there() -> None:
    assert len(CAPTURES) == 7


def test_every_kind_of_line_is_read_and_written_back() -> None:
    listing = parse(SAMPLE, "sample")
    assert rows_of(listing) == oracle(SAMPLE)
    assert format_listing(listing) == SAMPLE
    assert listing.header == HEADER


def test_a_line_means_what_it_says() -> None:
    line = b"     4194304     1024 fs/xfs/xfs_buf.c:9 [xfs] func:get accurate:no node:1 a: \n"
    tag = Codetag("fs/xfs/xfs_buf.c", 9, "get", "xfs")
    assert rows_of(parse(line, "x")) == [(tag, "node:1 a:", 4194304, 1024, False)]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        HEADER_1,
        HEADER,
        b"allocinfo - version: 1.0\n",
        b"allocinfo - version: 2.17\n",
        b"#     <size>  <calls> <tag info>\n",
        HEADER + b"# taken after boot\n",
    ],
)
def test_a_header_is_kept(header: bytes) -> None:
    listing = parse(header + body(b"a.c:1 func:f k:v "), "x")
    assert listing.header == header
    assert rows_of(listing) == [(Codetag("a.c", 1, "f"), "k:v", 0, 0, True)]


def test_a_header_alone_is_an_empty_listing() -> None:
    listing = parse(HEADER, "x")
    assert len(listing.table) == 0
    assert format_listing(listing) == HEADER
    again = refresh(HEADER, listing)
    assert again is not None
    assert values(again.sums) == [[], [], []]


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (b"5 7 a.c:1 func:f \n", b"           5        7 a.c:1 func:f \n"),
        (b"   5    7 a.c:1 func:f\n", b"           5        7 a.c:1 func:f \n"),
        (
            b"           5        7 a.c:1 func:f k:v accurate:no l:w \n",
            b"           5        7 a.c:1 func:f accurate:no k:v l:w \n",
        ),
        (
            b"           5        7 a.c:1 func:f accurate:yes \n",
            b"           5        7 a.c:1 func:f \n",
        ),
    ],
)
def test_other_spacing_and_order_is_mended(read: bytes, written: bytes) -> None:
    assert format_listing(parse(read, "x")) == written


@pytest.mark.parametrize(
    ("tail", "tag", "pairs"),
    [
        (b"c:/x:y.c:12 func:f ", Codetag("c:/x:y.c", 12, "f"), ""),
        (b":5:12 func:f ", Codetag(":5", 12, "f"), ""),
        (b"a.c:0 func:func:accurate:no ", Codetag("a.c", 0, "func:accurate:no"), ""),
        (b"a.c:1 [[x]] func:f ", Codetag("a.c", 1, "f", "[x]"), ""),
        (b"a.c:1 func:<A<'_>>::f ", Codetag("a.c", 1, "<A<'_>>::f"), ""),
        (b"a.c:1 func:f accurately:no ", Codetag("a.c", 1, "f"), "accurately:no"),
        (b"a.c:1 func:f k:v:w l: ", Codetag("a.c", 1, "f"), "k:v:w l:"),
        (b"\xc2\x85.c:1 func:\xe2\x80\xa8\xff ", Codetag("\x85.c", 1, "\u2028\udcff"), ""),
        (b"a.c:18446744073709551615 func:f ", Codetag("a.c", 2**64 - 1, "f"), ""),
    ],
)
def test_an_odd_name_is_taken_as_it_is(tail: bytes, tag: Codetag, pairs: str) -> None:
    listing = parse(body(tail), "x")
    assert rows_of(listing) == [(tag, pairs, 0, 0, True)]
    assert format_listing(listing) == body(tail)


def test_a_line_of_65536_characters_is_read() -> None:
    line = b"1 1 a.c:1 func:" + b"f" * 65520 + b" \n"
    assert rows_of(parse(line, "x")) == oracle(line)


def test_a_truncated_text_is_refused_or_a_shorter_list() -> None:
    rows = oracle(SAMPLE)
    for length in range(len(SAMPLE)):
        cut = SAMPLE[:length]
        lines = cut.count(b"\n")
        if cut.endswith(b"\n"):
            assert rows_of(parse(cut, "x")) == rows[: max(lines - 2, 0)]
        else:
            with pytest.raises(BadCapture, match=f"^x:{lines + 1}: expected .*, found"):
                parse(cut, "x")


VISIBLE = [byte for byte in range(0x21, 0x100) if byte != 0x7F]
names = st.lists(st.sampled_from(VISIBLE), min_size=1, max_size=9).map(
    lambda chars: bytes(chars).decode("utf-8", "surrogateescape")
)
keys = names.map(lambda name: name.replace(":", "-")).filter(lambda key: key != "accurate")
pairs = st.builds("{}:{}".format, keys, names | st.just(""))
pairs_texts = st.lists(pairs, max_size=2).map(" ".join)
codetags = st.builds(
    Codetag,
    file=names,
    line=st.integers(0, 2**64 - 1),
    function=names,
    module=names | st.just(""),
)
s64, u64 = st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1)
counters = st.tuples(codetags, pairs_texts, s64, u64, st.booleans())
checked = settings(derandomize=True, deadline=None, max_examples=400)


@checked
@given(st.lists(counters, min_size=1, max_size=6), st.sampled_from([b"", HEADER_1, HEADER]))
def test_any_table_and_counters_survive_the_text(rows: list[Row], header: bytes) -> None:
    table, sums = TagTable.from_tags([row[0] for row in rows]), sums_of([row[2:] for row in rows])
    written = header + format_lines(
        Rows(table, np.arange(len(rows)), sums, [row[1] for row in rows])
    )
    listing = parse(written, "x")
    assert rows_of(listing) == rows
    assert format_listing(listing) == written
