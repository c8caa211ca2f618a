"""Where one report ends and the next begins, and which part of a list it is."""

from __future__ import annotations

import pytest

from tests.reports.test_parser import lines
from tests.reports.test_read import imported

FIRST = b"allocinfo - version: 1.0\n"
SECOND = b"#     <size>  <calls> <tag info>\n"


def tag(size: int, line: int) -> bytes:
    return b"%12d %8d %s:%d func:f \n" % (size, 1, [b"mm/slub.c", b"fs/dcache.c"][line % 2], line)


def tags(*sizes: int) -> bytes:
    return b"".join(tag(size, line) for line, size in enumerate(sizes, 1))


def partials(text: bytes) -> list[str]:
    return [report.partial for report in imported(text)[0]]


@pytest.mark.parametrize(
    ("sizes", "partial"),
    [
        ((1, 2, 3, 4, 5), "5 largest"),
        ((9, 8, 8, 7, 6, 5), "6 largest"),
        ((1, 2, 3, 4), "4 codetags"),
        ((1, 3, 2, 4, 5), "5 codetags"),
        ((5, 5), "2 codetags"),
        ((5,), "1 codetags"),
        ((*range(499), 0), ""),
        (tuple(range(1, 501)), "500 largest"),
        ((*range(2, 500), 1, 0), ""),
        ((0, *range(2, 499), 1), "499 codetags"),
    ],
)
def test_the_part_of_a_list(sizes: tuple[int, ...], partial: str) -> None:
    (report,), _ = imported(FIRST + SECOND + tags(*sizes))
    assert report.partial == partial
    header = b"# partial: " + partial.encode() + b"\n" if partial else b""
    assert report.text == FIRST + SECOND + header + tags(*sizes)
    assert imported(report.text)[0][0].text == report.text


def test_an_unknown_version_becomes_the_one_that_is_written() -> None:
    (report,), _ = imported(b"allocinfo - version: 3.1\n" + SECOND + tags(1))
    assert report.text.startswith(b"allocinfo - version: 2.0\n")


def test_each_header_begins_a_report() -> None:
    assert partials((FIRST + SECOND + tags(3, 2)) * 3) == ["2 codetags"] * 3
    assert partials((SECOND + tags(3, 2)) * 2) == ["2 codetags"] * 2
    assert partials((SECOND + FIRST + tags(2, 3)) * 2) == ["2 codetags"] * 2  # `sort -g`


@pytest.mark.parametrize(
    "text",
    [
        SECOND + FIRST + tags(-1, 0, 0, 5, 7),  # `sort -g`
        tags(-1, 0, 0) + SECOND + FIRST + tag(5, 4) + tag(7, 5),  # `sort -n`
        tags(7, 5) + SECOND + FIRST + tag(0, 3) + tag(0, 4) + tag(-1, 5),
        tags(-1, 0, 0, 5, 7) + FIRST + SECOND,
    ],
)
def test_a_sorted_header_ends_no_report(text: bytes) -> None:
    (report,), tally = imported(text)
    assert len(lines(report)) == 5
    assert report.partial == "5 largest"
    assert tally.left_out == []


def test_equal_codetags_after_other_text_are_another_report() -> None:
    assert (
        partials(b"at boot:\n" + tags(1, 2) + b"after six days:\n" + tags(3, 5))
        == ["2 codetags"] * 2
    )


def test_other_codetags_after_other_text_are_not() -> None:
    text = tags(5, 4) + b"something else was logged\n" + tag(3, 7)
    assert partials(text) == ["3 codetags"]


def test_equal_codetags_without_text_between_are_one_report() -> None:
    assert partials(tag(1, 1) + tag(2, 1)) == ["2 codetags"]


@pytest.mark.parametrize(
    ("place", "partial"),
    [
        (b"drivers/ice/%d.c:1 [ice]", "6 codetags"),
        (b"mm/%d.c:1", "6 codetags"),
        (b"%d/a.c:1 [ice]", "6 codetags"),
        (b"%d/a.c:1", "6 largest"),
    ],
)
def test_a_sorted_list_of_one_module_or_directory_was_chosen_by_name(
    place: bytes, partial: str
) -> None:
    lines = (b"%d 1 %s func:f \n" % (number, place % number) for number in range(1, 7))
    assert partials(b"".join(lines)) == [partial]
