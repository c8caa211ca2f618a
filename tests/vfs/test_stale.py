"""Stale selections: their tags were unloaded, if only for a moment."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import TagGone
from allocfs.vfs.stale import are_all_gone, require_loaded

XFS, REST = np.array([5, 6]), np.array([0, 7])


def test_tags_that_stay_are_not_stale(store: CodetagStore) -> None:
    store.unload("xfs")
    require_loaded(store, 1, REST)
    assert not are_all_gone(store, 1, REST)


@pytest.mark.parametrize("again", [False, True])
def test_tags_that_were_unloaded_are_stale_even_if_they_are_loaded_again(
    store: CodetagStore, again: bool
) -> None:
    store.unload("xfs")
    if again:
        store.load("xfs")
    with pytest.raises(TagGone, match="was unloaded"):
        require_loaded(store, 1, XFS)
    assert are_all_gone(store, 1, XFS)
    assert not are_all_gone(store, store.content_id, XFS) or not again


def test_one_tag_that_is_gone_makes_a_selection_stale_but_not_gone(store: CodetagStore) -> None:
    store.unload("xfs")
    both = np.concatenate([REST, XFS])
    with pytest.raises(TagGone):
        require_loaded(store, 1, both)
    assert not are_all_gone(store, 1, both)


def test_no_tags_are_never_stale(store: CodetagStore) -> None:
    none = np.empty(0, dtype=np.intp)
    require_loaded(store, 1, none)
    assert not are_all_gone(store, 1, none)
