"""The frame of a request: its errno, its counts, and the wait for a late source."""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pyfuse3
import pytest
import trio
import trio.testing

from allocfs import errors
from allocfs.fuse import handler as module
from allocfs.fuse.handler import ERRNO, MOST_WAITING, direct, errno_of, handler, request
from allocfs.logs import Throttle
from allocfs.vfs.filesystem import Stats


async def nothing() -> None:
    """Answer at once."""


def late(answer: Callable[[], Awaitable[None]] = nothing) -> errors.SourceLate:
    return errors.SourceLate("the source has not answered yet", answer)


class Server:
    """Answer requests as a list of results and exceptions says, one for each call."""

    def __init__(self, *outcomes: object) -> None:
        self.stats = Stats()
        self.outcomes = list(outcomes)
        self.calls: list[str] = []

    def renew(self) -> None:
        self.calls.append("renew")

    def outcome(self, name: str) -> object:
        self.calls.append(name)
        found = self.outcomes.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    @handler
    def read(self, name: str) -> object:
        """Return or raise the next outcome."""
        return self.outcome(name)

    @request
    def lookup(self, name: str) -> object:
        """Return or raise the next outcome, of a source of now."""
        return self.outcome(name)


def run(coroutine: Coroutine[Any, Any, object]) -> object:
    async def main() -> object:
        return await coroutine

    return trio.run(main)


def refused(coroutine: Coroutine[Any, Any, object]) -> int:
    """Return the errno that a request fails with."""
    with pytest.raises(pyfuse3.FUSEError) as raised:
        run(coroutine)
    return int(raised.value.errno)


@pytest.mark.parametrize(("kind", "number"), ERRNO.items(), ids=str)
def test_each_exception_of_the_model_has_its_number(
    kind: type[errors.AllocfsError], number: int
) -> None:
    error = late() if kind is errors.SourceLate else kind("x")
    assert errno_of("read", error) == number


def test_an_exception_has_the_number_of_its_base_class() -> None:
    assert errno_of("read", errors.BadCapture("x:1: bad")) == errno.EIO


def test_a_failure_of_the_disk_has_the_number_of_the_disk() -> None:
    assert errno_of("mkdir", errors.SnapshotFailed("x", errno.ENOSPC)) == errno.ENOSPC


def test_a_number_that_was_chosen_already_stays() -> None:
    assert errno_of("open", pyfuse3.FUSEError(errno.EISDIR)) == errno.EISDIR


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (errors.NameNotFound("m"), None),
        (errors.TagGone("m"), None),
        (errors.SourceFailed("m"), None),
        (errors.BadQuery("m"), logging.WARNING),
        (errors.BadControl("m"), logging.WARNING),
        (errors.BadName("m"), logging.WARNING),
        (errors.SnapshotFailed("m"), logging.WARNING),
        (errors.TooManyOpen("m"), logging.WARNING),
        (errors.TooMuchMemory("m"), logging.WARNING),
    ],
    ids=lambda value: type(value).__name__,
)
def test_bad_input_and_limits_are_logged_and_ordinary_errors_are_not(
    error: Exception, level: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    errno_of("read", error)
    expected = [] if level is None else [("allocfs.fuse", level, "m")]
    assert caplog.record_tuples == expected


def test_an_unexpected_exception_is_eio_and_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bug = ZeroDivisionError("x")
    assert errno_of("read", bug) == errno.EIO
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "read failed unexpectedly")
    assert record.exc_info is not None
    assert record.exc_info[1] is bug


def test_a_request_returns_the_result_of_its_method() -> None:
    server = Server("data")
    assert run(server.read("a")) == "data"
    assert server.calls == ["a"]
    assert not server.stats.errors


def test_a_request_that_fails_is_counted_by_errno() -> None:
    server = Server(errors.TagGone("x"), errors.BadQuery("x"), errors.TagGone("x"))
    numbers = [refused(server.read("a")) for _ in range(3)]
    assert numbers == [errno.ESTALE, errno.EINVAL, errno.ESTALE]
    assert server.stats.errors == {errno.ESTALE: 2, errno.EINVAL: 1}


def test_a_request_keeps_the_name_of_its_method() -> None:
    assert (Server.read.__name__, Server.lookup.__name__) == ("read", "lookup")
    assert Server.read.__doc__ == "Return or raise the next outcome."


def test_a_request_takes_in_the_changes_of_the_source_first() -> None:
    server = Server(1)
    assert run(server.lookup("a")) == 1
    assert server.calls == ["renew", "a"]


