"""Leaks of a simulated store: exact to the clock, whoever looks when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import trio
import trio.testing

from allocfs.backend.control import StoreControl, parse_lines
from allocfs.backend.simulated import SimulatedStore
from allocfs.errors import BadControl
from allocfs.formats.text import parse
from tests.support.moment_fakes import FakeClock, S

CAPTURE = b"""allocinfo - version: 2.0
       40960       10 mm/a.c:1 func:a
           0        0 mm/b.c:2 func:b
        1000        1 fs/x.c:3 [xfs] func:x
"""
A, B, X = "mm/a.c:1", "mm/b.c:2", "fs/x.c:3"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1000 * S)


@pytest.fixture
def store(clock: FakeClock) -> SimulatedStore:
    return SimulatedStore(parse(CAPTURE, "capture"), 4, seed=1, rate=0, origin="x", clock=clock)


def control(store: SimulatedStore, *lines: str) -> None:
    for act in parse_lines("\n".join(lines).encode(), StoreControl(store)):
        act()


def grown(store: SimulatedStore, slots: Sequence[int] = (0, 1, 2)) -> list[tuple[int, int]]:
    """Return the bytes and calls of tags beyond those of the capture, after a renew()."""
    store.renew()
    sums = store.sums(np.array(slots))
    start = parse(CAPTURE, "capture").sums
    nbytes = (sums.bytes - start.bytes[list(slots)]).tolist()
    calls = (sums.calls - start.calls[list(slots)]).tolist()
    return list(zip(nbytes, calls, strict=True))


def test_a_leak_grows_by_its_rate(store: SimulatedStore, clock: FakeClock) -> None:
    control(store, f"leak {A} 1M/s", f"leak {B} 100/s")
    assert grown(store) == [(0, 0), (0, 0), (0, 0)]
    clock.now_ns += S // 2
    assert grown(store) == [(1 << 19, 128), (50, 1), (0, 0)]
    clock.now_ns += 3600 * S
    assert grown(store) == [(7201 << 19, 7201 * 128), (360_050, 5626), (0, 0)]


def test_looks_in_between_change_nothing(store: SimulatedStore, clock: FakeClock) -> None:
    control(store, f"leak {A} 333/s")
    for _ in range(1000):
        clock.now_ns += S // 1000 + 7
        store.renew()
    assert grown(store, [0]) == [(333, 1)]


def test_a_new_rate_takes_the_place_of_the_old_one(store: SimulatedStore, clock: FakeClock) -> None:
    control(store, f"leak {A} 4096/s")
    clock.now_ns += 10 * S
    control(store, f"leak {A} 8192/s")
    clock.now_ns += 10 * S
    control(store, f"leak {A} 0")
    clock.now_ns += 10 * S
    assert grown(store, [0]) == [(30 * 4096, 30)]
    control(store, f"leak {A} 0")


def test_an_unload_ends_a_leak(store: SimulatedStore, clock: FakeClock) -> None:
    control(store, f"leak {X} 1K/s", f"leak {A} 1K/s")
    clock.now_ns += S
    control(store, "unload xfs", "load xfs")
    clock.now_ns += S
    store.renew()
    assert store.sums(np.array([0, 2])).bytes.tolist() == [40960 + 2048, 0]
    with pytest.raises(BadControl, match=r"mm/a\.c:9: no tag is loaded there"):
        control(store, "leak mm/a.c:9 1")


def test_leaks_grow_without_requests_and_beside_traffic(store: SimulatedStore) -> None:
    seen: list[int] = []

    async def main() -> None:
        store._leaks._clock = lambda: round(trio.current_time() * S)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.run, lambda: False, trio.current_time)
            await trio.sleep(1)
            control(store, f"leak {A} 1000/s")
            for _ in range(2):
                await trio.sleep(2)
                seen.append(int(store.sums(np.array([0])).bytes[0]) - 40960)
            control(store, "rate 1000")
            await trio.sleep(3)
            assert store.sums(np.array([0, 1, 2])).calls.sum() > 11
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert seen == [pytest.approx(2000, abs=11), pytest.approx(4000, abs=11)]
