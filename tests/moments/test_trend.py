"""Trends, compared with a plain computation in fractions over samples with loads and unloads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.formats.jsonlines import format_json
from allocfs.moments.identities import Identities
from allocfs.moments.moment import Moment, Taken
from allocfs.moments.trend import TrendBackend
from allocfs.tags.rows import Trends
from allocfs.tags.table import Codetag, Pairs, Sums, TagList, TagTable

S = 10**9
YEAR = 365 * 24 * 3600 * S
Bytes = dict[str, int]  # by function, in the order of the list


def listed(functions: Sequence[str], content_id: int = 1) -> TagList:
    table = TagTable.from_tags([Codetag("a.c", 1, function) for function in functions])
    return TagList.from_slots(content_id, table, np.arange(len(functions)))


def moment(values: Bytes, boot_ns: int | None, pairs: Pairs | None = None) -> Moment:
    """Make a moment; calls are the bytes modulo 1000, and odd bytes are not accurate."""
    nbytes = np.array([*values.values()], dtype=np.int64)
    sums = Sums(nbytes, (nbytes % 1000).astype(np.uint64), nbytes % 2 == 0)
    taken = None if boot_ns is None else Taken(boot_ns, boot_ns)
    return Moment(listed([*values]), sums, pairs, taken, "name test")


def backend_of(*moments: Moment) -> TrendBackend:
    return TrendBackend(Identities(moments[0].tags if moments else listed([])), lambda: moments)


def functions_of(backend: TrendBackend) -> list[str]:
    return [backend.tags.table.tag(slot).function for slot in backend.tags.slots.tolist()]


def oracle(points: list[tuple[int, int]], has_times: bool) -> dict[str, Fraction]:
    """Compute a trend of pairs of time and bytes."""
    times, nbytes = ([Fraction(each) for each in column] for column in zip(*points, strict=True))
    count = len(points)
    middle, mean = sum(times) / count, sum(nbytes) / count
    spread = sum((time - middle) ** 2 for time in times)
    product = sum((x - middle) * (y - mean) for x, y in zip(times, nbytes, strict=True))
    steps = [later > earlier for earlier, later in pairwise(nbytes)]
    return {
        "first": nbytes[0],
        "last": nbytes[-1],
        "min": min(nbytes),
        "max": max(nbytes),
        "mean": Fraction(mean),
        "slope": Fraction(S * product / spread) if has_times and spread else Fraction(0),
        "rising": Fraction(sum(steps), max(len(steps), 1)),
        "samples": Fraction(count),
        "seconds": (times[-1] - times[0]) / S if has_times else Fraction(0),
    }


def check(trends: Trends, row: int, points: list[tuple[int, int]], has_times: bool) -> None:
    """Compare a trend with the oracle: integers exactly, floats by their rounding errors."""
    expected = oracle(points, has_times)
    found = {name: column[row].item() for name, column in trends._asdict().items()}
    for name in ("first", "last", "min", "max", "samples"):
        assert found[name] == expected[name], name
    height, seconds = expected["max"] - expected["min"], expected["seconds"]
    errors = {
        "mean": height + abs(expected["mean"]),
        "slope": height / seconds if seconds else Fraction(0),
        "rising": Fraction(1),
        "seconds": seconds,
    }
    for name, error in errors.items():
        assert abs(Fraction(found[name]) - expected[name]) <= error * Fraction(1, 10**12), name


FUNCTIONS = ("f", "g", "h", "i")
edges = st.sampled_from([0, 2**62, -(2**62), 2**63 - 500, -(2**63) + 500])
values = st.builds(lambda edge, low: edge + low, edges, st.integers(-400, 400))
samples = st.lists(st.dictionaries(st.sampled_from(FUNCTIONS), values), max_size=8)
steps = st.one_of(st.integers(1, 9), st.integers(1, 3 * S), st.integers(1, YEAR))


@st.composite
def moments(draw: st.DrawFn) -> list[Moment]:
    """Draw moments, of which those with the same functions in the same order share a list."""
    taken, shared, drawn = draw(st.integers(0, 20 * YEAR)), dict[tuple[str, ...], TagList](), []
    for sample in draw(samples):
        taken += draw(steps)
        made = moment(sample, taken)
        tags = shared.setdefault(tuple(sample), made.tags)
        drawn.append(Moment(tags, made.sums, None, made.taken, made.source))
    return drawn


def points_of(drawn: Sequence[Moment], functions: set[str]) -> list[tuple[int, int]]:
    """List time and bytes of each sample that has one of some functions, modulo 2**64."""
    points = []
    for each in drawn:
        assert each.taken is not None
        names = each.tags.table.function.values
        found = [n for n, name in enumerate(names) if name in functions]
        if found:
            total = sum(int(each.sums.bytes[n]) for n in found)
            points.append((each.taken.boot_ns, (total + 2**63) % 2**64 - 2**63))
    return points


@given(moments())
def test_trends_are_those_of_a_plain_computation(drawn: list[Moment]) -> None:
    backend = backend_of(*drawn)
    trends = backend.trends(backend.tags.slots)
    for row, function in enumerate(functions_of(backend)):
        check(trends, row, points_of(drawn, {function}), has_times=True)


@given(moments())
def test_tags_and_values_are_those_of_the_newest_sample_that_has_them(drawn: list[Moment]) -> None:
    backend = backend_of(*drawn)
    newest: dict[str, tuple[int, int, bool]] = {}
    for each in reversed(drawn):
        for function, *row in zip(
            each.tags.table.function.values, *(column.tolist() for column in each.sums), strict=True
        ):
            newest.setdefault(function, (row[0], row[1], row[2]))
    slots = backend.tags.slots
    columns = [column.tolist() for column in backend.sums(slots)]
    assert dict(zip(functions_of(backend), zip(*columns, strict=True), strict=True)) == newest
    if drawn:
        first = list(drawn[-1].tags.table.function.values)
        assert functions_of(backend)[: len(first)] == first
    assert backend.accurate(slots).tolist() == columns[2]
    low, high = backend.bounds(slots)
    assert low.tolist() == high.tolist() == columns[0]


@given(moments(), st.permutations(FUNCTIONS), st.lists(st.integers(0, 2), max_size=3))
def test_trends_of_groups_are_those_of_their_sums(
    drawn: list[Moment], order: list[str], sizes: list[int]
) -> None:
    backend = backend_of(*drawn)
    slot_of = dict(zip(functions_of(backend), backend.tags.slots.tolist(), strict=True))
    present = [function for function in order if function in slot_of]
    groups = []
    for size in sizes:
        groups.append(present[:size])
        del present[:size]
    slots = np.array([slot_of[name] for group in groups for name in group], dtype=np.intp)
    trends = backend.trends_of_groups(slots, np.array([len(group) for group in groups], np.int64))
    assert len(trends.samples) == len(groups)
    for row, group in enumerate(groups):
        if group:
            check(trends, row, points_of(drawn, {*group}), has_times=True)
        else:
            assert [column[row] for column in trends] == [0] * len(trends)


@given(moments(), st.integers(0, 7))
def test_without_a_time_there_is_no_slope_and_no_duration(drawn: list[Moment], which: int) -> None:
    if which < len(drawn):
        lacking = drawn[which]
        untimed = Moment(lacking.tags, lacking.sums, None, None, "")
        backend = backend_of(*drawn[:which], untimed, *drawn[which + 1 :])
        trends = backend.trends(backend.tags.slots)
        for row, function in enumerate(functions_of(backend)):
            check(trends, row, points_of(drawn, {function}), has_times=False)


def test_a_slow_rise_of_a_large_value_after_years_is_exact() -> None:
    start = 30 * YEAR + 1
    drawn = [moment({"f": 2**62 + 3 * n}, start + n * S // 2) for n in range(360)]
    trends = backend_of(*drawn).trends(np.array([0]))
    assert trends.slope[0] == pytest.approx(6, rel=1e-13)
    assert (trends.first[0], trends.last[0]) == (2**62, 2**62 + 3 * 359)
    assert (trends.rising[0], trends.seconds[0], trends.samples[0]) == (1, 179.5, 360)


def test_a_tag_that_is_loaded_later_counts_from_then_on() -> None:
    drawn = [
        moment({"f": 5}, 0),
        moment({"f": 5, "g": 10}, 10 * S),
        moment({"f": 4}, 20 * S),
        moment({"f": 5, "g": 50}, 30 * S),
        moment({"f": 5, "g": 50}, 40 * S),
    ]
    trends = backend_of(*drawn).trends(np.array([0, 1]))
    assert (trends.first.tolist(), trends.samples.tolist()) == ([5, 10], [5, 3])
    assert trends.rising.tolist() == [0.25, 0.5]
    assert trends.seconds.tolist() == [40, 30]


def test_samples_at_one_time_have_no_slope() -> None:
    trends = backend_of(moment({"f": 1}, S), moment({"f": 9}, S)).trends(np.array([0]))
    assert (trends.slope[0], trends.rising[0], trends.seconds[0]) == (0, 1, 0)


def test_without_samples_there_are_no_tags() -> None:
    backend = backend_of()
    assert len(backend.tags.slots) == 0
    assert [len(column) for column in backend.trends(backend.tags.slots)] == [0] * 9
    assert (backend.values_ns(), backend.pairs(backend.tags.slots)) == (None, None)
    assert backend.describe() == "samples 0"


def test_a_renewal_takes_the_samples_of_then() -> None:
    kept = [moment({"f": 1, "g": 7}, S)]
    backend = TrendBackend(Identities(kept[0].tags), lambda: kept)
    tags, values_id, slots = backend.tags, backend.values_id(), backend.tags.slots
    backend.renew()
    assert (backend.tags, backend.values_id()) == (tags, values_id)

    kept.append(moment({"f": 3, "g": 7}, 2 * S))
    assert backend.trends(slots).last.tolist() == [1, 7]
    backend.renew()
    assert backend.trends(slots).last.tolist() == [3, 7]
    assert backend.tags is tags
    assert backend.values_id() != values_id
    assert backend.values_ns() == 2 * S

    kept.append(moment({"h": 4, "g": 7}, 3 * S))
    backend.renew()
    assert functions_of(backend) == ["h", "g", "f"]
    assert backend.tags.content_id != tags.content_id
    later = backend.tags.content_id

    kept[:] = kept[-1:]
    backend.renew()
    assert functions_of(backend) == ["h", "g"]
    assert backend.tags.content_id not in (tags.content_id, later)
    assert backend.all_loaded_since(tags.content_id, slots)
    assert backend.sums(slots).bytes.tolist() == [0, 7]
    assert backend.trends(slots).samples.tolist() == [0, 1]


def test_pairs_are_those_of_the_newest_sample_that_has_the_tag() -> None:
    drawn = [
        moment({"f": 1, "g": 1, "h": 1}, S, ["a:1", "a:2", "a:3"]),
        moment({"g": 1, "f": 1}, 2 * S, ["", "a:4"]),
        moment({"g": 1}, 3 * S),
    ]
    backend = backend_of(*drawn)
    assert functions_of(backend) == ["g", "f", "h"]
    assert backend.pairs(backend.tags.slots) == ["", "a:4", "a:3"]


def test_rows_have_the_trends() -> None:
    backend = backend_of(moment({"f": 1}, S), moment({"f": 5}, 3 * S))
    slots = backend.tags.slots
    rows = backend.rows(slots, backend.sums(slots))
    assert rows.trends is not None
    assert rows.trends.slope.tolist() == [2]
    assert b'"slope": 2.0' in format_json(rows)


def test_the_description_has_the_number_and_the_ends_of_the_samples() -> None:
    assert backend_of(moment({"f": 1}, 0), moment({"f": 5}, 60 * S)).describe() == (
        "name test\nsamples 2\noldest 1970-01-01T00:00:00.000Z\nnewest 1970-01-01T00:01:00.000Z"
    )


def test_the_trends_of_a_long_history_take_little_memory() -> None:
    tags = listed([f"f{number}" for number in range(5500)])
    nbytes = np.arange(5500, dtype=np.int64)
    drawn = []
    for number in range(360):
        sums = Sums(nbytes + number, nbytes.astype(np.uint64), np.ones(5500, np.bool_))
        drawn.append(Moment(tags, sums, None, Taken(number * S, number * S), ""))
    identities = Identities(tags)
    tracemalloc.start()
    backend = TrendBackend(identities, lambda: drawn)
    trends = backend.trends(tags.slots)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(trends.rising.tolist()) == {1}
    assert peak < 20 << 20
