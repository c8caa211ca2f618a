"""The report of a daemon: read to its end, or to a signal, whenever that comes."""

from __future__ import annotations

import os
import select
import signal
import threading
from typing import Any

import pytest

from allocfs.mount import report
from allocfs.mount.report import read_report


def test_a_report_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    text = b"x" * 50_000

    def write() -> None:
        os.write(writing, text)
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    assert read_report(reading) == text
    thread.join()
    os.close(reading)


def test_a_signal_just_before_the_wait_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    handled: list[int] = []

    def note(number: int, _frame: object) -> None:
        handled.append(number)
        if len(handled) > 1:
            raise KeyboardInterrupt

    class Racing:
        """A select() at whose beginning a signal comes."""

        @staticmethod
        def select(*lists: Any) -> object:
            os.kill(os.getpid(), signal.SIGUSR1)
            return select.select(*lists)

    before = signal.signal(signal.SIGUSR1, note)
    monkeypatch.setattr(report, "select", Racing)
    try:
        with pytest.raises(KeyboardInterrupt):
            read_report(reading)
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(reading)
        os.close(writing)
    assert signal.set_wakeup_fd(-1) == -1
