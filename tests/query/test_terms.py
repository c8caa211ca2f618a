"""Terms: their parts as written, the values between bars, and the conditions of a key."""

from __future__ import annotations

import pytest

from allocfs.errors import BadQuery
from allocfs.query.terms import (
    KEYS,
    NEGATABLE_KEYS,
    SUM_KEYS,
    TREND_KEYS,
    Term,
    Terms,
    format_condition,
    format_yes_or_no,
    parse_terms,
)
from tests.support import ROOT


def number(text: str) -> int:
    """Read a number as the readers of values do."""
    if not text.isdecimal():
        raise ValueError("expected a number")
    return int(text)


def test_a_term_keeps_its_text_and_its_parts() -> None:
    assert parse_terms("module!=a=b,line=%31,limit=3") == (
        Term("module!=a=b", "module", False, "a=b"),
        Term("line=%31", "line", True, "%31"),
        Term("limit=3", "limit", True, "3"),
    )


def test_terms_are_selected_by_key_in_the_order_in_which_they_were_written() -> None:
    terms = parse_terms("line=3,module=x,line=1,file=a")
    assert [term.text for term in terms.having("line", "file")] == ["line=3", "line=1", "file=a"]
    assert str(terms.having("line")) == "'line=3,line=1'"
    assert terms.having("sort") == Terms()


@pytest.mark.parametrize("key", KEYS)
def test_every_key_takes_an_equal_sign_and_some_take_its_negation(key: str) -> None:
    assert parse_terms(f"{key}=1")[0].key == key
    if key in NEGATABLE_KEYS:
        assert not parse_terms(f"{key}!=1")[0].equal
    else:
        with pytest.raises(BadQuery, match=f"expected {key}=value; {key} has no !="):
            parse_terms(f"{key}!=1")


def test_the_keys_are_those_of_the_specification() -> None:
    assert {*SUM_KEYS, *TREND_KEYS} < set(KEYS)
    section = (ROOT / "spec/queries.md").read_text().split("## Keys")[1].split("\n## ")[0]
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:]]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    assert [key for key, *_ in rows] == list(KEYS)
    assert [key for key, _, _, negatable, *_ in rows if negatable == "yes"] == list(NEGATABLE_KEYS)


def test_an_escaped_value_is_read_as_the_character_it_stands_for() -> None:
    (term,) = parse_terms("limit=%31%30")
    assert term.read_plain(number) == 10
    with pytest.raises(BadQuery, match=r"^'limit=%31%30': expected a number$"):
        term.read(number)


def test_a_value_is_read_between_bars() -> None:
    assert parse_terms("line=3|1|3")[0].alternatives(number) == {1, 3}
    with pytest.raises(BadQuery, match="on both sides of each"):
        parse_terms("line=3|")[0].alternatives(number)
    with pytest.raises(BadQuery, match=r"^'line=3\|x': expected a number$"):
        parse_terms("line=3|x")[0].alternatives(number)


def test_a_key_that_is_given_once_has_one_value() -> None:
    assert parse_terms("limit=%37").having("limit").only(number) == 7
    assert parse_terms("line=1").having("limit").only(number) is None
    with pytest.raises(BadQuery, match=r"^'limit=1,limit=1': expected limit once$"):
        parse_terms("limit=1,line=2,limit=1").having("limit").only(number)


def test_each_equality_is_a_condition_and_all_negations_are_one() -> None:
    terms = parse_terms("line=1|2,line!=5,line=3,line!=6|7")
    assert list(terms.conditions(number)) == [
        (True, frozenset({1, 2})),
        (True, frozenset({3})),
        (False, frozenset({5, 6, 7})),
    ]
    assert list(Terms().conditions(number)) == []


def test_of_several_bounds_the_narrowest_count() -> None:
    terms = parse_terms("min_size=1,max_size=9,min_size=3,max_size=7")
    assert terms.bounds("min_size", "max_size", number) == (3, 7)
    assert terms.bounds("min_calls", "max_calls", number) == (None, None)
    with pytest.raises(BadQuery, match=r"^'min_size=8,max_size=7': expected min_size not to be"):
        parse_terms("min_size=8,line=1,max_size=7").bounds("min_size", "max_size", number)


def test_a_property_is_wanted_or_not() -> None:
    assert parse_terms("accurate=yes,accurate!=no").yes_or_no() is True
    assert parse_terms("accurate!=yes").yes_or_no() is False
    assert Terms().yes_or_no() is None
    with pytest.raises(BadQuery, match="expected one or the other"):
        parse_terms("anomaly=yes,anomaly!=yes").yes_or_no()
    with pytest.raises(BadQuery, match="expected yes or no"):
        parse_terms("anomaly=1").yes_or_no()


def test_terms_are_written_as_they_are_read() -> None:
    assert format_condition("line", False, ["1", "2-3"]) == "line!=1|2-3"
    assert list(format_yes_or_no("anomaly", False)) == ["anomaly=no"]
    assert list(format_yes_or_no("anomaly", None)) == []
