"""Conditions on the state of a codetag in a diff: how it differs between two moments."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from allocfs.tags.spelling import unescape


class State(StrEnum):
    """A difference between two moments; a new or gone codetag can also be grown or shrunk."""

    NEW = "new"
    GONE = "gone"
    GROWN = "grown"
    SHRUNK = "shrunk"
    MOVED = "moved"
    UNKNOWN = "unknown"


MARKS = frozenset({State.NEW, State.GONE, State.MOVED, State.UNKNOWN})
"""The states for which nothing is summed. A codetag has at most one of them."""


class StateCondition(NamedTuple):
    """A codetag has one of some states; if not wanted, none of them."""

    wanted: bool
    states: frozenset[State]

    @property
    def needs_sums(self) -> bool:
        """Whether counters decide."""
        return not self.states <= MARKS


CHANGED = StateCondition(True, frozenset({State.GROWN, State.SHRUNK}))
"""The condition that values differ: every codetag of which they do has grown or shrunk."""


def parse_state(text: str) -> State:
    """Read an alternative of a condition; raise ValueError, naming the expected words."""
    word = unescape(text)
    if word not in list(State):
        raise ValueError(f"expected {', '.join(State)}")
    return State(word)
