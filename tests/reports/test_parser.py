"""Codetags by tokens, and all that is left out and told."""

from __future__ import annotations

import pytest

from allocfs.formats.text import parse
from allocfs.reports.report import LeftOut, Report
from tests.reports.test_read import imported

GOOD = b"4096 1 mm/slub.c:10 func:f\n"
LATER = b"8192 2 mm/slub.c:20 [xfs] func:g\n"


def lines(report: Report) -> list[bytes]:
    parse(report.text, "report")
    found = report.text.splitlines()
    return [b" ".join(line.split()) for line in found if not line.startswith((b"#", b"alloc"))]


def only(text: bytes) -> tuple[list[bytes], list[LeftOut]]:
    (report,), tally = imported(text)
    return lines(report), tally.left_out


def test_a_module_may_be_a_pair() -> None:
    assert only(b"1 2 a.c:1 module:xfs func:f\n") == ([b"1 2 a.c:1 [xfs] func:f"], [])


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        (b"4096 1 mm/slub.c:10\nfunc f\n", "4096 1 mm/slub.c:10"),
        (b"1 mm/slub.c:10 func:f\n", "1 mm/slub.c:10 func:f"),
        (b"1.5K mm/slub.c:10 func:f\n", "1.5K mm/slub.c:10 func:f"),
        (b"26K 5.1K mm/slub.c:10 func:f\n", "26K 5.1K mm/slub.c:10 func:f"),
        (b"26k 1 mm/slub.c:10 func:f\n", "26k 1 mm/slub.c:10 func:f"),
        (b"38.4 1 mm/slub.c:10 func:f\n", "38.4 1 mm/slub.c:10 func:f"),
        (b"1 99999999999999999999 a.c:1 func:f\n", "1 99999999999999999999 a.c:1 func:f"),
        (b"1 1 a.c:99999999999999999999 func:f\n", "1 1 a.c:99999999999999999999 func:f"),
        (b"1 -1 a.c:1 func:f\n", "1 -1 a.c:1 func:f"),
        (b"[xfs]\n", "[xfs]"),
        (b"27M 6693\n", "27M 6693"),
        (b"nid0 1\n", "nid0 1"),
        (b"note 1 2 a.c:3 func:h here\n", "note"),
        (b"- 1 2 a.c:3 func:h\n", "-"),
        (b"+1 2 a.c:3 func:h\n", "+1 2 a.c:3 func:h"),
        (b"1 2 a.c:3 func:long_na=\nme\n", "1 2 a.c:3 func:long_na="),
        (b"1 2 a.c:3 func:long-\nname\n", "1 2 a.c:3 func:long-"),
    ],
)
def test_a_part_that_belongs_to_nothing_is_told(text: bytes, left_out: str) -> None:
    found, told = only(GOOD + text + LATER)
    assert b"4096 1 mm/slub.c:10 func:f" in b"".join(found)
    assert b"8192 2 mm/slub.c:20 [xfs] func:g" in found
    assert (told[0].line, told[0].text.strip("'")) == (2, left_out)


def test_rounded_calls_are_told_as_the_reason() -> None:
    _, told = only(GOOD + b"26K 5.1K mm/slub.c:10 func:f\n")
    assert [part.reason for part in told] == [
        "expected size and calls before file:line, calls not rounded"
    ]


def test_a_line_of_a_difference_is_left_out() -> None:
    found, told = only(GOOD + b"- 1 2 a.c:3 func:h\n+ 2 2 a.c:3 func:h\n")
    assert found == [b"4096 1 mm/slub.c:10 func:f"]
    assert [part.reason for part in told].count("a line of a difference") == 2


def test_of_two_words_about_accuracy_the_first_counts() -> None:
    found, told = only(GOOD + b"accurate:no accurate:yes\n")
    assert found == [b"4096 1 mm/slub.c:10 func:f accurate:no"]
    assert [part.text for part in told] == ["'accurate:yes'"]


