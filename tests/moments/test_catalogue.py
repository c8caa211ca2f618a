"""The catalogue: moments by their names, and by names that stand for one of them."""

from __future__ import annotations

import pytest

from allocfs.errors import NoSuchMoment
from allocfs.moments.catalogue import Catalogue
from allocfs.moments.history import History
from allocfs.moments.snapshots import Snapshots
from allocfs.moments.when import NOW, Past
from tests.support.moment_fakes import FakeClock, S, moment


@pytest.fixture
def catalogue() -> Catalogue:
    """A snapshot, and samples that are 30, 20 and 10 s old."""
    history = History(9, FakeClock(40 * S))
    for seconds in (10, 20, 30):
        history.add(moment(seconds * S, nbytes=seconds))
    snapshots = Snapshots()
    snapshots.add("before", moment(5 * S))
    return Catalogue(snapshots, history)


def test_names_are_those_of_the_present_of_snapshots_and_of_samples(catalogue: Catalogue) -> None:
    sample = catalogue.record.names()[1]
    assert catalogue.find("now") == NOW
    assert catalogue.find("before") == Past(catalogue.snapshots.by_name("before"))  # type: ignore[arg-type]
    found = catalogue.find(sample)
    assert isinstance(found, Past)
    assert found.moment.moment().sums.bytes[0] == 20
    assert catalogue.find("-10s") is None  # it stands for a moment, and is the name of none


@pytest.mark.parametrize(
    ("name", "number"), [("first", 0), ("last", 2), ("-10s", 2), ("-11s", 1), ("-30s", 0)]
)
def test_some_names_stand_for_a_sample(catalogue: Catalogue, name: str, number: int) -> None:
    assert catalogue.exact_name(name) == catalogue.record.names()[number]


def test_an_exact_name_stands_for_itself(catalogue: Catalogue) -> None:
    for name in ("now", "before", *catalogue.record.names()):
        assert catalogue.exact_name(name) == name


@pytest.mark.parametrize("name", ["nope", "-31s", "@2001-01-01T00:00:00Z", "-", ""])
def test_a_missing_moment_tells_which_there_are(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(NoSuchMoment, match=r"snapshots \(before\).*history/ \(3, from @"):
        catalogue.exact_name(name)


def test_without_a_record_nothing_is_found() -> None:
    catalogue = Catalogue()
    for name in ("first", "last", "-1s", "@2026-11-25T10:00:00Z"):
        with pytest.raises(NoSuchMoment, match=r"snapshots \(none\).*history/ \(none\)"):
            catalogue.exact_name(name)
    assert (catalogue.record.text(), list(catalogue.record.since(None))) == ("", [])
