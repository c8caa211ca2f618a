"""Differences of lists that lack codetags, and of rounded numbers."""

from __future__ import annotations

import json

import numpy as np

from allocfs.formats.jsonlines import format_json
from allocfs.formats.text import parse
from allocfs.formats.textlines import HEADER, format_lines
from allocfs.moments.diff import DiffBackend
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.groups import GroupBackend
from allocfs.moments.identities import Identities
from allocfs.moments.moment import Moment
from allocfs.moments.trend import TrendBackend
from allocfs.query.language import parse as parse_query
from allocfs.tags.table import TagList

BEFORE = "# partial: 2 largest\n100 1 a.c:1 func:f \n40 1 b.c:1 func:g approx:yes bounds:35..50 \n"
AFTER = "90 1 a.c:1 func:f approx:yes bounds:80..99 \n70 1 c.c:1 func:h \n0 0 d.c:1 func:k \n"


def moment(text: str) -> Moment:
    listing = parse(HEADER + text.encode(), "a text")
    every = np.arange(len(listing.table))
    tags = TagList.from_slots(1, listing.table, every)
    return Moment(
        tags, listing.sums, listing.pairs, None, "a text", listing.rounding, listing.partial
    )


def difference(before: str, after: str) -> DiffBackend:
    ends = FrozenBackend(moment(before)), FrozenBackend(moment(after))
    return DiffBackend(Identities(ends[0].tags), *ends)


def lines(backend: DiffBackend | GroupBackend | TrendBackend) -> list[str]:
    slots = backend.tags.slots
    written = format_lines(backend.rows(slots, backend.sums(slots))).decode()
    return [" ".join(line.split()) for line in written.splitlines()]


def test_a_tag_that_a_partial_list_lacks_is_unknown_and_never_new() -> None:
    assert lines(difference(BEFORE, AFTER)) == [
        "-10 +0 a.c:1 func:f approx:yes bounds:-20..-1",
        "+70 +1 c.c:1 func:h approx:yes bounds:20..70 state:unknown",
        "-40 -1 b.c:1 func:g approx:yes bounds:-50..-35 state:gone",
    ]


def test_a_tag_that_a_partial_list_lacks_is_never_gone() -> None:
    assert lines(difference(AFTER, BEFORE)) == [
        "+10 +0 a.c:1 func:f approx:yes bounds:1..20",
        "+40 +1 b.c:1 func:g approx:yes bounds:35..50 state:new",
        "-70 -1 c.c:1 func:h approx:yes bounds:-70..-20 state:unknown",
    ]


def test_without_an_order_nothing_is_known_of_what_lacks() -> None:
    diff = difference(
        "# partial: 1 codetags\n1 1 a.c:1 func:f \n", "1 1 a.c:1 func:f \n" + "2 1 b.c:1 func:g \n"
    )
    slots = diff.tags.slots
    (found,) = map(json.loads, format_json(diff.rows(slots, diff.sums(slots))).splitlines())
    assert (found["state"], found["approx"]) == ("unknown", [None, 2])
    assert lines(diff) == ["+2 +1 b.c:1 func:g approx:yes bounds:..2 state:unknown"]


def test_lines_of_partial_lists_are_not_taken_for_moved() -> None:
    before, after = "5 1 a.c:1 func:f \n", "6 1 a.c:2 func:f \n"
    assert [line.split()[-1] for line in lines(difference(before, after))] == ["state:moved"]
    partial = lines(difference(f"# partial: 1 largest\n{before}", after))
    assert [line.split()[-1] for line in partial] == ["state:unknown", "state:gone"]


def test_the_rounding_of_a_row_is_the_sum_of_that_of_its_codetags() -> None:
    text = "9 1 a.c:1 func:f approx:yes bounds:8..10 \n9 1 a.c:2 func:f approx:yes bounds:5..10 \n"
    row = GroupBackend(FrozenBackend(moment(text)), parse_query("group=all"))
    assert [line.split(" ", 2)[2] for line in lines(row)] == ["all approx:yes bounds:13..20 tags:2"]


def test_a_trend_has_the_rounding_of_the_newest_sample() -> None:
    samples = [moment(BEFORE), moment(AFTER)]
    trend = TrendBackend(Identities(samples[0].tags), lambda: samples)
    found = {
        line.split()[2]: "bounds:80..99" in line or "bounds:35..50" in line for line in lines(trend)
    }
    assert found == {"a.c:1": True, "b.c:1": True, "c.c:1": False, "d.c:1": False}


def test_a_row_of_a_trend_has_the_rounding_of_its_last_sample() -> None:
    samples = [moment(BEFORE), moment(AFTER)]
    trend = TrendBackend(Identities(samples[0].tags), lambda: samples)
    (line,) = lines(GroupBackend(trend, parse_query("group=all")))
    assert line.startswith("160 2 all approx:yes bounds:150..169 tags:4 ")
