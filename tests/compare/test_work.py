"""The counted work of each scenario, compared with numbers derived by hand.

The store has the 3219 tags of the default capture on 224 CPUs, so there are 3219 x 224 = 721,056
counters. A GET_AT moves 464 bytes to the kernel and 464 back. A GET_NEXT moves 224 bytes back, or
none if there is no further record.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from allocfs.compare import runs
from allocfs.compare.clients import Answer, Design
from allocfs.compare.mounts import SIMULATED, simulated_mount
from allocfs.compare.runs import Mounts, Results, run_all, total_runs
from allocfs.compare.scenarios import SCENARIOS
from allocfs.compare.syscalls import CountedWork

POLLS = 20
ALL = 3219 * 224
TEXT_BYTES = 240_910  # the size of the capture; its header is as long as that of the text

# 16 tags have at least 1M. Each CPU keeps some bytes of a tag that it has not yet moved to the
# tag's total, so a sum can be up to 523,936 bytes away from that total. This range includes 1M for
# 5 tags: those of 1375696, 1305856, 1095792, 1056768 and 668800 bytes. It does not for the next
# smaller one, of 536576 bytes.
LARGE, IN_DOUBT = 16, 5
# The tenth largest tag has 2523136 bytes; by its bounds it has at least about 2 million. Two more
# tags can have as much, those of 2184024 and 2002752 bytes. The next one, of 1375696, cannot.
TOP, MAY_BE_TOP = 10, 12


@pytest.fixture(scope="module")
def results() -> Iterator[Results]:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    scenarios = [replace(s, polls=POLLS) if s.polls > 1 else s for s in SCENARIOS]
    ticks: list[None] = []
    with (
        simulated_mount(SIMULATED, "cpus=224,max_age=0") as live,
        simulated_mount(SIMULATED, "cpus=224,max_age=2s") as periodic,
    ):
        yield run_all(Mounts(live, periodic), scenarios, 0, lambda: ticks.append(None))
    assert len(ticks) == total_runs(scenarios, 0)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 7])
def test_text_is_read_whole_and_sums_all(results: Results, number: int) -> None:
    # open, a pread of the whole text, a pread at its end, close
    work = CountedWork(opens=1, preads=2, closes=1, bytes=TEXT_BYTES, counters=ALL)
    assert results[number, Design.TEXT].work == work
    assert work.calls == 4


def test_text_is_read_whole_at_every_poll(results: Results) -> None:
    work = CountedWork(
        1, preads=POLLS * 2, closes=1, bytes=POLLS * TEXT_BYTES, counters=POLLS * ALL
    )
    assert results[6, Design.TEXT].work == work


@pytest.mark.parametrize(
    ("number", "matches", "counters"),
    [
        (1, 2, 2 * 224),
        (2, 1, 2 * 224),  # the condition on the size needs the sums of both tags
        (3, LARGE, ALL),
        (4, 3219, ALL),
        (5, 130, 130 * 224),
        (7, 3219, ALL),  # sorting needs all sums
    ],
)
def test_ioctl_is_called_once_for_each_match_and_once_more(
    results: Results, number: int, matches: int, counters: int
) -> None:
    size = 2 * 464 + (matches - 1) * 224
    work = CountedWork(opens=1, ioctls=matches + 1, closes=1, bytes=size, counters=counters)
    assert results[number, Design.IOCTL].work == work


def test_ioctl_is_called_as_often_at_every_poll(results: Results) -> None:
    size = POLLS * (2 * 464 + 129 * 224)
    work = CountedWork(1, ioctls=POLLS * 131, closes=1, bytes=size, counters=POLLS * 130 * 224)
    assert results[6, Design.IOCTL].work == work


# open() sums the tags whose bounds do not decide the condition; the reads sum all records read.
READ = {
    1: CountedWork(1, preads=1, closes=1, bytes=2 * 224, counters=2 * 224),
    2: CountedWork(1, preads=1, closes=1, bytes=1 * 224, counters=(2 + 1) * 224),
    3: CountedWork(1, preads=1, closes=1, bytes=LARGE * 224, counters=(IN_DOUBT + LARGE) * 224),
    4: CountedWork(
        1, preads=7, closes=1, bytes=3219 * 224, counters=ALL
    ),  # 6 of 512 records, 1 of 147
    5: CountedWork(1, preads=1, closes=1, bytes=130 * 224, counters=130 * 224),
    6: CountedWork(1, preads=POLLS, closes=1, bytes=POLLS * 130 * 224, counters=POLLS * 130 * 224),
    7: CountedWork(1, preads=1, closes=1, bytes=TOP * 224, counters=(MAY_BE_TOP + TOP) * 224),
}


@pytest.mark.parametrize("number", READ)
def test_read_is_called_once_for_512_records(results: Results, number: int) -> None:
    assert results[number, Design.READ].work == READ[number]


@pytest.mark.parametrize("number", READ)
def test_read_of_counters_sums_the_same_and_moves_a_seventh(results: Results, number: int) -> None:
    # One read holds 3584 records of counters, more than there are.
    preads = 1 if number == 4 else READ[number].preads
    work = replace(READ[number], preads=preads, bytes=READ[number].bytes // 7)
    assert results[number, Design.COUNTERS].work == work


@pytest.mark.parametrize("number", READ)
def test_first_reader_of_a_period_has_all_summed_once(results: Results, number: int) -> None:
    once = 130 * 224 if number == 6 else READ[number].counters
    assert results[number, Design.FIRST].work == replace(READ[number], counters=once)


@pytest.mark.parametrize("number", READ)
def test_later_readers_have_nothing_summed(results: Results, number: int) -> None:
    assert results[number, Design.CACHED].work == replace(READ[number], counters=0)


@pytest.mark.parametrize(
    ("number", "records"), [(1, 2), (2, 1), (3, LARGE), (4, 3219), (5, 130), (6, 130), (7, TOP)]
)
def test_all_designs_answer_alike(results: Results, number: int, records: int) -> None:
    found = [results[number, design].numbers for design in Design]
    assert len(found[0]) == records
    assert all(numbers == found[0] for numbers in found)


class _Periods:
    """A mount of which the first periods end during the work."""

    def __init__(self, short: int) -> None:
        self.number = 0
        self._short = short

    def next_period(self) -> int:
        self.number += 1
        return self.number

    def period(self) -> int:
        return self.number + (self.number <= self._short)


def test_work_that_a_period_ends_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    periods = _Periods(2)
    tried: list[int] = []

    def run(mount: _Periods, *_: object) -> runs.Trial:
        tried.append(mount.number)
        if mount.number == 1:
            raise ValueError("is not the same 7 times")
        return runs.Trial(runs.Run([1], 0.0, 0.0), CountedWork(), Answer())

    monkeypatch.setattr(runs, "_run", run)
    monkeypatch.setattr(runs, "_add", lambda *_: None)
    runs._run_in_period(periods, SCENARIOS[:1], {}, lambda: None)  # type: ignore[arg-type]
    assert tried == [1, 2, 2, 3, 3]


def test_work_that_differs_within_a_period_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> runs.Trial:
        raise ValueError("is not the same 7 times")

    monkeypatch.setattr(runs, "_run", run)
    with pytest.raises(ValueError, match="7 times"):
        runs._run_in_period(_Periods(0), SCENARIOS[:1], {}, lambda: None)  # type: ignore[arg-type]
