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


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("", "the query is empty", "expected terms such as"),
        (",", "','", "both sides of each comma"),
        ("module=xfs,", "'module=xfs,'", "both sides of each comma"),
        (",module=xfs", "',module=xfs'", "both sides of each comma"),
        ("module=a,,line=1", "'module=a,,line=1'", "both sides of each comma"),
        ("module", "'module'", "key=value or key!=value"),
        ("module!", "'module!'", "key=value or key!=value"),
        ("moduel=xfs", "'moduel=xfs'", "one of the keys file, function, module, line"),
        ("Module=xfs", "'Module=xfs'", "one of the keys"),
        (" module=xfs", "' module=xfs'", "one of the keys"),
        ("=xfs", "'=xfs'", "one of the keys"),
        ("module!!=xfs", "'module!!=xfs'", "one of the keys"),
        ("line=1,a\nb=c", r"'a\nb=c'", "one of the keys"),
        ("module=", "'module='", "a value after the ="),
        ("module!=", "'module!='", "a value after the ="),
        ("limit=", "'limit='", "a value after the ="),
        ("module=a|", "'module=a|'", "both sides of each |"),
        ("module=|a", "'module=|a'", "both sides of each |"),
        ("line=1||2", "'line=1||2'", "both sides of each |"),
        ("module=%zz", "'module=%zz'", "two hex digits"),
        ("module=a%", "'module=a%'", "two hex digits"),
        ("limit=%", "'limit=%'", "two hex digits"),
        ("module=%00", "'module=%00'", "no name contains %00"),
        ("module=a\0", r"'module=a\x00'", "without NUL"),
        ("module=%FF", "'module=%FF'", "%FF is not"),
        ("module=\udcff", r"'module=\udcff'", "UTF-8"),
        ("file=a[b", "'file=a[b'", "a ] after ["),
        ("file=[]", "'file=[]'", "characters between [ and ]"),
        ("file=[z-a]", "'file=[z-a]'", "from low to high"),
        ("file=[a|b]", "'file=[a|b]'", "a ] after ["),
        ("line=9-3", "'line=9-3'", "9 is above 3"),
        ("line=x", "'line=x'", "a line such as"),
        ("line=-3", "'line=-3'", "a line such as"),
        ("min_size=1X", "'min_size=1X'", "a size in bytes such as"),
        ("min_size=1|2", "'min_size=1|2'", "a size in bytes such as"),
        ("max_size=9223372036854775808", "'max_size=922", "to 9223372036854775807"),
        ("min_calls=-1", "'min_calls=-1'", "a count such as"),
        ("max_calls=1.5", "'max_calls=1.5'", "a count such as"),
        ("min_size!=1", "'min_size!=1'", "min_size has no !="),
        ("max_calls!=1", "'max_calls!=1'", "max_calls has no !="),
        ("sort!=bytes", "'sort!=bytes'", "sort has no !="),
        ("limit!=1", "'limit!=1'", "limit has no !="),
        ("min_size=2M,max_size=1M", "'min_size=2M,max_size=1M'", "not to be above max_size"),
        ("max_calls=4,min_calls=5", "'max_calls=4,min_calls=5'", "not to be above max_calls"),
        ("min_size=1,max_size=9,min_size=10", "'min_size=1,max_size=9,min", "not to be above"),
        ("accurate=maybe", "'accurate=maybe'", "yes or no"),
        ("accurate=yes|no", "'accurate=yes|no'", "yes or no"),
        ("accurate=yes,accurate=no", "'accurate=yes,accurate=no'", "no codetag is both"),
        ("accurate=yes,accurate!=yes", "'accurate=yes,accurate!=yes'", "no codetag is both"),
        (
            "sort=lines",
            "'sort=lines'",
            "bytes, calls, file, slope, rising, or one of them after a -",
        ),
        ("pair.=1", "'pair.=1'", "pair.KEY=value"),
        ("pair.a!b=1", "'pair.a!b=1'", "! is %21"),
        ("pair.a", "'pair.a'", "key=value or key!=value"),
        ("pair.a=", "'pair.a='", "a value after the ="),
        ("pair.a=1||2", "'pair.a=1||2'", "both sides of each |"),
        ("pair.%zz=1", "'pair.%zz=1'", "two hex digits"),
        ("pair.a=9-3", "'pair.a=9-3'", "9 is above 3"),
        ("pair.a=2K-1K", "'pair.a=2K-1K'", "2048 is above 1024"),
        ("pair.a=-18446744073709551616", "'pair.a=-184", "to 18446744073709551615"),
        ("pair.a=[", "'pair.a=['", "a ] after ["),
        ("sort=--bytes", "'sort=--bytes'", "bytes, calls, file"),
        ("sort=+bytes", "'sort=+bytes'", "bytes, calls, file"),
        ("sort=bytes,sort=bytes", "'sort=bytes,sort=bytes'", "sort once"),
        ("sort=names", "'sort=names'", "bytes, calls, file"),
        ("group=line", "'group=line'", "expected module, file, function, site, dir, all"),
        ("group=dir:65", "'group=dir:65'", "N from 1 to 64"),
        ("group=dir,group=all", "'group=dir,group=all'", "group once"),
        ("group!=dir", "'group!=dir'", "group has no !="),
        ("state=", "'state='", "a value after the ="),
        ("state=new|", "'state=new|'", "both sides of each |"),
        ("state=old", "'state=old'", "expected new, gone, grown, shrunk, moved"),
        ("anomaly=1", "'anomaly=1'", "yes or no"),
        ("min_slope=1_per_y", "'min_slope=1_per_y'", "a slope in bytes per second"),
        ("min_slope=1,max_slope=59_per_min", "'min_slope=1,max_sl", "not to be above max_slope"),
        ("rising=%zz", "'rising=%zz'", "two hex digits"),
        ("rising=1.5.1", "'rising=1.5.1'", "from 0 to 100"),
        ("limit=0", "'limit=0'", "from 1 to"),
        ("limit=-1", "'limit=-1'", "a number of records such as"),
        ("limit=1,line=3,limit=2", "'limit=1,limit=2'", "limit once"),
    ],
)
def test_a_malformed_query_is_refused_by_name(text: str, named: str, expected: str) -> None:
    message = refusal(text)
    assert message is not None
    assert message.startswith(named)
    assert expected in message
    assert len(message.splitlines()) == 1


def test_wildcards_are_limited_over_all_terms() -> None:
    half = MAX_WILDCARDS // 2
    allowed = f"file={'*a' * half},function={'|'.join(f'[a]{n}' for n in range(half))}"
    assert format_query(parse(allowed))
    with pytest.raises(BadQuery, match=f"at most {MAX_WILDCARDS} wildcards"):
        parse(f"{allowed},module=?")
    with pytest.raises(BadQuery, match=r"pair\.a=1\|\?': expected at most"):
        parse(f"{allowed},pair.a=1|?")


def test_names_without_wildcards_are_not_limited() -> None:
    names = [f"f{n:03}" for n in range(500)]
    assert format_query(parse("function=" + "|".join(names))) == "function=" + "|".join(names)


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