def test_words_between_the_parts_of_a_codetag_tear_it() -> None:
    (report,), tally = imported(GOOD + b"1 2 a.c:3\nOn Monday A wrote:\nfunc:h\n")
    assert lines(report) == [b"4096 1 mm/slub.c:10 func:f"]
    assert [part.line for part in tally.left_out] == [2, 4]
    assert tally.other_lines == 1


def test_numbers_of_lines_are_no_values() -> None:
    text = b"  1\t" + GOOD + b"  2\t" + LATER
    found, told = only(text)
    assert found == [b"4096 1 mm/slub.c:10 func:f", b"8192 2 mm/slub.c:20 [xfs] func:g"]
    assert [part.text for part in told] == ["'1'", "'2'"]


@pytest.mark.parametrize("breaks", [b" ", b"\n", b"\n> "])
def test_a_number_after_each_codetag_is_that_of_all_allocations(breaks: bytes) -> None:
    found, told = only(b"1 2 a.c:1 func:f 7\n3 4 a.c:2 func:g 9\n".replace(b" ", breaks))
    assert found == [b"1 2 a.c:1 func:f accumulated:7", b"3 4 a.c:2 func:g accumulated:9"]
    assert told == []


@pytest.mark.parametrize(
    "text",
    [
        b"1 2 a.c:1 func:f\n3 4 a.c:2 func:g 9\n",
        b"1 2 a.c:1 func:f 9\n3 4 a.c:2 func:g\n",
        b"1 2 a.c:1 func:f\n9\n",
        b"1 2 a.c:1 func:f 9\n3 (...) a.c:2 func:g\n",
    ],
)
def test_a_number_after_some_codetags_is_not(text: bytes) -> None:
    (report,), tally = imported(text)
    assert b"accumulated" not in report.text
    assert tally.left_out_count


def test_lines_of_nodes_are_pairs_of_the_codetag_above() -> None:
    found, told = only(b"5 6 a.c:1 func:f\n nid0 1 2\n nid1\n 4 4\n7 8 a.c:2 func:g\n")
    assert found[0] == (b"5 6 a.c:1 func:f nid0_bytes:1 nid0_calls:2 nid1_bytes:4 nid1_calls:4")
    assert told == []


def test_a_line_of_a_node_that_was_torn_is_left_out() -> None:
    found, told = only(b"5 6 a.c:1 func:f\nnid0 1\n7 8 a.c:2 func:g\n")
    assert found == [b"5 6 a.c:1 func:f", b"7 8 a.c:2 func:g"]
    assert [part.text for part in told] == ["'nid0 1'"]


def test_a_second_title_begins_a_report_and_profiling_off_is_told() -> None:
    title = b"Memory allocations (profiling is currently turned %s):\n"
    reports, _ = imported(title % b"on" + GOOD + b"Node 0 DMA: 5\n" + title % b"off" + LATER)
    assert [report.profiling_off for report in reports] == [False, True]
    assert [report.kind for report in reports] == ["the kernel's largest"] * 2
    assert [report.partial for report in reports] == ["1 largest"] * 2


def test_logs_tell_the_times_of_reports() -> None:
    stamp = b"2025-11-27T12:%02d:00+0000 host kernel: "
    parts = [b"Memory allocations:\n", GOOD, LATER]
    text = b"".join(stamp % minute + part for minute in (1, 2) for part in parts)
    reports, _ = imported(text)
    assert [report.time for report in reports] == [1764244860.0, 1764244920.0]
    assert [report.codetags for report in reports] == [2, 2]


def test_a_prompt_begins_a_report() -> None:
    reports, _ = imported(GOOD + b"$ sleep 60; tail /proc/allocinfo\n" + LATER)
    assert [report.codetags for report in reports] == [1, 1]


def test_a_word_of_a_megabyte_is_no_trouble() -> None:
    for word in (b"1" * 10**6, b"." * 10**6, b"a:1" * 300_000, b"x" * 10**6):
        found, _ = only(GOOD + word + b"\n" + LATER)
        assert len(found) == 2
