"""Queries: the meaning of names below `query/`, and the errors of invalid ones."""

from __future__ import annotations

import gc
import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allocfs.errors import BadQuery
from allocfs.query.groups import Group, GroupKey
from allocfs.query.help import HELP
from allocfs.query.language import (
    EVERYTHING,
    MAX_WILDCARDS,
    Query,
    SumPart,
    format_query,
    parse,
)
from allocfs.query.order import Sort
from allocfs.query.terms import KEYS
from tests.support import ROOT

SPEC = ROOT / "spec/queries.md"

NAMES = st.text("ab/,|%*?[]-!=é._\n", min_size=1, max_size=6).map(lambda text: quote(text, safe=""))
PATTERNS = st.lists(NAMES | st.sampled_from(["*", "?", "[a-c]", "[!%5D]", "="]), min_size=1).map(
    lambda parts: "".join(parts[:5])
)
LINES = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(
    lambda pair: f"{min(pair)}-{max(pair)}"
) | st.integers(0, 2**64 - 1).map(str)


def alternatives(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map("|".join)


CONDITIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["file", "function", "module"]),
    st.sampled_from(["=", "!="]),
    alternatives(PATTERNS),
) | st.builds("line{}{}".format, st.sampled_from(["=", "!="]), alternatives(LINES))
OTHERS = st.sampled_from(
    ["accurate=yes", "accurate!=no", "min_size=-1K", "min_size=5", "max_size=64Ki", "min_calls=0"]
) | st.builds(
    "pair.{}{}{}".format,
    st.sampled_from(["a", "%61", "x.y", "k%21%7C", "[*]"]),
    st.sampled_from(["=", "!="]),
    alternatives(PATTERNS | st.sampled_from(["0", "7-", "-7", "2048-4K", "%31-2", "-", "%2D1"])),
)
OF_MOMENTS = st.sampled_from(
    ["anomaly=yes", "min_slope=-60_per_min", "max_slope=1K%2Fh", "rising=90%", "rising=99.50"]
) | st.builds(
    "state{}{}".format,
    st.sampled_from(["=", "!="]),
    alternatives(st.sampled_from(["new", "gone", "grown", "shrunk", "moved", "%6eew"])),
)
GROUPS = st.sampled_from(["", "group=module", "group=dir", "group=dir:02", "group=%61ll"])
ORDERS = st.sampled_from(["", "sort=bytes", "sort=-calls", "sort=file", "sort=-file", "sort=slope"])
LIMITS = st.sampled_from(["", "limit=1", "limit=0099"])


@st.composite
def queries(draw: st.DrawFn) -> str:
    terms = draw(st.lists(CONDITIONS | OTHERS | OF_MOMENTS, max_size=4))
    terms += filter(None, [draw(GROUPS), draw(ORDERS), draw(LIMITS)])
    return ",".join(draw(st.permutations(terms or ["file=a"])))


def wildcards(text: str) -> int:
    return sum(text.count(wildcard) for wildcard in "*?[")


@given(queries().filter(lambda text: wildcards(text) <= MAX_WILDCARDS))
@example("file=%2E%2E,file!=a|b,file!=c")
def test_the_canonical_form_means_the_same_and_is_its_own(text: str) -> None:
    query = parse(text)
    canonical = format_query(query)
    assert parse(canonical) == query
    assert hash(parse(canonical)) == hash(query)
    assert format_query(parse(canonical)) == canonical
    assert "/" not in canonical


def refusal(text: str) -> str | None:
    try:
        parse(text)
    except BadQuery as error:
        return str(error)
    return None


