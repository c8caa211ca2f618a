"""Two moments as a record."""

from __future__ import annotations

from allocfs.moments.pair import Pair
from tests.support.moment_fakes import moment


def test_both_moments_have_names() -> None:
    before, after = moment(1), moment(2)
    pair = Pair(before, after)
    assert pair.names() == ["before", "after"]
    assert [one.moment() for one in pair.all()] == [before, after]
    found = pair.by_name("after")
    assert found is not None
    assert (found.moment(), found.taken) == (after, after.taken)
    assert pair.by_name("now") is None
    assert [one.name for one in pair.since(None)] == ["before", "after"]
    assert pair.text().splitlines()[0].startswith("before ")


def test_neither_is_found_by_time() -> None:
    pair = Pair(moment(1), moment(2))
    assert pair.at_age(0) is None
    assert pair.at_utc(10**18) is None
