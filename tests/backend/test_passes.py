"""Passes, and the thread that runs them."""

from __future__ import annotations

import threading
from itertools import count

import pytest

from allocfs.backend.passes import Pass, PassThread


def test_a_pass_is_not_waited_for_longer_than_patience() -> None:
    gate = threading.Event()
    held = PassThread(gate.wait, count().__next__).begin()
    assert not held.ended()
    assert not held.ended(patience=0.001)
    gate.set()
    assert held.ended(patience=None)
    assert held.result() is True
    assert held.began_ns < held.ended_ns


def test_what_a_pass_raises_is_raised_where_its_result_is_asked_for() -> None:
    failed = Pass(lambda: 1 // 0, count().__next__)
    failed.make()
    assert failed.ended()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            failed.result()


def test_one_thread_makes_all_passes_even_after_one_that_failed() -> None:
    made: list[int] = []

    def work() -> None:
        made.append(threading.get_ident())
        raise OSError

    thread = PassThread(work, count().__next__)
    for _ in range(3):
        assert thread.begin().ended(patience=None)
    assert len(set(made)) == 1
    assert made[0] != threading.get_ident()
