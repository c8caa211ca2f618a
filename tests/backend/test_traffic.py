"""Traffic on a simulated store: repeatable, and every allocation is freed once."""

from __future__ import annotations

import numpy as np
import pytest

from allocfs.backend.simulated import SimulatedStore, default_capture
from allocfs.backend.traffic import Traffic
from allocfs.formats.text import Listing, parse


@pytest.fixture(scope="module")
def listing() -> Listing:
    return parse(default_capture(), "default")


def test_the_same_seed_gives_the_same_counters(listing: Listing) -> None:
    first, second, other = (
        SimulatedStore(listing, 4, seed=seed, rate=0, origin="default") for seed in (5, 5, 6)
    )
    for store in (first, second, other):
        for _ in range(3):
            Traffic(store, listing.sums, seed=store is other).tick(100)
    assert np.array_equal(first.counters, second.counters)
    assert not np.array_equal(first.counters, other.counters)


def test_traffic_frees_all_that_it_allocated(listing: Listing) -> None:
    store = SimulatedStore(listing, 4, seed=1, rate=0, origin="default")
    traffic = Traffic(store, listing.sums, seed=1)
    traffic.tick(1000)
    assert not np.array_equal(store.sums(store.tags.slots).calls, listing.sums.calls)
    for _ in range(200):
        traffic.tick(0)
    assert np.array_equal(store.sums(store.tags.slots).calls, listing.sums.calls)
    assert np.array_equal(store.sums(store.tags.slots).bytes, listing.sums.bytes)


def test_traffic_never_frees_what_an_unloaded_module_had(listing: Listing) -> None:
    store = SimulatedStore(listing, 4, seed=1, rate=0, origin="default")
    traffic = Traffic(store, listing.sums, seed=1)
    traffic.tick(10_000)
    store.unload("ext4")
    store.load("ext4")
    for _ in range(200):
        traffic.tick(0)
    ext4 = listing.table.module.values.index("ext4")
    mine = np.flatnonzero(listing.table.module.ids == ext4)
    assert not store.sums(mine).calls.any()
