"""Random numbers from a seed, without the 4 MiB that numpy.random takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from allocfs.tags.table import Slots, Uints

_GAMMA = np.uint64(0x9E3779B97F4A7C15)


class SplitMix64:
    """Sebastiano Vigna's splitmix64, https://prng.di.unimi.it/splitmix64.c, many at a time.

    It is the generator of Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014: a hash of a counter.
    """

    def __init__(self, seed: int) -> None:
        """Begin the sequence of a seed, of which the lower 64 bits count."""
        self._state = seed % 2**64

    def draw(self, count: int) -> Uints:
        """Return the next numbers, each any u64."""
        z = np.arange(1, count + 1, dtype=np.uint64)
        z *= _GAMMA
        z += np.uint64(self._state)
        self._state = (self._state + count * int(_GAMMA)) % 2**64
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        return z

    def fractions(self, count: int) -> NDArray[np.float64]:
        """Return numbers from 0 to 1, excluded."""
        return (self.draw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, limit: int, count: int) -> Slots:
        """Return numbers from 0 to a limit, excluded, that is far below 2**64."""
        return (self.draw(count) % np.uint64(limit)).astype(np.intp)
