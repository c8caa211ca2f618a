"""The cost model, compared with sums computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocfs.compare.clients import Design
from allocfs.compare.model import in_kernel, text_pages
from allocfs.compare.published import checks, good_tags
from allocfs.compare.scenarios import SCENARIOS, Scenario
from tests.support.compare_fakes import COSTS, READ, STORE, measured, results

FILE, FILE_AND_SIZE, SIZE, _, MODULE, POLL, TOP = SCENARIOS


def test_text_is_formatted_line_by_line_and_read_page_by_page() -> None:
    # 3 reads (2 pages and the end), 8192 bytes, an open, 1000 lines, 1000 x 10 counters
    expected = 3 + 8.192 + 10 + 1000e3 + 10_000e6
    work = in_kernel(FILE, Design.TEXT, measured(Design.TEXT, 1), STORE)
    assert work.ns(COSTS) == pytest.approx(expected)


def test_ioctl_compares_all_tags_and_fills_in_its_matches() -> None:
    # 3 ioctls, the last of which finds no record, 1152 bytes, an open, 1000 tags, 2 records
    expected = 3 + 1.152 + 10 + 1000e4 + 2e5 + 20e6
    work = in_kernel(FILE, Design.IOCTL, measured(Design.IOCTL, 1), STORE)
    assert work.ns(COSTS) == pytest.approx(expected)


def test_ioctl_compares_all_tags_again_at_each_poll() -> None:
    polled = measured(Design.IOCTL, 1)
    polled.work = replace(polled.work, ioctls=3000)
    work = in_kernel(replace(POLL, polls=1000), Design.IOCTL, polled, STORE)
    assert (work.call, work.compare, work.record) == (3000, 1000 * 1000, 2000)


def test_read_compares_all_tags_when_it_opens() -> None:
    # a pread, 448 bytes, an open by path, 1000 tags, 2 records
    expected = 1 + 0.448 + 100 + 1000e4 + 2e5 + 20e6
    work = in_kernel(FILE, Design.READ, measured(Design.READ, 1), STORE)
    assert work.ns(COSTS) == pytest.approx(expected)
    polled = in_kernel(replace(POLL, polls=1000), Design.READ, measured(Design.READ, 1), STORE)
    assert (polled.compare, polled.record) == (1000, 2000)


def test_read_of_counters_fills_in_no_names() -> None:
    work = in_kernel(FILE, Design.COUNTERS, measured(Design.COUNTERS, 1), STORE)
    assert work.record == 0


@pytest.mark.parametrize("scenario", [SIZE, TOP])
def test_read_by_size_sums_all_tags_and_the_answer_once_more(scenario: Scenario) -> None:
    work = in_kernel(scenario, Design.READ, measured(Design.READ, 1), STORE)
    assert work.counter == (1000 + 2) * 10


def test_read_by_file_and_size_sums_what_was_counted() -> None:
    work = in_kernel(FILE_AND_SIZE, Design.READ, measured(Design.READ, 1), STORE)
    assert work.counter == READ.counters


@pytest.mark.parametrize(("size", "pages"), [(0, 0), (1, 1), (4096, 1), (4096.4, 1), (4097, 2)])
def test_text_comes_a_page_at_a_time(size: float, pages: int) -> None:
    assert text_pages(size) == pages


def test_published_text_is_of_programs_with_a_pipe_between() -> None:
    (check, *_) = checks(SCENARIOS, results(), STORE, COSTS, tags=2000)
    # The text has twice the size: 3 x 5 calls (4 pages and the end), 3 x 16384 bytes, 2 programs.
    ns = 15 + 3 * 16.384 + 10 + 2000e3 + 2000 * 224e6 + 2e9
    assert check.text == pytest.approx(ns / 1e6)
    assert (check.published_text, check.published_ioctl) == (22, 1)


def test_published_ioctl_has_the_answer_of_this_one() -> None:
    by_file, _, by_size = checks(SCENARIOS, results(), STORE, COSTS, tags=2000)
    common = 3 + 1.152 + 10 + 2000e4 + 2e5 + 1e9
    assert by_file.ioctl == pytest.approx((common + 2 * 224e6) / 1e6)
    assert by_size.ioctl == pytest.approx((common + 2000 * 224e6) / 1e6)


def test_factor_is_one_or_more_in_either_direction() -> None:
    (check, *_) = checks(SCENARIOS, results(), STORE, COSTS)
    assert replace(check, text=44, ioctl=1).factor == pytest.approx(2)
    assert replace(check, text=11, ioctl=1).factor == pytest.approx(2)


def test_good_tags_are_those_for_which_all_ratios_are_near() -> None:
    # Only programs and lines cost time: the text takes 2 ms + 1 us a tag, the ioctl 1 ms.
    costs = replace(COSTS, **dict.fromkeys(vars(COSTS), 0.0) | {"start": 1e6, "line": 1e3})
    good = good_tags(SCENARIOS[:2], results(), STORE, costs)
    # 2 + tags / 1000 is within 11 to 44, 3 + tags / 1000 within 10.5 to 42.
    assert (good[0], good[-1]) == (9000, 39_000)
