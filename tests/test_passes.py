"""Passes in threads of their own."""

from __future__ import annotations

import threading
from itertools import count

import pytest

from allocfs.backend.passes import Pass


def test_a_pass_is_not_waited_for_longer_than_patience() -> None:
    gate = threading.Event()
    held = Pass(gate.wait, count().__next__)
    assert not held.ended()
    assert not held.ended(patience=0.001)
    gate.set()
    assert held.ended(patience=None)
    assert held.result() is True
    assert held.began_ns < held.ended_ns


def test_what_a_pass_raises_is_raised_where_its_result_is_asked_for() -> None:
    failed = Pass(lambda: 1 // 0, count().__next__)
    assert failed.ended(patience=None)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            failed.result()
