"""The counts of `.allocfs/stats`: their names, units and order."""

from __future__ import annotations

from dataclasses import fields

import pytest

from allocfs.vfs.stats import Stats

ACTIVITY = ("lookups", "opens", "open_files", "reads", "ioctls", "inodes")
OTHERS = ("bytes_served", "records_served", "waiting", "slowest_ns")


def test_the_counts_begin_at_zero_but_for_the_root() -> None:
    assert Stats().counts() == {
        "lookups": 0,
        "opens": 0,
        "open_files": 0,
        "reads": 0,
        "bytes_served": 0,
        "records_served": 0,
        "ioctls": 0,
        "inodes": 1,
        "waiting": 0,
        "slowest_us": 0,
    }


def test_every_field_is_shown() -> None:
    stats = Stats()
    for number, name in enumerate((*ACTIVITY, *OTHERS), 2):
        setattr(stats, name, number * 1000)
    shown = stats.counts()
    assert shown.pop("slowest_us") == stats.slowest_ns // 1000 > 0
    assert shown == {name: getattr(stats, name) for name in shown}
    assert {field.name for field in fields(Stats)} == {*shown, "slowest_ns", "errors"}


@pytest.mark.parametrize("name", [*ACTIVITY, *OTHERS])
def test_requests_that_may_leave_memory_behind_change_the_activity(name: str) -> None:
    stats = Stats()
    before = stats.activity()
    setattr(stats, name, getattr(stats, name) + 1)
    assert (stats.activity() != before) == (name in ACTIVITY)


def test_the_common_errors_are_shown_at_zero_in_the_order_of_their_numbers() -> None:
    assert Stats().error_counts() == dict.fromkeys(
        """
        error_ENOENT error_EIO error_ENOMEM error_EINVAL error_EMFILE error_ENOTTY error_EROFS
        error_ENAMETOOLONG error_ENODATA error_ESTALE
        """.split(),
        0,
    )
    assert list(Stats().error_counts())[:2] == ["error_ENOENT", "error_EIO"]


def test_other_errors_are_shown_once_they_occur_by_name_or_by_number() -> None:
    stats = Stats()
    stats.errors.update({2: 3, 11: 1, 9999: 2})
    shown = stats.error_counts()
    assert (shown["error_ENOENT"], shown["error_EAGAIN"], shown["error_9999"]) == (3, 1, 2)
    assert list(shown)[-1] == "error_9999"
    assert "error_EAGAIN" not in Stats().error_counts()
