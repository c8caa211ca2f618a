"""The samples that are kept: lookups, gaps, names, memory."""

from __future__ import annotations

import sys
import tracemalloc
from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.simulated import SimulatedStore, default_capture
from allocfs.formats.text import parse
from allocfs.moments.history import History, Sample
from allocfs.moments.moment import Moment, Taken, take
from tests.support.moment_fakes import UTC_0, FakeClock, S, moment, tag_list

MS = 10**6


def history(*seconds: float, most: int = 100, now: float = 0) -> History:
    """Keep samples taken at these times."""
    kept = History(most, FakeClock(round(now * S)))
    for at in seconds:
        kept.add(moment(round(at * S), nbytes=round(at)))
    return kept


def seconds(sample: Sample | None) -> float | None:
    return None if sample is None else sample.taken.boot_ns / S


def test_the_newest_samples_are_kept_in_order() -> None:
    kept = history(1, 2, 3, 4, 5, most=3)
    assert [seconds(sample) for sample in kept.all()] == [3, 4, 5]
    assert [sample.name for sample in kept.all()] == kept.names()
    assert [sample.moment().sums.bytes[0] for sample in kept.all()] == [3, 4, 5]
    assert kept.version == 5


def test_an_empty_history_has_no_moments() -> None:
    kept = history()
    assert (kept.at_age(0), kept.at_utc(UTC_0), kept.by_name("x")) == (None, None, None)
    assert (list(kept.names()), list(kept.all()), list(kept.since(S))) == ([], [], [])
    assert (history().text(), history().nbytes) == ("", 0)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 60), st.integers(0, 60))
def test_an_age_finds_the_newest_sample_that_is_at_least_so_old(
    times: list[int], now: int, age: int
) -> None:
    times = sorted(set(times))
    kept = history(*times, now=now)
    after = bisect_right(times, now - age)
    assert seconds(kept.at_age(age * S)) == (times[after - 1] if after else None)
    assert [seconds(one) for one in kept.since(age * S)] == [at for at in times if at >= now - age]
    assert [seconds(one) for one in kept.since(None)] == times


def test_a_time_finds_the_newest_sample_at_or_before_it() -> None:
    kept = History(10)
    now = Taken.at_utc(UTC_0).boot_ns
    for at in (10, 20):
        kept.add(moment(now + at * S, at))
    found = [kept.at_utc(UTC_0 + at * S) for at in (5, 15, 25)]
    assert found == [None, *kept.all()]


def test_a_pass_that_is_there_already_is_not_added_again() -> None:
    kept = history(1, 2, 2, 1)
    assert [seconds(sample) for sample in kept.all()] == [1, 2]
    assert kept.version == 2


def test_a_sample_without_a_time_is_refused() -> None:
    untimed = Moment(tag_list(), moment(0).sums, None, None, "source fake")
    kept = history(1)
    with pytest.raises(ValueError, match="a sample has a time"):
        kept.add(untimed)


def test_samples_of_one_millisecond_have_names_of_their_own() -> None:
    kept = History(10)
    for at in (0, 1, 2, 2 * MS, 3 * MS + 5):
        kept.add(moment(S + at))
    assert [name[-4:] for name in kept.names()] == ["000Z", "001Z", "002Z", "003Z", "004Z"]
    assert [kept.by_name(name) for name in kept.names()] == list(kept.all())


def test_a_name_goes_with_its_sample() -> None:
    kept = history(1, most=1)
    [name] = kept.names()
    kept.add(moment(2 * S))
    assert kept.by_name(name) is None
    assert len(kept.names()) == 1


def test_a_line_is_a_sample_or_a_gap() -> None:
    kept = history(10, 20, now=160)
    kept.note_gap("/proc/allocinfo: I/O\nerror", 30 * S)
    kept.note_gap("another", 40 * S)
    kept.add(moment(150 * S, tags=tag_list(12)))
    kept.note_gap("gone", 160 * S)
    assert kept.text() == (
        "@2027-01-15T08:00:10.000Z  150.000  1\n"
        "@2027-01-15T08:00:20.000Z  140.000  1\n"
        r"-                          130.000  gap of 2 samples: /proc/allocinfo: I/O\nerror" + "\n"
        "@2027-01-15T08:02:30.000Z   10.000  12\n"
        "-                            0.000  gap of 1 sample: gone\n"
    )


def test_a_gap_goes_with_the_samples_before_it() -> None:
    kept = history(10, most=2)
    kept.note_gap("gone", 20 * S)
    kept.add(moment(30 * S))
    assert "gap" in kept.text()
    kept.add(moment(40 * S))
    assert "gap" not in kept.text()


def test_parts_that_stay_the_same_are_shared() -> None:
    kept = History(3)
    for at in (1, 2, 3):
        kept.add(moment(at * S, pairs=["", "a:1", "", ""]))
    first, second, third = (sample.moment() for sample in kept.all())
    assert first.pairs is second.pairs is third.pairs
    assert first.sums.accurate is third.sums.accurate
    kept.add(moment(4 * S, pairs=["", "a:2", "", ""]))
    assert kept.all()[-1].moment().pairs == ["", "a:2", "", ""]


def test_360_samples_of_3219_tags_take_20_mib_at_most() -> None:
    listing = parse(default_capture(), "default")
    store = SimulatedStore(listing, 1, seed=1, rate=0, origin="default")
    kept = History(360)
    tracemalloc.start()
    for _ in range(400):
        store.moved += 1
        kept.add(take(store))
    used, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept.all()) == 360
    assert used <= 20 << 20
    assert kept.nbytes <= 20 << 20
    assert 0.9 * used < kept.nbytes + 360 * sys.getsizeof(kept) < 1.2 * used
    first, last = (kept.all()[number].moment() for number in (0, -1))
    assert np.all(last.sums.bytes - first.sums.bytes == 359)
