"""The benchmarks: sampling, targets, tables, JSON and curves."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from allocfs.backend.simulated import DEFAULT_CAPTURE, default_capture
from allocfs.formats.text import parse
from benchmarks.captures import repeat_tags
from benchmarks.curves import by_case, by_side
from benchmarks.mounts import resident
from benchmarks.report import Machine, as_json, summary_lines, table_lines, three_digits
from benchmarks.samples import Measure, Result, Samples, interleave
from benchmarks.targets import Target, judge

MACHINE = Machine("a CPU", 2, "6.18", "3.11", (0.5, 1.5))


def result(case: str, side: str, *values: float, unit: str = "us") -> Result:
    return Result(case, side, unit, Samples(values))


def test_the_median_is_of_the_values_by_size() -> None:
    assert Samples((9.0, 1.0, 2.0)).median == 2.0


def test_the_spread_leaves_out_the_outer_quarters() -> None:
    assert Samples((1000.0, 9.0, 10.0, 11.0, 12.0, 10.0, 0.1)).spread == pytest.approx(0.3)


def test_of_one_value_there_is_no_spread() -> None:
    assert Samples((5.0,)).spread == 0


def counting(name: str, log: list[str]) -> Measure:
    def measure() -> float:
        log.append(name)
        return float(log.count(name))

    return measure


def test_sides_take_turns_in_both_directions() -> None:
    log: list[str] = []
    interleave({name: counting(name, log) for name in "abc"}, runs=2)
    assert "".join(log) == "abc" + "cba" + "abc"


def test_the_first_turn_is_not_counted() -> None:
    log: list[str] = []
    found = interleave({"a": counting("a", log)}, runs=3)
    assert found["a"].values == (2.0, 3.0, 4.0)


def test_a_repeated_capture_has_each_tag_as_often_under_other_paths() -> None:
    capture = default_capture()
    once = parse(capture, DEFAULT_CAPTURE)
    thrice = parse(repeat_tags(capture, 3), "thrice")
    assert thrice.header == once.header
    count = len(once.table)
    assert len(thrice.table) == 3 * count
    for number in (0, 1, count - 1):
        tag = once.table.tag(number)
        copies = [thrice.table.tag(number + n * count) for n in range(3)]
        assert copies == [tag] + [tag._replace(file=f"copy{n}/{tag.file}") for n in (1, 2)]
    assert thrice.sums.bytes.sum() == 3 * once.sums.bytes.sum()


def test_a_capture_without_tags_stays_as_it_is() -> None:
    header = b"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"
    assert repeat_tags(header, 5) == header


def test_resident_memory_is_read_in_bytes() -> None:
    assert resident("Name:\tpython\nVmRSS:\t    40960 kB\nThreads:\t1\n") == 40 << 20


def test_a_bar_is_judged_only_if_it_was_measured() -> None:
    assert judge([result("start-up", "mount and read", 300.0, unit="ms")]) == []


def test_bars_compare_medians() -> None:
    case = "pread rapl.c, 2 records"
    (target,) = judge([result(case, "live", 1, 6, 70), result(case, "C libfuse", 3, 4, 5)])
    assert target.reached == 1.5
    assert target.passed


def test_growth_is_from_the_first_side_to_the_last() -> None:
    case = "tags: open+pread+close rapl.c"
    times = {"3 tags": 10, "30 tags": 99, "300 tags": 15}
    (target,) = judge(result(case, side, time) for side, time in times.items())
    assert (target.name, target.reached) == ("5 file query, 300 tags / 3 tags", 1.5)
    assert not target.passed


def test_memory_is_compared_with_sixteen_bytes_a_counter() -> None:
    case = "CPUs: memory beyond bare imports for each codetag and CPU"
    (target,) = judge([result(case, "8 CPUs", 400, unit="bytes"), result(case, "224 CPUs", 20)])
    assert target.reached == 1.25


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0.00"), (0.186, "0.19"), (1.25, "1.25"), (9.999, "10.0"), (56.78, "56.8"),
     (112.4, "112"), (721056.0, "721056"), (-3.5, "-3.50")],
)  # fmt: skip
def test_numbers_have_three_digits_or_all_before_the_point(value: float, written: str) -> None:
    assert three_digits(value) == written


def cases() -> Iterator[list[Result]]:
    yield [result("stat", "live", 1.0), result("stat", "tmpfs", 2.0)]
    yield [result("ls", "live", 90.0, 100.0, 110.0, 120.0), result("ls", "tmpfs", 3.0)]
    yield [result("counted", "first", 7.0, unit="")]


def test_a_table_begins_where_the_sides_change() -> None:
    assert list(table_lines(cases())) == [
        "",
        "|  | live | tmpfs |",
        "| --- | ---: | ---: |",
        "| stat, us | 1.00 | 2.00 |",
        "| ls, us | 105 ±5% | 3.00 |",
        "",
        "|  | first |",
        "| --- | ---: |",
        "| counted | 7.00 |",
    ]


def test_the_summary_says_which_bars_are_reached() -> None:
    lines = list(summary_lines([Target("fast", 1.4, 1.5), Target("small", 1.6, 1.3)]))
    assert lines[2:] == ["| fast | 1.40 | 1.50 | PASS |", "| small | 1.60 | 1.30 | below |"]


def test_json_has_every_value() -> None:
    written = json.loads(as_json(MACHINE, [result("stat", "live", 3, 1, 2)], [Target("b", 2, 1)]))
    assert written["machine"]["load"] == [0.5, 1.5]
    assert written["results"][0]["values"] == [3, 1, 2]
    assert written["results"][0]["median"] == 2
    assert written["bars"] == [{"what": "b", "reached": 2, "most": 1, "passed": False}]


def test_curves_by_case_grow_with_the_number_in_the_case() -> None:
    measured = [
        result("pread records, 1", "live", 5),
        result("pread records, 1", "tmpfs", 2),
        result("pread records, 18", "live", 7),
        result("open+pread+close records, 1", "live", 9),
    ]
    assert by_case(measured, "pread records, ") == {"live": [(1, 5), (18, 7)], "tmpfs": [(1, 2)]}


def test_curves_by_side_grow_with_the_number_in_the_side() -> None:
    measured = [
        result("tags: stat", "3219 tags", 5),
        result("tags: stat", "32190 tags", 6),
        result("tags: resident memory", "3219 tags", 50, unit="MiB"),
        result("CPUs: stat", "8 CPUs", 5),
    ]
    assert by_side(measured, "tags: ") == {"stat": [(3219, 5), (32190, 6)]}
