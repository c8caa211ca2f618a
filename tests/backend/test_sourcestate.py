"""The state of a source: what it raises, what it says, and one log line for each change."""

from __future__ import annotations

import logging

import pytest

from allocfs.backend.sourcestate import SourceState
from allocfs.errors import SourceFailed, SourceLate


async def answer() -> None:
    """Stand for the end of a pass."""


@pytest.fixture
def state() -> SourceState:
    return SourceState()


def test_a_new_source_is_readable(state: SourceState) -> None:
    state.require()
    assert (str(state), state.failures) == ("ok", 0)


def test_a_failed_source_raises_its_last_reason(state: SourceState) -> None:
    state.failed(SourceFailed("x: No such file or directory"))
    state.failed(OSError("x: another reason"))
    with pytest.raises(SourceFailed, match=r"^x: another reason$"):
        state.require()
    assert (str(state), state.failures) == ("failed: x: another reason", 2)


def test_a_source_that_is_read_again_is_readable_and_its_failures_stay_counted(
    state: SourceState,
) -> None:
    state.failed(SourceFailed("x"))
    state.succeeded()
    state.require()
    assert (str(state), state.failures) == ("ok", 1)


def test_a_late_source_raises_the_way_to_wait_for_it(state: SourceState) -> None:
    state.wait = answer
    with pytest.raises(SourceLate) as raised:
        state.require()
    assert raised.value.answer is answer
    assert str(state) == "late"
    state.wait = None
    state.require()
    assert str(state) == "ok"


def test_a_source_that_failed_and_is_late_has_failed(state: SourceState) -> None:
    state.wait = answer
    state.failed(SourceFailed("x"))
    with pytest.raises(SourceFailed):
        state.require()
    with pytest.raises(SourceLate):
        state.require_answer()
    assert str(state) == "failed: x"


def test_a_failed_source_that_is_not_read_now_has_answered(state: SourceState) -> None:
    state.failed(SourceFailed("x"))
    state.require_answer()


def test_the_log_has_a_line_for_each_change_and_none_for_a_repetition(
    state: SourceState, caplog: pytest.LogCaptureFixture
) -> None:
    state.succeeded()
    for reason in ("first", "second"):
        state.failed(SourceFailed(reason))
    for _ in range(2):
        state.succeeded()
    state.failed(SourceFailed("third"))
    assert caplog.record_tuples == [
        ("allocfs.backend", logging.ERROR, "reads fail from now on: first"),
        ("allocfs.backend", logging.WARNING, "reads work again; they failed because of: second"),
        ("allocfs.backend", logging.ERROR, "reads fail from now on: third"),
    ]