def test_a_request_waits_for_a_late_source_and_begins_again() -> None:
    seen: list[object] = []

    async def answer() -> None:
        seen.append((list(server.calls), server.stats.waiting))
        await trio.lowlevel.checkpoint()

    server = Server(late(answer), late(answer), "data")
    assert run(server.lookup("a")) == "data"
    once = ["renew", "a"]
    assert seen == [(once, 1), (once * 2, 1)]
    assert server.calls == once * 3
    assert server.stats.waiting == 0
    assert not server.stats.errors


def test_other_requests_are_answered_while_one_waits() -> None:
    waits = trio.Event()
    server = Server(late(waits.wait), "other", "data")

    async def main() -> list[object]:
        answers: list[object] = []

        async def first() -> None:
            answers.append(await server.read("late"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await trio.testing.wait_all_tasks_blocked()
            answers.append(await server.read("other"))
            waits.set()
        return answers

    assert trio.run(main) == ["other", "data"]


def test_a_source_that_never_answers_is_a_failure() -> None:
    async def answer() -> None:
        raise errors.SourceFailed("x has not answered for 30 s")

    server = Server(late(answer))
    assert refused(server.read("a")) == errno.EIO
    assert server.stats.waiting == 0
    assert server.stats.errors == {errno.EIO: 1}


@pytest.mark.parametrize(("waiting", "number"), [(MOST_WAITING, errno.EAGAIN), (0, None)])
def test_no_more_than_so_many_requests_wait(waiting: int, number: int | None) -> None:
    server = Server(late(), "data")
    server.stats.waiting = waiting
    if number is None:
        assert run(server.read("a")) == "data"
    else:
        assert refused(server.read("a")) == number
    assert server.stats.waiting == waiting


class Clock:
    """A clock that moves by a number of nanoseconds when it is told to."""

    def __init__(self) -> None:
        self.now = 1000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "perf_counter_ns", clock)
    return clock


class SlowServer(Server):
    """Take 7 ns for the first call, and 5 ns for each other one."""

    def __init__(self, clock: Clock, *outcomes: object) -> None:
        super().__init__(*outcomes)
        self.clock = clock

    def outcome(self, name: str) -> object:
        self.clock.now += 5 if self.calls else 7
        return super().outcome(name)


def test_the_slowest_request_is_kept_and_failed_ones_count(clock: Clock) -> None:
    server = SlowServer(clock, errors.NameNotFound("x"), "data")
    refused(server.read("a"))
    assert server.stats.slowest_ns == 7
    run(server.read("a"))
    assert server.stats.slowest_ns == 7


def test_the_wait_for_a_late_source_is_not_counted(clock: Clock) -> None:
    async def answer() -> None:
        clock.now += 1_000_000

    server = SlowServer(clock, late(answer), "data")
    run(server.read("a"))
    assert server.stats.slowest_ns == 5


def test_a_direct_request_fails_with_an_oserror_that_is_counted() -> None:
    server = Server(errors.TagGone("x is gone"), "data")
    read = direct(server.outcome, server.stats)
    with pytest.raises(OSError, match="x is gone") as raised:
        read("a")
    assert raised.value.errno == errno.ESTALE
    assert server.stats.errors == {errno.ESTALE: 1}
    assert read("a") == "data"
    assert server.stats.errors == {errno.ESTALE: 1}


def test_a_direct_request_that_would_wait_is_left_to_another_and_not_counted() -> None:
    server = Server(late())
    with pytest.raises(BlockingIOError) as raised:
        direct(server.outcome, server.stats)("a")
    assert raised.value.errno == errno.EAGAIN
    assert not server.stats.errors
    assert server.stats.waiting == 0


def test_a_direct_request_counts_its_time(clock: Clock) -> None:
    server = SlowServer(clock, errors.NameNotFound("x"), "data")
    read = direct(server.outcome, server.stats)
    with pytest.raises(FileNotFoundError):
        read("a")
    assert server.stats.slowest_ns == 7
    assert read("a") == "data"
    assert server.stats.slowest_ns == 7


def test_warnings_of_one_kind_leave_room_for_those_of_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    throttle = Throttle(lines=2, seconds=60)
    for error in (*[errors.BadQuery("a")] * 5, errors.TooManyOpen("b"), errors.BadControl("c")):
        errno_of("open", error)
    passed = [record.getMessage() for record in caplog.records if throttle.filter(record)]
    assert passed == ["a", "a", "b", "c"]
