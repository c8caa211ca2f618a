"""The captures of a series as moments: names, times, and lookups."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from allocfs.backend.replay import captures_in, series
from allocfs.errors import BadCapture, NoSuchMoment, SourceFailed
from allocfs.moments.catalogue import Catalogue, Record
from allocfs.moments.series import Series, SeriesCapture
from tests.support.source_fakes import text

S = 10**9
TEN = 1767348000 * S  # 2026-01-02T10:00:00Z
ALL = ["", "xfs", "ext4"]


def written(directory: Path, names: Sequence[str]) -> Series:
    """Write captures; number n has 1000 * n bytes at its first tag."""
    for number, name in enumerate(names):
        (directory / name).write_bytes(text(ALL, number))
    return Series(captures_in(str(directory)))


@pytest.fixture
def timed(tmp_path: Path) -> Series:
    """A series of three captures, 0, 10 and 70 seconds after TEN."""
    return written(tmp_path, [f"a-20260102T10{at}.5Z.txt" for at in ("0000", "0010", "0110")])


def numbers(captures: Sequence[SeriesCapture | None]) -> list[int | None]:
    """Tell captures by their values."""
    return [int(one.moment().sums.bytes[0]) // 1000 if one else None for one in captures]


def test_captures_are_moments_in_their_order(timed: Series) -> None:
    record: Record = timed
    assert list(record.names()) == [f"a-20260102T10{at}.5Z" for at in ("0000", "0010", "0110")]
    assert numbers(timed.all()) == [0, 1, 2]
    assert [timed.by_name(name) for name in timed.names()] == list(timed.all())
    assert timed.by_name("b") is None
    times = [one.taken.utc_ns for one in timed.all() if one.taken]
    assert [(at - TEN) / S for at in times] == [0.5, 10.5, 70.5]


def test_times_on_the_boot_clock_keep_their_distances(timed: Series) -> None:
    boots = [one.taken.boot_ns for one in timed.all() if one.taken]
    assert [at - boots[0] for at in boots] == [0, 10 * S, 70 * S]
    moments = [one.moment().taken for one in timed.all()]
    assert moments == [one.taken for one in timed.all()]


def test_ages_are_by_the_newest_capture(timed: Series) -> None:
    ages = (0, 1, 60, 61, 70, 71)
    assert numbers([timed.at_age(age * S) for age in ages]) == [2, 1, 1, 0, 0, None]
    assert numbers(timed.since(60 * S)) == [1, 2]
    assert numbers(timed.since(59 * S)) == [2]
    assert numbers(timed.since(None)) == [0, 1, 2]


def test_a_time_finds_the_newest_at_or_before_it(timed: Series) -> None:
    found = [timed.at_utc(TEN + round(at * S)) for at in (0.4, 0.5, 10.4, 10.5, 99)]
    assert numbers(found) == [None, 0, 0, 1, 2]


def test_the_catalogue_finds_captures(timed: Series) -> None:
    catalogue = Catalogue(record=timed)
    names = ("first", "last", "-1m", "@2026-01-02T10:00:11Z", timed.names()[0])
    found = [catalogue.exact_name(name) for name in names]
    assert found == [timed.names()[number] for number in (0, 2, 1, 1, 0)]
    with pytest.raises(NoSuchMoment):
        catalogue.exact_name("-2m")


def test_captures_without_times_have_an_order_only(tmp_path: Path) -> None:
    untimed = written(tmp_path, ["a.txt", "b-20260102T100000Z.txt", "c.txt"])
    assert untimed.names() == ["a", "b-20260102T100000Z", "c"]
    assert [one.taken for one in untimed.all()] == [None, None, None]
    assert [untimed.at_age(0), untimed.at_utc(TEN)] == [None, None]
    assert numbers(untimed.since(S)) == [0, 1, 2]
    assert untimed.all()[0].moment().taken is None


def test_names_have_no_suffixes_and_are_their_own(tmp_path: Path) -> None:
    paths = ["x/a.txt", "y/a.txt.gz", "a~2.txt", "now.txt", "-b.txt", "5", "c.cap", "c.cap"]
    named = Series(series(paths))
    assert named.names() == ["a", "a~2", "a~2~2", "4", "5", "5~2", "c.cap", "c.cap~2"]
    assert Series(series(["a" * 200 + ".txt"])).names() == ["1"]


def test_compressed_captures_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text(ALL, 3)))
    assert numbers(Series(captures_in(str(tmp_path))).all()) == [3]


def test_a_bad_capture_fails_when_it_is_read(tmp_path: Path) -> None:
    made = written(tmp_path, ["a.txt", "b.txt"])
    (tmp_path / "a.txt").write_bytes(b"nonsense\n")
    (tmp_path / "b.txt").unlink()
    first, second = made.all()
    with pytest.raises(BadCapture, match=r"a\.txt:1: expected"):
        first.moment()
    with pytest.raises(SourceFailed, match="No such file"):
        second.moment()


def test_a_line_is_a_capture_with_its_age_and_file(tmp_path: Path, timed: Series) -> None:
    lines = [line.split() for line in timed.text().splitlines()]
    assert [line[:2] for line in lines] == [
        [name, age] for name, age in zip(timed.names(), ("70.000", "60.000", "0.000"), strict=True)
    ]
    assert lines[0][2] == f"{tmp_path}/a-20260102T100000.5Z.txt"
    assert Series(series(["a\nb.txt"])).text() == "1  -  a\\nb.txt\n"
