"""Rows of JSON as people read them."""

from __future__ import annotations

import pytest

from allocfs.screen.rows import Row, average, legend, notes_of, rows_of, site, size
from allocfs.units import human_size

ROW = {"bytes": 5 << 20, "calls": 10, "accurate": True}


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.98 KiB"),
        (1024, "1.00 KiB"),
        (10_230, "9.99 KiB"),
        (10_240, "10.0 KiB"),
        (102_348, "99.9 KiB"),
        (102_400, "100 KiB"),
        (-3_341_238_272, "-3.11 GiB"),
        (2**63, "8.00 EiB"),
    ],
)
def test_sizes_have_three_digits(nbytes: int, text: str) -> None:
    assert human_size(nbytes) == text
    assert human_size(nbytes, "+").lstrip("+") == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ({"file": "a.c", "line": 3, "function": "f", "module": "m"}, "a.c:3 [m] f"),
        ({"file": "a.c", "line": 3, "function": "f", "module": ""}, "a.c:3 f"),
        ({"module": "m"}, "m"),
        ({"module": ""}, "vmlinux"),
        ({"file": "mm"}, "mm"),
        ({"function": "f"}, "f"),
        ({}, "all"),
    ],
)
def test_a_row_is_named_by_the_names_that_it_has(names: Row, text: str) -> None:
    assert site({**ROW, **names}) == text


def test_marks_tell_of_sizes_that_are_not_exact() -> None:
    rounded = {**ROW, "approx": [1, 2]}
    missing = {**ROW, "accurate": False}
    assert [size(row) for row in (ROW, rounded, missing)] == ["5.00 MiB", "~5.00 MiB", "*5.00 MiB"]
    assert legend([ROW]) == []
    assert legend([rounded, missing]) == [
        "~ rounded before it was read",
        "* not every allocation is counted",
    ]


@pytest.mark.parametrize(("calls", "text"), [(10, "512 KiB"), (0, ""), (2**64 - 1, "")])
def test_an_average_needs_calls(calls: int, text: str) -> None:
    assert average({**ROW, "calls": calls}) == text


def test_the_source_tells_what_to_know() -> None:
    text = "source x\ncondition late\nage 1.5\npartial 15 largest\n"
    assert notes_of(text) == ["a partial list: the 15 largest", "the source: late"]
    assert notes_of("source x\ncondition ok\n") == []


def test_lines_are_objects() -> None:
    assert rows_of(b'{"bytes": 1}\n{"bytes": 2}\n') == [{"bytes": 1}, {"bytes": 2}]
