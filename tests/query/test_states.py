"""States: their words, and the ones that need sums."""

from __future__ import annotations

import pytest

from allocfs.query.states import State, StateCondition, parse_state


@pytest.mark.parametrize("state", State)
def test_a_word_is_a_state(state: State) -> None:
    assert parse_state(state) is state


def test_a_word_can_have_escapes() -> None:
    assert parse_state("%6eew") is State.NEW


@pytest.mark.parametrize("text", ["", "New", "old", "grew", "%zz"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected "):
        parse_state(text)


@pytest.mark.parametrize(
    ("states", "needed"),
    [
        ([State.NEW, State.GONE, State.MOVED], False),
        ([State.GROWN], True),
        ([State.NEW, State.SHRUNK], True),
    ],
)
def test_growth_needs_sums_and_marks_do_not(states: list[State], needed: bool) -> None:
    assert StateCondition(True, frozenset(states)).needs_sums == needed
    assert StateCondition(False, frozenset(states)).needs_sums == needed
