"""Samples at regular times, of sources that fail, that are late, and for a long time."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest
import trio
import trio.testing

from allocfs.moments.history import History
from allocfs.moments.sampler import sample
from tests.support.moment_fakes import FakeClock, FakeSource, S


class End(Exception):
    """The end of a test."""


class Script(FakeClock):
    """A clock whose sleeps end at the steps of a script; at the last one the test ends."""

    def __init__(self, now: float, steps: dict[float, Callable[[], None]], end: float) -> None:
        super().__init__(round(now * S))
        self.steps = {round(at * S): step for at, step in steps.items()}
        self.end_ns = round(end * S)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and do the steps that are due."""
        await super().sleep(seconds)
        for at in [at for at in self.steps if at <= self.now_ns]:
            self.steps.pop(at)()
        if self.now_ns > self.end_ns:
            raise End


def sampled(source: FakeSource, clock: Script, interval: float, most: int = 1000) -> History:
    """Take samples until the end of a script."""
    history = History(most, clock)
    with pytest.raises(End):
        trio.run(sample, source, history, interval, clock, clock.sleep)
    return history


def times(history: History) -> list[float]:
    return [found.taken.boot_ns / S for found in history.all()]


def test_samples_are_taken_at_the_multiples_of_the_interval() -> None:
    clock = Script(1003.2, {}, 1050)
    assert times(sampled(FakeSource(clock), clock, 10)) == [1010, 1020, 1030, 1040, 1050]


def test_a_sleep_that_ends_early_goes_on() -> None:
    clock = FakeClock(7 * S)

    async def nap(seconds: float) -> None:
        clock.now_ns += max(1, round(seconds * S) // 2)
        if clock.now_ns > 41 * S:
            raise End

    history = History(10)
    with pytest.raises(End):
        trio.run(sample, FakeSource(clock), history, 10, clock, nap)
    assert times(history) == [10, 20, 30, 40]


def test_missed_times_are_not_made_up_for() -> None:
    clock = Script(0, {}, 70)

    def suspend() -> None:
        clock.now_ns += 25 * S

    clock.steps[20 * S] = suspend
    assert times(sampled(FakeSource(clock), clock, 10)) == [10, 45, 50, 60, 70]


def test_a_source_that_fails_for_a_while_leaves_one_gap() -> None:
    clock = Script(0, {}, 70)
    source = FakeSource(clock)
    clock.steps = {
        20 * S: lambda: setattr(source, "error", "unreadable"),
        30 * S: lambda: setattr(source, "error", "shut down"),
        50 * S: lambda: setattr(source, "error", ""),
    }
    history = sampled(source, clock, 10)
    assert times(history) == [10, 50, 60, 70]
    lines = history.text().splitlines()
    assert lines[1].split(maxsplit=2) == ["-", "60.000", "gap of 3 samples: unreadable"]
    assert len(lines) == 5


def test_a_late_source_is_waited_for() -> None:
    clock = Script(0, {}, 60)
    source = FakeSource(clock)
    clock.steps = {20 * S: lambda: setattr(source, "late_for", 15.0)}
    history = sampled(source, clock, 10)
    assert times(history) == [10, 35, 40, 50, 60]
    assert "gap" not in history.text()


def test_24_hours_take_no_more_memory_than_six() -> None:
    clock = Script(0, {}, 24 * 3600)
    source = FakeSource(clock)
    used = []

    def note() -> None:
        gc.collect()
        used.append(tracemalloc.get_traced_memory()[0])

    for hour in range(1, 24):
        clock.steps[(3600 * hour + 600) * S] = lambda: source.unload("xfs")
        clock.steps[(3600 * hour + 900) * S] = lambda: source.load("xfs")
        clock.steps[(3600 * hour + 1200) * S] = lambda: setattr(source, "error", "unreadable")
        clock.steps[(3600 * hour + 1500) * S] = lambda: setattr(source, "error", "")
        clock.steps[3600 * hour * S] = note
    tracemalloc.start()
    history = sampled(source, clock, 10, most=360)
    tracemalloc.stop()
    assert len(history.all()) == 360
    assert source.passes == history.version == 8640 - 23 * 30
    assert max(used) - used[5] < 32 << 10  # 5 bytes a sample


def test_by_the_clock_of_trio() -> None:
    def now_ns() -> int:
        return round(trio.current_time() * S)

    clock = FakeClock()
    source = FakeSource(clock)
    history = History(10)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sample, source, history, 0.3, now_ns)
            for tick in range(1, 4):
                await trio.sleep(0.29 if tick == 1 else 0.3)
                clock.now_ns = tick
                assert len(history.all()) == tick - 1
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert [found.taken.boot_ns for found in history.all()] == [1, 2]
