"""Attributes: how long the kernel may cache them, and their invalidation after a change."""

from __future__ import annotations

import math
import time

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.fuse import promises
from allocfs.fuse.attributes import Access, Attributes
from allocfs.fuse.live import LiveFiles
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.promises import TAGS_VALID, Promises
from allocfs.tags.axis import Axis
from allocfs.vfs.filesystem import BoundFile, Filesystem
from allocfs.vfs.nodes import AboutFile, Scope, TagFile

XFS = TagFile(Scope(), Axis.MODULE, "xfs")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the invalidated inodes; at most three sizes may be valid at the same time."""
    inodes: list[int] = []
    monkeypatch.setattr(promises, "MOST_VALID", 3)
    monkeypatch.setattr(promises, "_invalidate", inodes.append)
    return inodes


@pytest.fixture
def valid() -> Promises:
    return Promises(math.inf)


@pytest.fixture
def described(store: CodetagStore, valid: Promises) -> Attributes:
    filesystem = Filesystem(store)
    return Attributes(filesystem, Access(0, 0), LiveFiles(filesystem, valid, PageDropper()), valid)


def test_the_kernel_is_told_of_each_size_it_was_promised(
    described: Attributes, valid: Promises, told: list[int]
) -> None:
    for inode in (300, 301, 300):
        assert described.of_entry(inode, BoundFile(XFS)).attr_timeout == TAGS_VALID
    described.of_entry(302, BoundFile(AboutFile("stats")))
    valid.forget(301)
    described.tags_changed()
    assert told == [300]
    described.tags_changed()
    assert told == [300]


def test_no_more_sizes_are_promised_than_can_be_taken_back_soon(
    described: Attributes, told: list[int]
) -> None:
    timeouts = [described.of_entry(inode, BoundFile(XFS)).attr_timeout for inode in range(300, 305)]
    assert timeouts == [TAGS_VALID, TAGS_VALID, TAGS_VALID, 0, 0]
    described.tags_changed()
    assert told == [300, 301, 302]
    assert described.of_entry(304, BoundFile(XFS)).attr_timeout == TAGS_VALID


def test_promises_that_have_ended_make_room(
    described: Attributes, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for inode in range(300, 303):
        described.of_entry(inode, BoundFile(XFS))
    now += TAGS_VALID - 1
    assert described.of_entry(300, BoundFile(XFS)).attr_timeout == TAGS_VALID
    now += 2
    assert described.of_entry(303, BoundFile(XFS)).attr_timeout == TAGS_VALID
    described.tags_changed()
    assert told == [300, 303]
