"""Spread a total over CPUs as a running kernel would have left it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from allocfs.backend.splitmix import SplitMix64
from allocfs.tags.table import Ints

_MOST_MIGRATED = 1 << 40  # keeps the sums of a tag's counters far from overflow


def spread(totals: Ints, cpus: int, random: SplitMix64) -> NDArray[np.int64]:
    """Spread each total over the CPUs, shape (totals, cpus), so that it sums to it exactly.

    Each CPU gets its share and what moved between CPUs: memory that one CPU allocated and
    another freed, so that some counters are negative. A total of zero stays all zeroes.
    """
    shares = np.repeat((totals // cpus)[:, None], cpus, axis=1)
    shares[np.arange(cpus) < (totals % cpus)[:, None]] += 1
    share = np.clip(totals // cpus, -_MOST_MIGRATED, _MOST_MIGRATED)
    limit = (2 * np.abs(share) + 2).astype(np.uint64)
    moved = (random.draw(shares.size).reshape(shares.shape) % limit[:, None]).astype(np.int64)
    moved[totals == 0] = 0
    return shares + moved - np.roll(moved, 1, axis=1)
