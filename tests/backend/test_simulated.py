"""The simulated source: the sums of the capture, and traffic that keeps them consistent."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from allocfs.backend.control import Event
from allocfs.backend.simulated import FROM_FILE, SimulatedStore, default_capture
from allocfs.backend.sourceoptions import SourceOptions
from allocfs.backend.traffic import Traffic
from allocfs.errors import BadControl, SourceFailed
from allocfs.formats.text import Listing, parse
from allocfs.formats.textlines import HEADER
from allocfs.query.language import parse as parse_query
from allocfs.query.selection import judge_counters


@pytest.fixture(scope="module")
def listing() -> Listing:
    return parse(default_capture(), "default")


@pytest.mark.parametrize("cpus", [1, 7, 224])
def test_the_store_starts_with_the_sums_of_the_capture(listing: Listing, cpus: int) -> None:
    store = SimulatedStore(listing, cpus, seed=3, rate=0, origin="default")
    sums = store.sums(store.tags.slots)
    assert np.array_equal(sums.bytes, listing.sums.bytes)
    assert np.array_equal(sums.calls, listing.sums.calls)


def test_control_events_count_on_one_cpu(listing: Listing) -> None:
    store = SimulatedStore(listing, 4, seed=1, rate=0, origin="default")
    before = store.counters.copy()
    store.alloc(Event("arch/x86/events/rapl.c", 606, 4096, 1, 3))
    store.free(Event("arch/x86/events/rapl.c", 606, 96, 0, 0))
    changed = np.argwhere(store.counters != before).tolist()
    slot = changed[0][0]
    assert listing.table.tag(slot).function == "rapl_cpu_online"
    assert (store.counters - before)[slot].tolist() == [[-96, 0, 0, 4096], [0, 0, 0, 1]]


@pytest.mark.parametrize(
    "event", [Event("nosuch.c", 1, 1, 1, 0), Event("arch/x86/events/rapl.c", 606, 1, 1, 4)]
)
def test_events_nowhere_are_refused(listing: Listing, event: Event) -> None:
    store = SimulatedStore(listing, 4, seed=1, rate=0, origin="default")
    with pytest.raises(BadControl):
        store.alloc(event)


def test_a_size_condition_sums_few_tags_under_traffic(listing: Listing) -> None:
    store = SimulatedStore(listing, 224, seed=1, rate=0, origin="default")
    traffic = Traffic(store, listing.sums, seed=1)
    for _ in range(20):
        for _ in range(10):
            traffic.tick(1000)
        before = store.counters_read
        found = judge_counters(parse_query("min_size=1M"), store, store.tags.slots)
        assert store.counters_read - before <= 3219 * 224 / 10
        sums = store.sums(store.tags.slots).bytes
        assert found.tolist() == store.tags.slots[sums >= 1 << 20].tolist()


def test_a_simulation_starts_from_a_compressed_capture_but_not_from_a_header(
    tmp_path: Path,
) -> None:
    path = tmp_path / "capture"
    path.write_bytes(gzip.compress(default_capture()))
    options = SourceOptions(cpus=2, simulate=True)
    store = FROM_FILE.open(str(path), options)
    assert len(store.tags.slots) == 3219
    path.write_bytes(gzip.compress(HEADER))
    with pytest.raises(SourceFailed, match="lists no codetags"):
        FROM_FILE.open(str(path), options)
