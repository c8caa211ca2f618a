"""Patterns, compared with fnmatch and with matches found by hand."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from glob import escape as glob_escape
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allocfs.query.patterns import parse_pattern

NAMES = st.text("ab/.*?[]-!^%|,\né", max_size=8)
SETS = st.sampled_from(["[ab]", "[!ab]", "[a-b]", "[!a-]", "[.-a]", "[-.]", "[^a]", "[*?]"])
WILDCARDS = st.sampled_from(["*", "?", "**"]) | SETS

# What a query says and what fnmatch says, side by side.
PIECES = NAMES.map(lambda text: (quote(text, safe=""), glob_escape(text))) | WILDCARDS.map(
    lambda wildcard: (wildcard, wildcard)
)


def matches(pattern: str, name: str) -> bool:
    return re.compile(parse_pattern(pattern).regex(), re.DOTALL).fullmatch(name) is not None


@given(st.lists(PIECES, min_size=1, max_size=7), NAMES)
def test_a_pattern_matches_what_fnmatch_matches(pieces: list[tuple[str, str]], name: str) -> None:
    ours, theirs = ("".join(side) for side in zip(*pieces, strict=True))
    assert matches(ours, name) == fnmatchcase(name, theirs)


@given(st.lists(PIECES, min_size=1, max_size=7))
@example([("%2A", "")])
@example([("[%2D%5D%21]", "")])
def test_a_formatted_pattern_reads_as_the_same_pattern(pieces: list[tuple[str, str]]) -> None:
    pattern = parse_pattern("".join(ours for ours, _ in pieces))
    assert parse_pattern(str(pattern)) == pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("mm%2F*", ["mm/", "mm/slub.c", "mm/kasan/a.c"], ["mm", "amm/x", "mm-x/a.c"]),
        ("*.c", [".c", "a/b.c", "a\n.c"], ["a.cc", "a.h"]),
        ("%2A", ["*"], ["", "a"]),
        ("*%2A%3F%5B", ["*?[", "a*?["], ["aaa"]),
        ("[%5D%2D]", ["]", "-"], ["[", ""]),
        ("[%21a]", ["!", "a"], ["b"]),
        ("[a-c-e]", ["a", "b", "c", "-", "e"], ["d"]),
        ("[--0]", ["-", ".", "/", "0"], [",", "1"]),
        ("[%2C%7C%2F]", [",", "|", "/"], ["%", "2"]),
        ("[éè]", ["é", "è"], ["e"]),
        ("[%C3%A9]", ["é"], ["e", "\xc3"]),
        ("a]b", ["a]b"], ["ab"]),
        ("?", ["a", "é", "\udcff"], ["", "ab"]),
    ],
)
def test_names_match_as_a_shell_would_match_them(
    pattern: str, matching: list[str], others: list[str]
) -> None:
    assert [name for name in matching + others if matches(pattern, name)] == matching


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a%62c", "abc"),
        ("a***b", "a*b"),
        ("%2a%2A", "%2A%2A"),
        ("%2e%5d", ".]"),
        ("[ba]", "[ab]"),
        ("[aa-ab]", "[ab]"),
        ("[-%41]", "[%2DA]"),
    ],
)
def test_only_what_must_be_is_escaped(written: str, canonical: str) -> None:
    assert str(parse_pattern(written)) == canonical


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a[", "a ] after"),
        ("[a", "a ] after"),
        ("[a]b[c", "a ] after"),
        ("[]", "characters between"),
        ("[!]", "characters between"),
        ("[]a]", "characters between"),
        ("[b-a]", "from low to high"),
        ("[a-é]", "ASCII"),
        ("a%", "two hex digits"),
        ("[%]", "two hex digits"),
    ],
)
def test_a_malformed_pattern_is_refused(pattern: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_pattern(pattern)


def test_only_a_pattern_without_wildcards_is_one_name() -> None:
    assert parse_pattern("a%2Fb").exact == "a/b"
    assert [parse_pattern(text).exact for text in ("*", "?", "[a]", "a*")] == [None] * 4
    wildcards = {text: parse_pattern(text).wildcards for text in ("a", "a*", "a*b?[c]**")}
    assert wildcards == {"a": 0, "a*": 1, "a*b?[c]**": 4}


def test_many_stars_do_not_take_exponential_time() -> None:
    # With backtracking over all thirty this would take longer than anyone can wait.
    assert not matches("*a" * 30 + "*b", "a" * 60)
