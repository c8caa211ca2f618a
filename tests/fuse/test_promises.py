"""Promises: for how long, for how many inodes, and of which the kernel is told."""

from __future__ import annotations

import errno
import math
import time

import pyfuse3
import pytest

from allocfs.fuse import promises as module
from allocfs.fuse.promises import TAGS_VALID, Promises


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the inodes whose attributes the kernel has to ask for again."""
    inodes: list[int] = []

    def invalidate(inode: int, attr_only: bool) -> None:
        assert attr_only
        inodes.append(inode)

    monkeypatch.setattr(pyfuse3, "invalidate_inode", invalidate)
    return inodes


@pytest.mark.parametrize(
    ("staleness", "seconds"), [(math.inf, TAGS_VALID), (TAGS_VALID + 1, TAGS_VALID), (2.5, 2.5)]
)
def test_a_promise_is_no_longer_than_the_source_may_be_stale(
    staleness: float, seconds: float
) -> None:
    assert Promises(staleness).make(300) == seconds


def test_a_source_that_may_change_at_each_request_has_no_promises(told: list[int]) -> None:
    promises = Promises(0)
    assert promises.make(300) == 0
    promises.revoke()
    assert told == []


def test_a_revoked_promise_is_told_once(told: list[int]) -> None:
    promises = Promises(math.inf)
    for inode in (300, 301, 300):
        promises.make(inode)
    promises.revoke()
    assert told == [301, 300]
    promises.revoke()
    assert told == [301, 300]


def test_an_inode_that_the_kernel_has_dropped_is_not_told(told: list[int]) -> None:
    promises = Promises(math.inf)
    promises.make(300)
    promises.forget(300)
    promises.forget(301)
    promises.revoke()
    assert told == []


def test_an_expired_promise_is_not_told(clock: Clock, told: list[int]) -> None:
    promises = Promises(math.inf)
    promises.make(300)
    clock.now += 1
    promises.make(301)
    clock.now += TAGS_VALID - 1
    promises.revoke()
    assert told == [301]


def test_a_promise_that_is_made_again_begins_again(clock: Clock, told: list[int]) -> None:
    promises = Promises(math.inf)
    promises.make(300)
    clock.now += TAGS_VALID - 1
    promises.make(300)
    clock.now += TAGS_VALID - 1
    promises.revoke()
    assert told == [300]


def test_there_are_no_more_promises_than_can_be_revoked_soon(
    clock: Clock, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_VALID", 2)
    promises = Promises(math.inf)
    assert [promises.make(inode) for inode in (300, 301, 302)] == [TAGS_VALID, TAGS_VALID, 0]
    assert promises.make(301) == TAGS_VALID
    promises.forget(300)
    assert promises.make(302) == TAGS_VALID
    clock.now += TAGS_VALID
    assert promises.make(303) == TAGS_VALID
    promises.revoke()
    assert told == [303]


def test_an_inode_that_the_kernel_does_not_know_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = [errno.ENOENT, errno.EPERM]

    def invalidate(_inode: int, attr_only: bool) -> None:
        raise OSError(numbers[0], "refused")

    monkeypatch.setattr(pyfuse3, "invalidate_inode", invalidate)
    promises = Promises(math.inf)
    promises.make(300)
    promises.revoke()
    del numbers[0]
    promises.make(300)
    with pytest.raises(OSError, match="refused") as raised:
        promises.revoke()
    assert raised.value.errno == errno.EPERM
