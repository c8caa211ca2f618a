"""Which slots are the rows of a slice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.rows import consecutive


@given(st.integers(0, 20), st.integers(0, 20))
def test_consecutive_slots_are_a_slice_that_picks_them(first: int, count: int) -> None:
    rows = consecutive(np.arange(first, first + count))
    assert rows is not None
    assert np.arange(100)[rows].tolist() == list(range(first, first + count))


@given(st.lists(st.integers(0, 5), max_size=6))
def test_a_slice_always_picks_the_slots_it_stands_for(slots: list[int]) -> None:
    rows = consecutive(np.array(slots, dtype=np.intp))
    assert rows is None or np.arange(100)[rows].tolist() == slots


@pytest.mark.parametrize("slots", [[0, 2], [1, 0], [0, 0, 2], [0, 2, 1, 3], [3, 3]])
def test_others_are_not(slots: list[int]) -> None:
    assert consecutive(np.array(slots)) is None
