"""The fuzz targets: each runs a parser on any bytes and checks properties of the result.

A parser may refuse an input by its own exception. Any other exception is a bug, and so is an
AssertionError of the target, which means that a property does not hold.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import numpy as np

from allocfs.backend.control import StoreControl, parse_lines
from allocfs.backend.simulated import SimulatedStore
from allocfs.errors import BadCapture, BadControl, BadQuery
from allocfs.formats.livetext import rewrite
from allocfs.formats.text import Listing, format_listing, parse, refresh
from allocfs.query.language import format_query
from allocfs.query.language import parse as parse_query
from fuzz.reflow import reports

MOST_SECONDS = 1.0
NAMES = ("mm/slub.c", "./include/linux/slab.h", "vmlinux", "a" * 63, "[*]?", "\udcff")

_STORE_TEXT = b"""\
allocinfo - version: 2.0
#     <size>  <calls> <tag info>
        4096        2 mm/slub.c:10 func:slab_alloc 
        -512        1 ./include/linux/slab.h:5 func:kmalloc accurate:no 
       65536        8 fs/xfs/xfs_log.c:7 [xfs] func:xlog_alloc 
"""  # noqa: W291  the kernel ends each line with a space


def text(data: bytes) -> None:
    """An accepted capture survives formatting and parsing, and can be refreshed.

    A live text that is rewritten is an accepted capture.
    """
    _rewrite(data)
    try:
        listing = parse(data, "capture")
    except BadCapture as error:
        _assert_names_a_line(str(error))
        return
    _assert_same(listing, parse(format_listing(listing), "capture"))
    newer = refresh(data, listing)
    assert newer is not None
    _assert_same(listing, newer)


def _rewrite(data: bytes) -> None:
    try:
        rewritten = rewrite(data, "capture")
    except BadCapture as error:
        _assert_names_a_line(str(error))
        return
    if rewritten is not None:
        assert len(parse(rewritten.text, "rewritten").table)
        assert "\n" not in rewritten.notice


def query(data: bytes) -> None:
    """An accepted query equals its parsed canonical form, and its patterns can match any name."""
    try:
        parsed = parse_query(os.fsdecode(data))
    except BadQuery:
        return
    assert parse_query(format_query(parsed)) == parsed
    for condition in parsed.tag_part.names:
        for name in NAMES:
            condition.matches(name)
    for pair in parsed.pairs:
        pair.holds(" ".join(f"{pair.key}:{name}" for name in NAMES))


def control(data: bytes) -> None:
    """Accepted control lines leave a consistent store, or the store refuses them."""
    try:
        if not parse_lines(data, StoreControl(UNTOUCHED)):
            return
        store = _store()  # a new one for each input, so that a crash can be reproduced
        for act in parse_lines(data, StoreControl(store)):
            act()
    except BadControl:
        return
    slots = store.tags.slots
    low, high = store.bounds(slots)
    assert len(low) == len(high) == len(store.sums(slots).bytes) == len(slots)


def _store() -> SimulatedStore:
    return SimulatedStore(LISTING, cpus=2, seed=1, rate=0, origin="store")


LISTING = parse(_STORE_TEXT, "store")
UNTOUCHED = _store()


def _assert_names_a_line(message: str) -> None:
    assert re.match(r"capture:[1-9][0-9]*: ", message), message


def _assert_same(one: Listing, other: Listing) -> None:
    count = len(one.table)
    assert [one.table.tag(n) for n in range(count)] == [other.table.tag(n) for n in range(count)]
    assert all(map(np.array_equal, one.sums, other.sums))
    assert one.pairs == other.pairs


Target = Callable[[bytes], None]


def _timed(target: Target) -> Target:
    """Limit an input to MOST_SECONDS of CPU time: wall time would depend on other processes."""

    def attempt(data: bytes) -> None:
        began = time.thread_time()
        target(data)
        assert time.thread_time() - began < MOST_SECONDS

    return attempt


TARGETS = {target.__name__: _timed(target) for target in (text, query, control, reports)}
