"""The refresh of the sums of a parsed text from a later text with the same tags."""

import pytest

from allocfs.formats.text import format_listing, parse, refresh
from allocfs.formats.textlines import HEADER
from allocfs.tags.table import Sums
from tests import support

CAPTURES = sorted(support.CAPTURES.glob("linux-*.txt"))


def values(sums: Sums) -> list[list[int]]:
    return [column.tolist() for column in sums]


def body(*tails: bytes) -> bytes:
    """Prefix numbers to the rests of lines."""
    return b"".join(b"%12d %8d %b\n" % (n, n, tail) for n, tail in enumerate(tails))


def test_a_refresh_takes_in_the_numbers() -> None:
    modules, later = (next(p for p in CAPTURES if name in p.name) for name in ("modules", "net"))
    listing = parse(modules.read_bytes(), modules.name)
    newer = refresh(later.read_bytes(), listing)
    assert newer is not None
    assert values(newer.sums) == values(parse(later.read_bytes(), later.name).sums)
    assert values(newer.sums) != values(listing.sums)


def test_a_refresh_sees_that_a_module_came_or_went() -> None:
    captures = [path.read_bytes() for path in CAPTURES]
    lists = [[line.split(None, 2)[2] for line in text.splitlines()[2:]] for text in captures]
    for old, old_list in zip(captures, lists, strict=True):
        listing = parse(old, "old")
        for new, new_list in zip(captures, lists, strict=True):
            assert (refresh(new, listing) is not None) == (old_list == new_list)


def test_a_refresh_takes_accurate_as_a_value() -> None:
    old = body(b"a.c:1 func:f ", b"a.c:2 [m] func:f accurate:no k:v ", b"a.c:3 func:f ")
    new = body(b"a.c:1 func:f accurate:no ", b"a.c:2 [m] func:f k:v ", b"a.c:3 func:f ")
    listing = parse(old, "x")
    newer = refresh(new, listing)
    assert newer is not None
    assert newer.sums.accurate.tolist() == [False, True, True]
    assert listing.sums.accurate.tolist() == [True, False, True]


def test_a_refresh_takes_pairs_as_values() -> None:
    old = body(b"a.c:1 func:f ", b"a.c:2 [m] func:f accurate:no k:v ", b"a.c:3 func:f ")
    listing = parse(old, "x")
    assert listing.pairs == ["", "k:v", ""]
    for tails in (
        (b"a.c:1 func:f error_size:12 ", b"a.c:2 [m] func:f accurate:no k:w ", b"a.c:3 func:f "),
        (b"a.c:1 func:f error_size:13 ", b"a.c:2 [m] func:f ", b"a.c:3 func:f accurate:no l: "),
        (b"a.c:1 func:f ", b"a.c:2 [m] func:f accurate:no ", b"a.c:3 func:f "),
    ):
        newer = refresh(body(*tails), listing)
        assert newer is not None
        assert newer.table is listing.table
        assert format_listing(newer) == body(*tails)
        listing = newer
    assert listing.pairs is None


@pytest.mark.parametrize(
    "changed",
    [
        body(b"a.c:1 func:f "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:f k:v ", b"a.c:3 func:f "),
        body(b"a.c:2 [m] func:f k:v ", b"a.c:1 func:f "),
        body(b"a.c:1 func:f ", b"a.c:2 func:f k:v "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:fk:v "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:g k:v "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:f k:v word "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:f k:v  "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:f accurate:no k:v accurate:no "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:f accurate:maybe "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] accurate:no func:f k:v "),
        body(b"a.c:1 func:f ", b"a.c:2 [m] func:f k:v ")[:-1],
        HEADER + body(b"a.c:1 func:f ", b"a.c:2 [m] func:f k:v "),
        b"",
    ],
)
def test_a_refresh_declines_another_list(changed: bytes) -> None:
    listing = parse(body(b"a.c:1 func:f ", b"a.c:2 [m] func:f k:v "), "x")
    assert refresh(changed, listing) is None


@pytest.mark.parametrize("numbers", [b"9223372036854775808 1 ", b"1 18446744073709551616 "])
def test_a_refresh_declines_a_number_that_does_not_fit(numbers: bytes) -> None:
    listing = parse(b"1 1 a.c:1 func:f \n", "x")
    assert refresh(numbers + b"a.c:1 func:f \n", listing) is None
