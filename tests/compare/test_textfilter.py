"""The search for lines of the text, compared with a plain parse of all lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from allocfs.compare.textfilter import at_least, containing, everything, largest, size_of
from allocfs.formats.textlines import HEADER

LINES = [
    b"        4096        1 mm/slub.c:10 func:slab_alloc \n",
    b"        -512        1 fs/xfs/xfs_log.c:7 [xfs] func:xlog_alloc \n",
    b"     1048576        2 fs/xfs/xfs_log.c:9 [xfs] func:xlog_grow accurate:no \n",
    b"5368709120000       12 copy1/mm/slub.c:10 func:slab_alloc \n",
]
SIZES = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20)


def line(size: int) -> bytes:
    return b"%12d        1 mm/slub.c:1 func:f \n" % size


def test_everything_is_all_lines_but_the_header() -> None:
    assert everything(HEADER + b"".join(LINES)) == LINES


def test_containing_finds_each_line_once() -> None:
    text = HEADER + b"".join(LINES)
    assert containing(text, b" [xfs] ") == LINES[1:3]
    assert containing(text, b" mm/slub.c:") == LINES[:1]
    assert containing(text, b"slub") == [LINES[0], LINES[3]]
    assert containing(text, b" [ext4] ") == []


def test_size_is_parsed_whatever_its_width() -> None:
    assert list(map(size_of, LINES)) == [4096, -512, 1048576, 5368709120000]


@given(SIZES, st.integers(1, 2**63 - 1))
def test_at_least_keeps_what_is_large_enough(sizes: list[int], least: int) -> None:
    found = at_least(list(map(line, sizes)), least)
    assert found == [line(size) for size in sizes if size >= least]


@given(SIZES, st.integers(1, 10))
def test_largest_is_the_beginning_of_all_sorted(sizes: list[int], count: int) -> None:
    found = largest(list(map(line, sizes)), count)
    assert found == [line(size) for size in sorted(sizes, reverse=True)[:count]]


def test_largest_keeps_the_order_of_equal_ones() -> None:
    equal = [b"%12d        1 mm/slub.c:%d func:f \n" % (8, number) for number in range(5)]
    assert largest(equal, 3) == equal[:3]
