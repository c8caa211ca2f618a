"""Live texts with lines and words that no released kernel writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.errors import BadCapture
from allocfs.formats.livetext import NAMED_PAIRS, rewrite
from allocfs.formats.text import Listing, parse
from allocfs.formats.textlines import HEADER
from tests.formats.test_text import SAMPLE, rows_of
from tests.formats.test_text_damaged import edited, edits
from tests.support import ROOT

GOOD = b"           1        1 a.c:1 func:f \n"
NUMA = b"""\
<size> <calls> <tag info>
315456       9858     mm/dmapool.c:338 func:pool_alloc_page
        nid0     94912        2966
        nid1     220544       6892
7680         60       mm/dmapool.c:254 [m] func:dma_pool_create accurate:no
        nid0     -4224        33
0        0 mm/dmapool.c:255 func:f
"""


def understood(text: bytes) -> tuple[Listing, str]:
    rewritten = rewrite(text, "x")
    assert rewritten is not None
    return parse(rewritten.text, "rewritten"), rewritten.notice


def test_lines_of_numa_nodes_are_pairs_of_the_tag_above() -> None:
    listing, notice = understood(NUMA)
    assert listing.pairs == [
        "nid0_bytes:94912 nid0_calls:2966 nid1_bytes:220544 nid1_calls:6892",
        "nid0_bytes:-4224 nid0_calls:33",
        "",
    ]
    assert listing.sums.bytes.tolist() == [315456, 7680, 0]
    assert listing.sums.accurate.tolist() == [True, False, True]
    assert notice == ""


@pytest.mark.parametrize(
    ("tail", "pairs", "accurate"),
    [
        (b" 12 ", "accumulated:12", True),
        (b" 12", "accumulated:12", True),
        (b" accurate:no 12", "accumulated:12", False),
        (b" k:v accurate:no l: 0 ", "k:v l: accumulated:0", False),
    ],
)
def test_a_number_at_the_end_of_a_line_is_a_pair(tail: bytes, pairs: str, accurate: bool) -> None:
    listing, notice = understood(GOOD + b"5 7 b.c:2 [m] func:g" + tail + b"\n")
    assert listing.pairs == ["", pairs]
    assert listing.sums.accurate.tolist() == [True, accurate]
    assert notice == ""


@pytest.mark.parametrize(
    "header",
    [
        b"",
        HEADER,
        b"allocinfo - version: 1.0\n",
        b"# one\n#\ttwo\n# three\n",
        b"# before\nallocinfo - version: 2.9\n# after\n",
        b"     <size>  <calls> <tag info>\n",
    ],
)
def test_any_header_of_a_known_version_is_understood(header: bytes) -> None:
    listing, notice = understood(header + GOOD)
    assert rows_of(listing) == rows_of(parse(GOOD, "x"))
    assert notice == ""


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        (b"allocinfo - version: 3.1\n" + GOOD, "unknown header version 3.1"),
        (b"allocinfo - version: 2\n# x\n" + GOOD, "unknown header version 2"),
        (GOOD + b"total 12\n", "ignored 1 line such as 'total 12'"),
        (GOOD + b"\x1b[1m\n\n", r"ignored 2 lines such as '\x1b[1m'"),
        (GOOD + HEADER, "ignored 2 lines such as 'allocinfo - version: 2.0'"),
        (b"nid0 1 1\n" + GOOD, "ignored 1 line such as 'nid0 1 1'"),
        (GOOD + b"zone\nnid0 1 1\n", "ignored 2 lines such as 'zone'"),
        (GOOD + b"nid0 9223372036854775808 1\n", "ignored 1 line such as 'nid0 922"),
        (GOOD + b"9223372036854775808 1 b.c:1 func:f \n", "ignored 1 line such as '922"),
        (GOOD + b"1 1 b.c:1 func:f\x07 \n", r"ignored 1 line such as '1 1 b.c:1 func:f\x07'"),
        (GOOD + b"1 1 b.c:1 func:" + b"f" * 65536 + b"\n", "ignored 1 line such as '1 1 b"),
        (
            b"allocinfo - version: 3.1\n" + GOOD + b"x\n",
            "unknown header version 3.1; ignored 1 line such as 'x'",
        ),
    ],
)
def test_what_is_not_understood_is_left_out_and_told(text: bytes, notice: str) -> None:
    listing, told = understood(text)
    assert rows_of(listing) == rows_of(parse(GOOD, "x"))
    assert told.startswith(notice)


def test_words_that_are_not_understood_do_not_hide_their_tag() -> None:
    listing, notice = understood(
        GOOD
        + b"1 1 b.c:1 func:f zone k:v accurate:no accurate:maybe 5 \n"
        + b"1 1 c.c:1 func:f 5 6\n"
    )
    assert listing.pairs == ["", "k:v accumulated:5", "accumulated:6"]
    assert listing.sums.accurate.tolist() == [True, False, True]
    assert notice == "ignored words in 2 lines such as 'zone'"


def test_a_line_does_not_grow_above_the_limit() -> None:
    line = b"1 1 a.c:1 func:" + b"f" * 65510 + b" \n"
    listing, notice = understood(line + b"nid0 1 1\nnid1 1 1\n")
    assert rows_of(listing) == rows_of(parse(line, "x"))
    assert notice == "ignored 2 lines such as 'nid0 1 1'"


@pytest.mark.parametrize("text", [b"", HEADER, b"x\n", b"nid0 1 1\n", b"1 1 a.c func:f \n" * 9])
def test_a_text_without_a_codetag_cannot_be_rewritten(text: bytes) -> None:
    assert rewrite(text, "x") is None


def test_a_text_that_ends_within_a_line_is_refused() -> None:
    with pytest.raises(BadCapture, match=r"^x:3: expected a newline after 'tot', found the end"):
        rewrite(GOOD + b"total 12\ntot", "x")


@given(edits.map(edited) | st.binary(max_size=60).map(lambda end: SAMPLE + end + b"\n"))
def test_a_rewritten_text_is_a_capture_and_a_capture_means_the_same(text: bytes) -> None:
    try:
        rewritten = rewrite(text, "x")
    except BadCapture:
        return
    try:
        capture = parse(text, "x")
    except BadCapture:
        if rewritten is not None:
            assert len(parse(rewritten.text, "rewritten").table)
        return
    assert (rewritten is None) == (len(capture.table) == 0)
    if rewritten is not None:
        assert rows_of(parse(rewritten.text, "rewritten")) == rows_of(capture)
        assert (rewritten.notice, rewritten.is_capture) == ("", True)


def test_the_specification_names_the_pairs_that_are_made_here() -> None:
    spec = (ROOT / "spec/sources.md").read_text()
    assert [pair.name for pair in NAMED_PAIRS if f"| `{pair.name}` |" not in spec] == []
