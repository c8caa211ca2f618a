"""A live text: how often it is read, when its list is accepted, and the effects of failures."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
import pytest
import trio
import trio.testing

from allocfs.backend.procfs import TextBackend
from allocfs.errors import SourceFailed
from tests.support.source_fakes import HEADER, pairs, replace, text

SECOND = 1_000_000_000
ALL = ["", "xfs", "ext4"]
CPUS = 4


class Clock:
    """A clock set by the test; it starts in the middle of a period of one second."""

    def __init__(self) -> None:
        self.now = 100 * SECOND + SECOND // 2

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "allocinfo"
    path.write_bytes(text(ALL, 1))
    return path


@pytest.fixture
def backend(path: Path, clock: Clock) -> TextBackend:
    return TextBackend(str(path), 1.0, CPUS, clock)


def passes(backend: TextBackend) -> int:
    return backend.extra_stats()["passes"]


def instant(backend: TextBackend) -> int:
    """Return the instant of the text that the values come from."""
    return int(backend.sums(backend.tags.slots[:1]).bytes[0]) // 1000


def test_the_values_are_those_of_the_text(backend: TextBackend) -> None:
    slots = backend.tags.slots[[5, 0, 12]]
    sums = backend.sums(slots)
    assert sums.bytes.tolist() == [1005, 1000, 1012]
    assert sums.calls.tolist() == [1, 1, 1]
    assert sums.accurate.tolist() == [True, True, True]
    assert backend.accurate(backend.tags.slots[[6, 7]]).tolist() == [False, True]
    low, high = backend.bounds(slots)
    assert low.tolist() == high.tolist() == sums.bytes.tolist()


def test_negative_and_huge_numbers_are_not_clamped(path: Path, clock: Clock) -> None:
    path.write_bytes(b"-9223372036854775808 18446744073709551615 a.c:1 func:f \n")
    sums = TextBackend(str(path), 1.0, CPUS, clock).sums(np.array([0]))
    assert sums.bytes.tolist() == [-(2**63)]
    assert sums.calls.tolist() == [2**64 - 1]


def test_one_pass_serves_all_requests_of_a_period(
    backend: TextBackend, path: Path, clock: Clock
) -> None:
    first = passes(backend)
    replace(path, text(ALL, 2))
    for _ in range(50):
        backend.renew()
    clock.now += SECOND // 2 - 1
    backend.renew()
    assert (passes(backend), instant(backend)) == (first, 1)
    clock.now += 1
    for _ in range(50):
        backend.renew()
    assert (passes(backend), instant(backend)) == (first + 1, 2)


def test_without_a_max_age_each_request_makes_a_pass(path: Path, clock: Clock) -> None:
    backend = TextBackend(str(path), 0, CPUS, clock)
    first = passes(backend)
    for number in range(2, 5):
        replace(path, text(ALL, number))
        backend.renew()
        assert instant(backend) == number
    assert passes(backend) == first + 3


def test_no_value_is_older_than_max_age(path: Path, clock: Clock) -> None:
    """The text changes at every step; its instant is the time in tenths of a second."""
    period = SECOND // 10
    replace(path, text(ALL, clock.now // period))
    backend = TextBackend(str(path), 1.0, CPUS, clock)
    for _ in range(100):
        clock.now += period
        replace(path, text(ALL, clock.now // period))
        backend.renew()
        assert 0 <= clock.now // period - instant(backend) <= 10


def test_what_the_kernel_sums_is_counted_for_each_pass(backend: TextBackend, clock: Clock) -> None:
    tags = len(backend.tags.slots)
    assert backend.counters_read == passes(backend) * tags * CPUS
    backend.sums(backend.tags.slots)
    assert backend.counters_read == passes(backend) * tags * CPUS
    clock.now += SECOND
    backend.renew()
    assert backend.counters_read == passes(backend) * tags * CPUS


def test_the_table_stays_while_the_list_does(
    backend: TextBackend, path: Path, clock: Clock
) -> None:
    tags = backend.tags
    replace(path, text(ALL, 2))
    clock.now += SECOND
    backend.renew()
    assert backend.tags is tags
    assert instant(backend) == 2


def test_a_module_that_comes_or_goes_is_a_change(
    backend: TextBackend, path: Path, clock: Clock
) -> None:
    told: list[int] = []
    backend.on_change(lambda: told.append(instant(backend)))
    before = backend.tags
    for number, modules in enumerate((["", "ext4"], ["", "ext4", "xfs"]), 2):
        replace(path, text(modules, number))
        clock.now += SECOND
        backend.renew()
        assert backend.tags.content_id == number
        sums = backend.sums(backend.tags.slots)
        assert sums.bytes.tolist() == [1000 * number + n for n in range(len(sums.bytes))]
    assert told == [2, 3]
    modules_of = before.table.module.values
    gone = [modules_of[n] == "xfs" for n in before.table.module.ids[before.slots].tolist()]
    for slot, is_gone in zip(before.slots, gone, strict=True):
        assert backend.all_loaded_since(1, np.array([slot])) != is_gone


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (None, "No such file"),
        (b"", "found an empty file"),
        (HEADER.encode(), "lists no codetags"),
        (text(ALL, 2)[:-9], "expected a newline"),
        (b"x" * 100 + b"\n", "allocinfo:1: expected bytes"),
    ],
)
def test_a_source_that_fails_has_no_values_until_it_works_again(
    backend: TextBackend, path: Path, clock: Clock, damaged: bytes | None, reason: str
) -> None:
    slots = backend.tags.slots
    if damaged is None:
        path.unlink()
    else:
        replace(path, damaged)
    for _ in range(3):
        clock.now += SECOND
        backend.renew()
        for ask in (backend.sums, backend.accurate, backend.bounds):
            with pytest.raises(SourceFailed, match=reason):
                ask(slots)
    assert backend.tags.slots is slots
    assert reason in pairs(backend.describe())["condition"]
    assert backend.extra_stats()["pass_failures"] == 3
    replace(path, text(ALL, 5))
    clock.now += SECOND
    backend.renew()
    assert instant(backend) == 5
    assert backend.all_loaded_since(1, slots)
    assert pairs(backend.describe())["condition"] == "ok"


def test_a_failure_is_logged_once_and_so_is_its_end(
    backend: TextBackend, path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for content in (b"", b"x", b"", text(ALL, 2), text(ALL, 3), b""):
        replace(path, content)
        clock.now += SECOND
        backend.renew()
    levels = [logging.ERROR, logging.WARNING, logging.ERROR]
    assert [record.levelno for record in caplog.records] == levels
    assert "found an empty file" in caplog.messages[0]


def test_a_failing_source_is_tried_once_a_period(
    backend: TextBackend, path: Path, clock: Clock
) -> None:
    path.unlink()
    clock.now += SECOND
    for _ in range(10):
        backend.renew()
    assert backend.extra_stats()["pass_failures"] == 1


def test_the_source_says_how_old_the_values_are(backend: TextBackend, clock: Clock) -> None:
    clock.now += SECOND // 4
    said = pairs(backend.describe())
    assert said["interface"] == "text"
    assert said["max_age"] == "1"
    assert said["age"] == "0.250000"
    assert said["pass_seconds"] == "0.000000"


def test_a_source_that_cannot_be_read_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"nothing: No such file or directory"):
        TextBackend(str(tmp_path / "nothing"), 1.0, CPUS)


def test_passes_are_made_for_those_who_wait_and_for_nobody_else(path: Path) -> None:
    """Run for 10 s without waiting clients, and then for 10 s with one."""
    watching = False

    async def main() -> tuple[int, int]:
        nonlocal watching
        backend = TextBackend(str(path), 0, CPUS)
        first = passes(backend)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(backend.run, lambda: watching)
            await trio.sleep(10.5)
            idle = passes(backend) - first
            watching = True
            await trio.sleep(10)
            nursery.cancel_scope.cancel()
        return idle, passes(backend) - first

    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)) == (0, 10)


def test_a_source_says_since_when_profiling_is_off(path: Path, clock: Clock) -> None:
    sysctl = path.parent / "sys/vm/mem_profiling"
    assert "profiling" not in pairs(TextBackend(str(path), 1.0, CPUS, clock).describe())
    sysctl.parent.mkdir(parents=True)
    sysctl.write_text("1\n")
    backend = TextBackend(str(path), 1.0, CPUS, clock)
    assert pairs(backend.describe())["profiling"] == "on"
    sysctl.write_text("0\n")
    clock.now += SECOND
    backend.renew()
    said = pairs(backend.describe())
    assert re.fullmatch(r"off since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["profiling"])
    assert "is off" in said["condition"]
    path.unlink()
    clock.now += SECOND
    backend.renew()
    said = pairs(backend.describe())
    assert said["profiling"].startswith("shut down since ")
    assert "shut memory allocation profiling down" in said["condition"]
