"""Names of moments: those that a snapshot can have, ages, times, windows, and `history=`."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.errors import BadName
from allocfs.moments.names import (
    Age,
    At,
    HistoryOptions,
    check_name,
    parse_history,
    parse_when,
    parse_window,
)

S = 10**9
TEN = round(datetime(2026, 11, 25, 10, tzinfo=UTC).timestamp()) * S


@pytest.mark.parametrize(
    "name",
    ["before", "a", "a b", "a.b", "a-b", "a@b", "1h", "x" * 128, "\u00e4" * 64, "\udcff"],
)
def test_a_snapshot_can_have_most_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "of 1 to 128 bytes"),
        ("x" * 129, "of 1 to 128 bytes"),
        ("\u00e4" * 65, "of 1 to 128 bytes"),
        ("-10m", "begin with"),
        (".hidden", "begin with"),
        ("@now", "begin with"),
        ("a..b", "without"),
        ("a/b", "without"),
        ("a\0b", "without"),
        ("a\nb", "without"),
        ("a\x7f", "without"),
        ("a\x9b", "without"),
        ("now", "none of the words now, first, last, last-read"),
        ("first", "none of the words"),
        ("last", "none of the words"),
        ("last-read", "none of the words"),
    ],
)
def test_other_names_are_refused_with_the_reason(name: str, fault: str) -> None:
    with pytest.raises(BadName, match=fault):
        check_name(name)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("-10m", Age(600 * S)),
        ("-90s", Age(90 * S)),
        ("-0090s", Age(90 * S)),
        ("-1h30m", Age(5400 * S)),
        ("-1d", Age(86400 * S)),
        ("-0s", Age(0)),
        ("-0.5s", Age(S // 2)),
        ("-200ms", Age(S // 5)),
        ("@2026-11-25T10:00:00Z", At(TEN)),
        ("@2026-11-25T10:00Z", At(TEN)),
        ("@2026-11-25T10:00:01.5Z", At(TEN + S + S // 2)),
        ("@2026-11-25T10:00:00.000000001Z", At(TEN + 1)),
    ],
)
def test_an_age_and_a_time_are_read_exactly(text: str, when: Age | At) -> None:
    assert parse_when(text) == when


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "@",
        "10m",
        "-10",
        "-10x",
        "--10m",
        "-10m ",
        "-30m1h",
        "-1m1m",
        "-\u0661m",
        "-" + "9" * 400 + "d",
        "@2026-11-25T10Z",
        "@2026-11-25T10:00:00",
        "@2026-02-30T10:00:00Z",
        "@2026-11-25T10:00:60Z",
        "@2026-11-25T10:00:00.Z",
        "@2026-11-25T10:00.5Z",
        "@2026-11-25 10:00:00Z",
        "before",
    ],
)
def test_other_texts_are_neither(text: str) -> None:
    assert parse_when(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h", 3600), ("10m", 600), ("90s", 90), ("1d", 86400), ("1h30m", 5400)]
)
def test_a_window_is_a_length_of_time(text: str, seconds: int) -> None:
    assert parse_window(text) == seconds * S


@pytest.mark.parametrize("text", ["", "0s", "-1h", "1", "h", "1w", "1h "])
def test_a_window_has_a_unit_and_is_not_empty(text: str) -> None:
    assert parse_window(text) is None


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("10s*360", HistoryOptions(10.0, 360)),
        ("0.1s*2", HistoryOptions(0.1, 2)),
        ("100ms*2", HistoryOptions(0.1, 2)),
        ("1m*1440", HistoryOptions(60.0, 1440)),
        ("1d*100000", HistoryOptions(86400.0, 100_000)),
    ],
)
def test_a_history_has_an_interval_and_a_number(text: str, options: HistoryOptions) -> None:
    assert parse_history(text) == options


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10s",
        "*360",
        "10s*",
        "10s*1",
        "10s*100001",
        "99ms*5",
        "25h*5",
        "0s*5",
        "10*360",
        "1s*2*3",
    ],
)
def test_another_history_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected INTERVAL\*NUMBER such as 10s\*360"):
        parse_history(text)


@given(st.text(alphabet="-@0123456789smhdTZ:.* \n", max_size=30))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    when = parse_when(text)
    assert when is None or text[0] in "-@"


def test_names_need_no_numpy() -> None:
    code = "import allocfs.moments.names, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
