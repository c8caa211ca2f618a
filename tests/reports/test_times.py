"""The times in stamps of logs, and in names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from allocfs.reports.times import capture_name, time_in_name, time_of

NOW = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"2025-11-27T12:00:00+0000 host kernel: x", "2025-11-27T12:00:00+00:00"),
        (b"> 2025-11-27T12:00:00.250+01:00 host kernel: x", "2025-11-27T11:00:00.250+00:00"),
        (b"2025-11-27T12:00:00,123456+00:00 x", "2025-11-27T12:00:00.123456+00:00"),
        (b"Thu 2025-11-27 12:00:00 UTC host kernel: x", "2025-11-27T12:00:00+00:00"),
        (b"[Thu Nov 27 12:00:00 2025] x", "2025-11-27T12:00:00+00:00"),
        (b"[Sat Nov  1 12:00:00 2025] x", "2025-11-01T12:00:00+00:00"),
        (b"Nov 27 12:00:00 host kernel: x", "2025-11-27T12:00:00+00:00"),
        (b"Jan  2 12:00:00.5 host kernel: x", "2026-01-02T12:00:00.500+00:00"),
        (b"Jan 16 00:00:00 host kernel: x", "2026-01-16T00:00:00+00:00"),
        (b"Jan 17 12:00:00 host kernel: x", "2025-01-17T12:00:00+00:00"),
    ],
)
def test_the_time_of_a_line(line: bytes, expected: str) -> None:
    assert time_of(line, NOW) == datetime.fromisoformat(expected).timestamp()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[   30.988768] x",
        b"4096 1 a.c:1 func:f",
        b"2025-13-27T12:00:00 x",
        b"Xyz 27 12:00:00",
    ],
)
def test_other_lines_have_none(line: bytes) -> None:
    assert time_of(line, NOW) is None


def test_names_of_copies_sort_after_each_other() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    names = [capture_name(moment, copy) for copy in (1, 2, 10)]
    assert names == sorted(names)
    assert {time_in_name(name) for name in names} == {moment.timestamp() - 0.000456}
