"""Contradictions: found between exact names and between lines, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.query.contradictions import contradictions
from allocfs.query.language import parse


def found(text: str) -> list[str]:
    return [message.split(":")[0] for message in contradictions(parse(text))]


@pytest.mark.parametrize(
    ("text", "contradicting"),
    [
        ("module=a,module=b", ["module=a,module=b"]),
        ("module=b,limit=1,module=a|c", ["module=a|c,module=b"]),
        ("function=a,function=b", ["function=a,function=b"]),
        ("module=a,module!=a", ["module!=a,module=a"]),
        ("module=a|b,module!=a|b|c", ["module!=a|b|c,module=a|b"]),
        ("module=a,module!=*", ["module!=*,module=a"]),
        ("module=a,module=b*", ["module=a,module=b*"]),
        ("file=a.c,file=b.c", ["file=a.c,file=b.c"]),
        ("file=a.c,file!=*.c", ["file!=*.c,file=a.c"]),
        ("line=1,line=2", ["line=1,line=2"]),
        ("line=1-9,line=20-30|10", ["line=1-9,line=10|20-30"]),
        ("line=5,line!=1-9", ["line!=1-9,line=5"]),
        ("line=1-9,line!=1-5|6-9", ["line!=1-5|6-9,line=1-9"]),
        ("line!=0-18446744073709551615", ["line!=0-18446744073709551615"]),
        ("state=new,state=gone", ["state=gone,state=new"]),
        ("state=grown,state!=grown|new", ["state!=grown|new,state=grown"]),
        ("state=new|shrunk,state=gone,state=grown", ["state=gone,state=grown,state=new|shrunk"]),
        (
            "file=a,file=b,function=a,module=a,module=b,line=1,line=3",
            ["file=a,file=b", "module=a,module=b", "line=1,line=3"],
        ),
    ],
)
def test_a_contradiction_is_found(text: str, contradicting: list[str]) -> None:
    assert found(text) == [f"no codetag matches {terms}" for terms in contradicting]


@pytest.mark.parametrize(
    "text",
    [
        "limit=1",
        "module=a,function=b,file=c,line=1",
        "module=a,module=a",
        "module=a|b,module=b|c",
        "module=a|b,module!=a",
        "module=a,module=a*",
        "module=a|*,module=b",
        "module=a*,module=b*",  # not found: two patterns
        "file=drivers%2Fiommu%2Famd%2F..%2Fiommu-pages.h,file=drivers%2Fiommu%2Fiommu-pages.h",
        "file=x%2F..%2Fa.c,file=a*",
        "file=%2Fa.c,file=a.c",
        "line=1-9,line=9",
        "line=1-9,line!=2-8",
        "line!=5",
        "state=new,state=grown",
        "state=new|gone,state!=new",
        "state!=new|gone|moved|grown|shrunk",
    ],
)
def test_conditions_that_some_codetag_can_meet_are_none(text: str) -> None:
    assert found(text) == []


RANGES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.booleans(), RANGES), min_size=1, max_size=4))
def test_lines_contradict_if_no_line_meets_all_conditions(
    conditions: list[tuple[bool, list[tuple[int, int]]]],
) -> None:
    terms = [
        f"line{'=' if wanted else '!='}" + "|".join(f"{n}-{n + more}" for n, more in ranges)
        for wanted, ranges in conditions
    ]
    possible = any(
        all(
            any(n <= line <= n + more for n, more in ranges) == wanted
            for wanted, ranges in conditions
        )
        for line in range(18)  # 17 is in no range
    )
    assert bool(found(",".join(terms))) != possible


def test_only_two_wanted_conditions_are_told_of_alternatives() -> None:
    (both,) = contradictions(parse("module=a,module=b"))
    assert both.endswith(": separate alternatives by |, as in module=a|b")
    (one,) = contradictions(parse("module=a,module!=a"))
    assert one == "no codetag matches module!=a,module=a"
