"""Handles: above 0, and never used twice."""

from __future__ import annotations

import pytest

from allocfs.fuse.handles import Handles


@pytest.fixture
def handles() -> Handles[str]:
    return Handles()


def test_handles_count_up_from_1_as_0_stands_for_a_file_without_open(
    handles: Handles[str],
) -> None:
    assert [handles.add(name) for name in ("a", "b", "a")] == [1, 2, 3]
    assert [handles[handle] for handle in (1, 2, 3)] == ["a", "b", "a"]
    assert len(handles) == 3


def test_a_handle_is_not_used_again_after_it_was_dropped(handles: Handles[str]) -> None:
    last = [handles.add(name) for name in ("a", "b")][-1]
    handles.drop(last)
    assert len(handles) == 1
    assert handles.add("c") == 3
    with pytest.raises(KeyError):
        handles[last]
    with pytest.raises(KeyError):
        handles.drop(last)
