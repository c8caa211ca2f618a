"""Lines of codetags, as the kernel writes them."""

import gc
import weakref

import numpy as np

from allocfs.formats import textlines
from allocfs.formats.text import format_listing, parse
from allocfs.formats.textlines import format_lines
from allocfs.tags.rows import Rows
from allocfs.tags.table import Codetag, Slots, Sums, TagTable
from tests.formats.test_text import SAMPLE, sums_of


def chosen(sums: Sums, slots: Slots) -> Sums:
    return Sums(sums.bytes[slots], sums.calls[slots], sums.accurate[slots])


def test_a_line_is_written_as_the_kernel_writes_it() -> None:
    table = TagTable.from_tags([Codetag("a.c", 1, "f"), Codetag("b.c", 2, "g", "mod")])
    sums = sums_of([(-1, 1234567890, True), (1234567890123, 0, False)])
    assert format_lines(Rows(table, np.array([0, 1]), sums, ["", "k:v l:w"])) == (
        b"          -1 1234567890 a.c:1 func:f \n"
        b"1234567890123        0 b.c:2 [mod] func:g accurate:no k:v l:w \n"
    )


def test_lines_of_a_selection_are_in_its_order() -> None:
    listing = parse(SAMPLE, "sample")
    slots = np.array([4, 0, 2, 0])
    lines = SAMPLE.splitlines(keepends=True)[2:]
    assert listing.pairs is not None
    pairs = [listing.pairs[slot] for slot in slots]
    written = format_lines(Rows(listing.table, slots, chosen(listing.sums, slots), pairs))
    assert written == b"".join(lines[n] for n in slots)
    assert format_lines(Rows(listing.table, slots[:0], chosen(listing.sums, slots[:0]))) == b""


def test_lines_are_never_those_of_an_earlier_table() -> None:
    for line in range(50):  # a new table is likely to have the id() of the one before
        table = TagTable.from_tags([Codetag("a.c", line, "f")])
        written = format_lines(Rows(table, np.array([0]), sums_of([(0, 0, True)])))
        assert written == b"%12d %8d a.c:%d func:f \n" % (0, 0, line)


def test_what_is_kept_for_a_table_goes_with_it() -> None:
    listing = parse(SAMPLE, "sample")
    format_listing(listing)
    table = weakref.ref(listing.table)
    assert table in textlines._heads_of.keyrefs()
    del listing
    gc.collect()
    assert table() is None
    assert table not in textlines._heads_of.keyrefs()
