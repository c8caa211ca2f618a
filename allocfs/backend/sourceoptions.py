"""The mount options that choose and shape a backend.

Nothing here imports numpy: options are checked before the slow imports.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NO_SOURCE = ("none", "allocfs")
"""As SOURCE, these stand for the simulated store."""


@dataclass(frozen=True)
class SourceOptions:
    """The mount options that choose and shape a backend."""

    cpus: int = 224
    seed: int = 1
    rate: int = 0  # allocations and frees a second
    max_age: float | None = None  # seconds; 0 is live, None is the default of the source
    interface: str | None = None  # None: the ioctl of a live source if it has one
    simulate: bool = False
    speed: float = 1.0
    step: bool = False
    lenient: bool = False  # read pasted texts, mail and logs
    given: frozenset[str] = field(default=frozenset(), compare=False)
    """The names of the fields that mount options set, to their default value or another."""
