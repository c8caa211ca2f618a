"""Texts with rounded numbers, and texts that lack codetags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.formats.text import format_listing, parse
from allocfs.formats.textlines import HEADER
from allocfs.tags.rounding import UNLIMITED, Partial, Rounding

S60 = st.integers(-(2**59), 2**59)


def test_bounds_are_read_and_are_no_pairs() -> None:
    text = b"          50        1 a.c:1 func:f accurate:no approx:yes bounds:45..60 x:y \n"
    listing = parse(text, "a text")
    assert listing.pairs == ["x:y"]
    assert listing.rounding is not None
    assert [column.tolist() for column in listing.rounding] == [[5], [10]]
    assert format_listing(listing) == text


@pytest.mark.parametrize(
    "pairs",
    [
        "approx:yes",
        "bounds:1..60",
        "approx:yes bounds:51..60",
        "approx:yes bounds:1..49",
        "approx:yes bounds:1-60",
        "approx:no bounds:1..60",
        "approx:yes bounds:1..60x",
        "approx:yes x:y bounds:1..60",
    ],
)
def test_what_cannot_be_bounds_stays_a_pair(pairs: str) -> None:
    text = f"          50        1 a.c:1 func:f {pairs} \n".encode()
    listing = parse(text, "a text")
    assert listing.pairs == [pairs]
    assert listing.rounding is None or not listing.rounding.is_rounded.any()
    assert format_listing(listing) == text


@given(st.lists(st.tuples(S60, S60, S60), min_size=1))
def test_bounds_survive_the_text(numbers: list[tuple[int, int, int]]) -> None:
    ordered = [sorted(three) for three in numbers]
    text = (
        HEADER
        + "".join(
            f"{n:12d} {1:8d} a.c:1 func:f approx:yes bounds:{low}..{high} \n" if low < high else ""
            for low, n, high in ordered
        ).encode()
    )
    listing = parse(text, "a text")
    assert format_listing(listing) == text
    ends = [(low, high) for low, _, high in ordered if low < high]
    rounding = listing.rounding or Rounding.none(0)
    assert [tuple(each) for each in rounding.ends(listing.sums.bytes) if each] == ends


@pytest.mark.parametrize(
    ("note", "most"), [("2 largest", 60), ("2 codetags", None), ("what grep found", None)]
)
def test_a_header_tells_that_codetags_are_missing(note: str, most: int | None) -> None:
    lines = "50 1 a.c:1 func:f approx:yes bounds:45..60 \n70 1 a.c:2 func:f \n"
    listing = parse(HEADER + f"# partial: {note}\n{lines}".encode(), "a text")
    assert listing.partial == Partial(note, most)
    above = Partial(note, most).rounding(1).above.tolist()
    assert above == [UNLIMITED if most is None else most]


def test_other_headers_tell_of_whole_lists() -> None:
    listing = parse(HEADER + b"# other: 2 largest\n50 1 a.c:1 func:f \n", "a text")
    assert listing.partial is None
