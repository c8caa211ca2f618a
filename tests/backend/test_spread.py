"""Spreading a total over CPUs: it sums to the total, and looks like a running kernel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.splitmix import SplitMix64
from allocfs.backend.spread import spread


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20),
    st.integers(1, 300),
    st.integers(0, 2**32),
)
def test_a_spread_sums_to_its_totals(totals: list[int], cpus: int, seed: int) -> None:
    counters = spread(np.array(totals, dtype=np.int64), cpus, SplitMix64(seed))
    assert counters.shape == (len(totals), cpus)
    assert counters.sum(axis=1).tolist() == totals


def test_a_spread_has_negative_counters_and_leaves_idle_tags_alone() -> None:
    counters = spread(np.array([0, 10_000_000]), 64, SplitMix64(1))
    assert not counters[0].any()
    assert (counters[1] < 0).any()
