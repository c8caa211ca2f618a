"""Measurements on one CPU: this process and its children, and no longer than asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from allocfs.compare.onecpu import on_one_cpu

COUNT = "import os; print(len(os.sched_getaffinity(0)))"


def test_a_process_and_its_children_run_on_one_allowed_cpu() -> None:
    allowed = os.sched_getaffinity(0)
    with on_one_cpu():
        chosen = os.sched_getaffinity(0)
        assert len(chosen) == 1
        assert chosen <= allowed
        assert subprocess.check_output([sys.executable, "-c", COUNT]) == b"1\n"
    assert os.sched_getaffinity(0) == allowed


def test_the_cpus_are_given_back_after_a_failure() -> None:
    allowed = os.sched_getaffinity(0)
    with pytest.raises(ZeroDivisionError), on_one_cpu():
        raise ZeroDivisionError
    assert os.sched_getaffinity(0) == allowed
