"""The short form of `make programs`: programs of a plain Debian, in each serving mode."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Mounter
from tests.programs.build import compile_c
from tests.programs.catalog import MODES, PROGRAMS, SHORT_GROUPS
from tests.programs.runs import OPTIONS, Bench, Outcome, Output, judge, judge_names

SHORT = [program for program in PROGRAMS if program.short]
FILLING = ("C sendfile", "C splice", "C mmap, private")  # fill the page cache


def may_be_refused(program: str, mode: str) -> bool:
    """Tell whether semantics.md lets a mode refuse a program."""
    if program == "C copy_file_range":
        return True  # Linux refuses it between two file systems
    return mode != "max_age=1s" and (program == "C mmap, shared" or program in FILLING)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    directory = tmp_path_factory.mktemp("built")
    compile_c(directory)
    return directory


@pytest.mark.parametrize("mode", MODES)
def test_each_program_is_right_or_refused(
    mounts: Mounter, built: Path, tmp_path: Path, mode: str
) -> None:
    bench = Bench(mounts(",".join(filter(None, (OPTIONS, MODES[mode])))), tmp_path, built)
    for command in ("alloc", "free"):
        for program, path, result in bench.round(SHORT, SHORT_GROUPS):
            where = f"{program.name} on {path}: {result}"
            assert result.outcome != Outcome.WRONG, where
            assert result.outcome == Outcome.RIGHT or may_be_refused(program.name, mode), where
        bench.change(command)


def test_missing_and_surplus_bytes_are_wrong() -> None:
    for data in (b"", b"12", b"1234", b"124"):
        assert judge(Output(0, data, ""), b"123").outcome == Outcome.WRONG
    assert judge(Output(0, b"123", ""), b"123").outcome == Outcome.RIGHT


def test_an_error_is_a_refusal_only_if_nothing_was_written() -> None:
    assert judge(Output(1, b"", "mmap: No such device"), b"123").outcome == Outcome.REFUSED
    assert judge(Output(1, b"1", "mmap: No such device"), b"123").outcome == Outcome.WRONG


def test_a_signal_is_wrong() -> None:
    for status in (-7, 128 + 7):
        assert judge(Output(status, b"", ""), b"").outcome == Outcome.WRONG


def test_stats_are_compared_by_their_names() -> None:
    plain = b"opens 1\nreads 2\n"
    assert judge_names(Output(0, b"opens 5\nreads 9\nerrors 1\n", ""), plain).outcome == 0
    for data in (b"", b"opens 1\n", b"opens 1\nreads 2"):
        assert judge_names(Output(0, data, ""), plain).outcome == Outcome.WRONG
