"""Pollers: each is told of each change once, and woken once."""

from __future__ import annotations

import pytest

from allocfs.fuse import pollers as module
from allocfs.fuse.pollers import Poller, Pollers

FILE, OTHER = Poller(1, 0), Poller(2, 0)
THREAD = Poller(0, 4711)


class Waiter:
    """A client that counts how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def notify(self) -> None:
        self.woken += 1


@pytest.fixture
def pollers() -> Pollers:
    return Pollers(content_id=5)


def test_an_open_file_is_told_of_each_change_since_its_open_once(pollers: Pollers) -> None:
    pollers.opened(FILE.handle, 7)
    assert not pollers.changed(FILE, 7, None)
    assert pollers.changed(FILE, 8, None)
    assert not pollers.changed(FILE, 8, None)
    assert pollers.changed(FILE, 9, None)


def test_open_files_are_told_independently(pollers: Pollers) -> None:
    pollers.opened(FILE.handle, 7)
    pollers.opened(OTHER.handle, 7)
    assert pollers.changed(FILE, 8, None)
    assert pollers.changed(OTHER, 8, None)


@pytest.mark.parametrize(("content_id", "changed"), [(5, False), (6, True)])
def test_an_unknown_poller_is_told_of_a_change_since_the_mount(
    pollers: Pollers, content_id: int, changed: bool
) -> None:
    assert pollers.changed(THREAD, content_id, None) == changed
    assert not pollers.changed(THREAD, content_id, None)


def test_a_closed_file_is_forgotten(pollers: Pollers) -> None:
    waiter = Waiter()
    pollers.opened(FILE.handle, 7)
    pollers.changed(FILE, 7, waiter)
    pollers.closed(FILE.handle)
    pollers.closed(OTHER.handle)
    pollers.wake()
    assert (len(pollers), waiter.woken, pollers.any_waiting()) == (0, 0, False)


def test_a_waiting_client_is_woken_once_for_each_poll(pollers: Pollers) -> None:
    first, second = Waiter(), Waiter()
    assert not pollers.any_waiting()
    pollers.changed(FILE, 5, first)
    pollers.changed(THREAD, 5, second)
    assert pollers.any_waiting()
    pollers.wake()
    pollers.wake()
    assert (first.woken, second.woken) == (1, 1)
    assert not pollers.any_waiting()
    pollers.changed(FILE, 6, first)
    pollers.wake()
    assert (first.woken, second.woken) == (2, 1)


def test_a_poll_that_does_not_wait_leaves_the_waiting_client_in_place(pollers: Pollers) -> None:
    waiter, newer = Waiter(), Waiter()
    pollers.changed(FILE, 5, waiter)
    pollers.changed(FILE, 5, None)
    pollers.wake()
    assert waiter.woken == 1
    pollers.changed(FILE, 5, waiter)
    pollers.changed(FILE, 5, newer)
    pollers.wake()
    assert (waiter.woken, newer.woken) == (1, 1)


def test_only_the_pollers_that_polled_last_are_kept(
    pollers: Pollers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_POLLERS", 2)
    threads = [Poller(0, number) for number in range(3)]
    for thread in (threads[0], threads[1], threads[0], threads[2]):
        pollers.changed(thread, 6, None)
    assert len(pollers) == 2
    assert [pollers.changed(thread, 6, None) for thread in threads] == [False, True, True]


def test_no_open_file_is_forgotten_for_others(
    pollers: Pollers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_POLLERS", 2)
    waiters = [Waiter() for _ in range(5)]
    for handle, waiter in enumerate(waiters, 1):
        pollers.opened(handle, 5)
        pollers.changed(Poller(handle, 0), 5, waiter)
    pollers.wake()
    assert [waiter.woken for waiter in waiters] == [1] * 5