@given(st.text() | st.text("filemodun=!,|%0123456789ab[]*-<", max_size=20))
def test_any_name_is_a_query_or_is_refused_in_one_line(text: str) -> None:
    message = refusal(text)
    if message is None:
        assert parse(format_query(parse(text))) == parse(text)
    else:
        assert len(message.splitlines()) == 1
        assert "expected" in message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("module=xfs", "module=xfs"),
        ("limit=5,sort=-bytes,module=xfs", "module=xfs,sort=-bytes,limit=5"),
        ("file=./a.c", "file=.%2Fa.c"),
        ("function=b|a|b", "function=a|b"),
        ("function!=b,function!=a", "function!=a|b"),
        ("function=b,function=a,function=a", "function=a,function=b"),
        ("line=020|3-4|5-5", "line=3-4|5|20"),
        ("accurate!=yes", "accurate=no"),
        ("accurate=no,accurate!=yes", "accurate=no"),
        ("min_size=1K,min_size=2048", "min_size=2K"),
        ("max_size=1K,max_size=2048", "max_size=1K"),
        ("max_calls=7,min_calls=7", "min_calls=7,max_calls=7"),
        ("sort=size", "sort=bytes"),
        ("sort=-size", "sort=-bytes"),
        ("sort=byte", "sort=bytes"),
        ("sort=-count", "sort=-calls"),
        ("sort=call", "sort=calls"),
        ("sort=path", "sort=file"),
        ("sort=%2Dcalls,limit=%31%30", "sort=-calls,limit=10"),
        ("sort=-slope,rising=90%,min_slope=60_per_min", "min_slope=1,rising=90,sort=-slope"),
        ("max_slope=1K,max_slope=60_per_h,max_slope=1", "max_slope=1_per_min"),
        ("rising=90%,rising=95.50%25", "rising=95.5"),
        (
            "limit=1,group=dir:03,anomaly!=yes,max_calls=1",
            "anomaly=no,max_calls=1,group=dir:3,limit=1",
        ),
        ("state=new,state=gone|new,state!=moved", "state!=moved,state=gone|new,state=new"),
        ("module=a=b", "module=a=b"),
        ("pair.x=02048|1-1|-0|3-", "pair.x=-0|1|2K|3-"),
        ("min_size=1,pair.%62!=2,pair.b!=1,accurate=no", "accurate=no,pair.b!=1|2,min_size=1"),
        ("pair.%21%2a=%31-2|%2D5|-|a-b|1*", "pair.%21*=%2D5|%31-2|-|1*|a-b"),
        ("function=%61%2a", "function=a%2A"),
        ("file=a%2Cb%7Cc%25", "file=a%2Cb%7Cc%25"),
    ],
)
def test_spellings_of_one_query_have_one_canonical_form(text: str, canonical: str) -> None:
    assert format_query(parse(text)) == canonical
    assert parse(text) == parse(canonical)


def test_what_counters_decide_is_kept_apart_from_names() -> None:
    query = parse("min_size=-1M,max_size=1G,min_calls=1,max_calls=2K,sort=-file,limit=3")
    assert query == Query(
        sum_part=SumPart(-1048576, 1073741824, 1, 2048), sort=Sort("file", True), limit=3
    )
    assert parse("accurate=no") == Query(accurate=False)
    assert parse("module=xfs").tag_part != EVERYTHING.tag_part
    assert format_query(EVERYTHING) == ""


def test_a_group_divides_a_query_into_tags_and_rows() -> None:
    tags = "module=xfs,line=3,accurate=no,pair.a=1"
    rows = "state=new,anomaly=no,min_size=1,min_slope=1,sort=-bytes,limit=3"
    query = parse(f"{tags},{rows},group=dir:2")
    assert query.group == Group(GroupKey.DIR, 2)
    assert query.tag_query == parse(tags)
    assert format_query(query.row_query) == rows
    assert query.row_query.occupied
    assert parse(f"module=xfs,{rows},group=all").row_query == parse(rows)


def test_the_rows_of_a_query_without_a_group_are_codetags() -> None:
    query = parse("module=xfs,min_size=1,sort=file")
    assert query.row_query is query
    assert query.tag_query == parse("module=xfs")
    assert parse("module=xfs,group=all").row_query is EVERYTHING
    assert parse("group=all,sort=-file").row_query == Query(sort=Sort("names", True))


def test_queries_that_differ_in_one_term_are_not_equal() -> None:
    texts = ["file=a", "file!=a", "function=a", "file=a*", "file=a%2A", "file=a|b", "file=a,file=b"]
    assert len({parse(text) for text in texts}) == len(texts)


def test_the_help_tells_of_every_key_and_its_examples_are_queries() -> None:
    assert [key for key in KEYS if f"{key}=" not in HELP] == []
    examples = re.findall(r"query/(.*?)/", HELP)
    assert [example for example in examples if refusal(example)] == []
    assert "file=mm%2F*" in examples


def test_the_specified_messages_are_those_of_the_refusals() -> None:
    errors = SPEC.read_text().split("## Errors")[1].replace(r"\|", "|")
    rows = re.findall(r"^\| (`.+`) \| `(.+)` \|$", errors, re.MULTILINE)
    assert len(rows) > len(KEYS)
    for queries_cell, specified in rows:
        for query in queries_cell.strip("`").split("`, `"):
            message = refusal(query) or ""
            assert all(part in message for part in specified.split("...")), query


def test_no_query_is_left_to_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        for text in ("module=xfs", "group=module,min_size=1M", "state=new,sort=-bytes"):
            query = parse(text)
            assert query.selects_by_value in (True, False)
            assert query.row_query is not None
            assert query.tag_query is not None
        del query
        assert gc.collect() == 0
    finally:
        gc.enable()
