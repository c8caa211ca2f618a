"""The output of a comparison: targets, tables, JSON, plot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from allocfs.compare.clients import Design
from allocfs.compare.comparison import Spread
from allocfs.compare.jsonfile import as_json
from allocfs.compare.report import duration, render, table, three_digits
from allocfs.compare.scenarios import SCENARIOS
from allocfs.compare.targets import judge
from tests.support.compare_fakes import comparison, measured, results


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.00 ns"),
        (0.0065, "0.00650 ns"),
        (999.6, "1,000 ns"),
        (1500, "1.50 us"),
        (-15_000, "-15.0 us"),
        (3_456_789, "3.46 ms"),
        (12_345_678_900, "12.3 s"),
        (123_456_789_000, "123 s"),
    ],
)
def test_durations_have_three_digits_and_a_unit(ns: float, text: str) -> None:
    assert duration(ns) == text


def test_large_numbers_are_written_out() -> None:
    assert [three_digits(n) for n in (0.04567, 1, 54.32, 1449.4)] == [
        "0.0457",
        "1.00",
        "54.3",
        "1,449",
    ]


def test_table_is_aligned() -> None:
    assert table(("", "wall"), [("text", "1 ms"), ("read()", "10 us")]) == (
        "|        |  wall |\n|--------|------:|\n| text   |  1 ms |\n| read() | 10 us |\n"
    )


def test_spread_is_the_quartiles() -> None:
    assert Spread.from_values([5, 1, 2, 4, 3]) == (2, 3, 4)
    assert Spread.from_values([7]) == (7, 7, 7)


def test_rows_take_the_median_of_all_and_that_of_the_first_ones() -> None:
    (text, ioctl, read, *_, cached) = comparison().rows(SCENARIOS[0])
    assert read.wall._asdict() == {"low": 10_000, "median": 10_000, "high": 20_000}
    assert read.alone == 50_000
    assert (read.client_cpu, read.daemon_cpu) == (100, 200)
    assert read.ratio == pytest.approx(100)
    assert text.ratio == 1
    # Transport costs 100 ns for an open and close, 20 ns for each pread, 30 ns for each ioctl.
    assert read.less_transport == 10_000 - 100 - 20
    assert ioctl.less_transport == 100_000 - 100 - 3 * 30
    assert cached.less_transport is None


def test_bars_say_what_was_reached() -> None:
    judged = {target.expected: target for target in judge(results(), [])}
    assert len(judged) == 3 + 2 + 4 + 4
    by_text = judged["1: read() takes 50 times less than the text"]
    assert by_text.passed
    assert by_text.reached == "100.0 times"
    assert judged["6: read() makes fewer calls than the ioctl"].reached == "3 instead of 5"
    assert all(target.passed for target in judged.values())


def test_bars_are_missed_where_read_is_slow() -> None:
    slow = results()
    slow[1, Design.READ] = measured(Design.READ, 100_100)
    missed = [target for target in judge(slow, []) if not target.passed]
    assert [(target.expected, target.reached) for target in missed] == [
        ("1: read() takes 50 times less than the text", "10.0 times"),
        ("1: read() takes no more than the ioctl", "1.00 of it"),
    ]


def test_bars_are_missed_where_read_makes_as_many_calls() -> None:
    many = results()
    work = many[5, Design.IOCTL].work
    many[5, Design.READ].work = replace(work, ioctls=0, preads=work.ioctls)
    assert [target.expected for target in judge(many, []) if not target.passed] == [
        "5: read() makes fewer calls than the ioctl"
    ]


def test_report_has_all_scenarios_and_says_what_is_predicted() -> None:
    text = render(comparison())
    for scenario in SCENARIOS:
        assert f"## {scenario.number}. {scenario.title}\n" in text
    assert "Inside a kernel" in text


def test_report_without_a_compiler_says_so_and_has_the_rest() -> None:
    text = render(comparison(machine=None))
    assert "Not predicted: no C compiler found." in text
    assert "## 7. the 10 largest" in text
    assert "## Expected and reached" in text


@pytest.mark.parametrize("machine", [True, False])
def test_json_has_every_run(machine: bool) -> None:
    made = comparison() if machine else comparison(machine=None)
    found = json.loads(json.dumps(as_json(made)))
    assert found["store"] == {"tags": 1000, "cpus": 10}
    (first, *_) = found["scenarios"]
    assert [design["design"] for design in first["designs"]] == list(Design)
    read = first["designs"][2]
    assert read["calls"] == 3
    assert [(run["times"], run["first"]) for run in read["runs"]] == [
        (3, 50_000),
        (3, 50_000),
        (3, 10_000),
    ]
    assert len(found["bars"]) == (16 if machine else 13)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_plot_is_drawn(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib", reason="there is no matplotlib")
    from allocfs.compare.plot import save_plot

    path = tmp_path / f"plot{suffix}"
    save_plot(comparison(), str(path))
    assert path.stat().st_size > 1000
