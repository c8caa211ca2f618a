"""Random numbers: the sequence of splitmix64, and its distribution."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from allocfs.backend.splitmix import SplitMix64


def splitmix64(state: int) -> tuple[int, int]:
    """Compute a number as splitmix64.c does, line by line; return the next state and it."""
    state = (state + 0x9E3779B97F4A7C15) & (1 << 64) - 1
    z = state
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & (1 << 64) - 1
    return state, z ^ (z >> 31)


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, 2**64 - 1])
def test_the_numbers_are_those_of_splitmix64_however_many_are_drawn_at_once(seed: int) -> None:
    random = SplitMix64(seed)
    drawn = np.concatenate([random.draw(count) for count in (1, 0, 7, 100)]).tolist()
    state, expected = seed, []
    for _ in drawn:
        state, number = splitmix64(state)
        expected.append(number)
    assert drawn == expected


def test_the_first_numbers_are_the_published_ones() -> None:
    assert SplitMix64(1234567).draw(3).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@pytest.mark.parametrize("limit", [1, 2, 7, 224])
def test_numbers_below_a_limit_are_evenly_spread(limit: int) -> None:
    counts = np.bincount(SplitMix64(1).below(limit, 1000 * limit), minlength=limit)
    assert len(counts) == limit
    # 1000 are expected of each, with a standard deviation of at most 32.
    assert (np.abs(counts - 1000) < 5 * 32).all()


def test_fractions_are_evenly_spread_from_0_to_1() -> None:
    fractions = SplitMix64(1).fractions(100_000)
    assert 0 <= fractions.min() <= fractions.max() < 1
    counts, _ = np.histogram(fractions, bins=100, range=(0, 1))
    assert (np.abs(counts - 1000) < 5 * 32).all()
    # Neighbours do not go together: the deviation of this is 0.003.
    assert abs(np.corrcoef(fractions[1:], fractions[:-1])[0, 1]) < 0.015


def test_a_simulated_store_does_without_numpy_random() -> None:
    code = """
import sys
from allocfs.backend.simulated import SimulatedStore, default_capture
from allocfs.formats.text import parse
store = SimulatedStore(parse(default_capture(), "default"), 4, 1, 0, "default")
sys.exit("numpy.random" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
