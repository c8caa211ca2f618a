"""Attributes: how long the kernel may cache them, and their invalidation after a change."""

from __future__ import annotations

import time

import pytest

from allocfs.backend.codetag import CodetagStore
from allocfs.fuse import attributes
from allocfs.fuse.attributes import TAGS_VALID, Access, Attributes
from allocfs.vfs.filesystem import Filesystem
from allocfs.vfs.nodes import AboutFile, Group, Scope, TagFile

XFS = TagFile(Scope(), Group.MODULE, "xfs")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the invalidated inodes; at most three sizes may be valid at the same time."""
    inodes: list[int] = []
    monkeypatch.setattr(attributes, "MOST_VALID", 3)
    monkeypatch.setattr(attributes, "_invalidate", inodes.append)
    return inodes


@pytest.fixture
def described(store: CodetagStore) -> Attributes:
    return Attributes(Filesystem(store), Access(0, 0), None)


def test_the_kernel_is_told_of_each_size_it_was_promised(
    described: Attributes, told: list[int]
) -> None:
    for inode in (300, 301, 300):
        assert described.of(inode, XFS).attr_timeout == TAGS_VALID
    described.of(302, AboutFile("stats"))
    described.forget(301)
    described.tags_changed()
    assert told == [300]
    described.tags_changed()
    assert told == [300]


def test_no_more_sizes_are_promised_than_can_be_taken_back_soon(
    described: Attributes, told: list[int]
) -> None:
    timeouts = [described.of(inode, XFS).attr_timeout for inode in range(300, 305)]
    assert timeouts == [TAGS_VALID, TAGS_VALID, TAGS_VALID, 0, 0]
    described.tags_changed()
    assert told == [300, 301, 302]
    assert described.of(304, XFS).attr_timeout == TAGS_VALID


def test_promises_that_have_ended_make_room(
    described: Attributes, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for inode in range(300, 303):
        described.of(inode, XFS)
    now += TAGS_VALID - 1
    assert described.of(300, XFS).attr_timeout == TAGS_VALID
    now += 2
    assert described.of(303, XFS).attr_timeout == TAGS_VALID
    described.tags_changed()
    assert told == [300, 303]
