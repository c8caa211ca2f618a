"""The keys of branches: equal where the values are the same."""

from __future__ import annotations

import pytest

from allocfs.moments.snapshots import Snapshots
from allocfs.moments.when import NOW, Between, Now, Past, SinceRead, When, Window, varies
from tests.support.moment_fakes import moment


def past(name: str = "a") -> Past:
    return Past(Snapshots().add(name, moment(0)))


def test_a_renamed_snapshot_is_the_same_moment() -> None:
    snapshots = Snapshots()
    before = Past(snapshots.add("a", moment(0)))
    snapshots.rename("a", "b")
    renamed = snapshots.by_name("b")
    assert renamed is not None
    assert Past(renamed) == before
    snapshots.drop("b")
    assert Past(snapshots.add("b", moment(0))) != before


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (Now(), False),
        (past(), False),
        (Between(past(), past()), False),
        (Between(past(), NOW), True),
        (Between(NOW, past()), True),
        (SinceRead(), True),
        (Window(None), True),
        (Window(10**9), True),
    ],
)
def test_values_decide_on_the_tags_of_a_difference_to_now(when: When, expected: bool) -> None:
    assert varies(when) == expected
