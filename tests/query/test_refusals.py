"""Queries that are refused, each with its reason."""

from __future__ import annotations

import pytest

from allocfs.errors import BadQuery
from allocfs.query.language import (
    MAX_WILDCARDS,
    format_query,
    parse,
)
from tests.query.test_language import refusal


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
