"""The states of profiling, derived from the /proc files of different kernels."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allocfs.kernel.profiling import State, state_of, why_unreadable


def proc(directory: Path, sysctl: str | None, mode: int = 0o644, allocinfo: bool = True) -> Path:
    """Make the files that determine the state; return the path of allocinfo."""
    (directory / "sys/vm").mkdir(parents=True)
    if sysctl is not None:
        file = directory / "sys/vm/mem_profiling"
        file.write_text(sysctl)
        file.chmod(mode)
    path = directory / "allocinfo"
    if allocinfo:
        path.write_text("")
    return path


@pytest.mark.parametrize(
    ("sysctl", "mode", "allocinfo", "state"),
    [
        ("1\n", 0o644, True, State.ON),
        ("1\n", 0o444, True, State.ON),
        ("0\n", 0o644, True, State.OFF),
        ("0\n", 0o644, False, State.OFF),
        ("0\n", 0o444, True, State.LOCKED),
        ("0\n", 0o444, False, State.LOCKED),
        ("1\n", 0o644, False, State.GONE),
        (None, 0, False, State.ABSENT),
        (None, 0, True, State.ON),
    ],
)
def test_the_sysctl_and_the_file_tell_the_state(
    tmp_path: Path, sysctl: str | None, mode: int, allocinfo: bool, state: State
) -> None:
    assert state_of(proc(tmp_path, sysctl, mode, allocinfo)) is state


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_denied(tmp_path: Path) -> None:
    path = proc(tmp_path, "1\n")
    path.chmod(0)
    assert state_of(path) is State.DENIED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can stop being root")
def test_a_file_that_only_root_may_read_is_denied_to_others(tmp_path: Path) -> None:
    path = proc(tmp_path, "1\n")
    path.chmod(0o400)
    for directory in (tmp_path, *tmp_path.parents[:-2]):
        directory.chmod(0o755)
    os.seteuid(65534)
    try:
        assert state_of(path) is State.DENIED
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("sysctl", "allocinfo", "advice"),
    [
        ("0\n", True, "sysctl vm.mem_profiling=1"),
        (None, False, "CONFIG_MEM_ALLOC_PROFILING=y"),
        ("1\n", False, "dmesg"),
    ],
)
def test_an_obstacle_comes_with_advice(
    tmp_path: Path, sysctl: str | None, allocinfo: bool, advice: str
) -> None:
    said = why_unreadable(proc(tmp_path, sysctl, allocinfo=allocinfo))
    assert said is not None
    assert advice in said
    assert "{" not in said


def test_nothing_is_in_the_way_of_what_can_be_read(tmp_path: Path) -> None:
    assert why_unreadable(proc(tmp_path, "1\n")) is None


def test_another_file_that_is_not_there_is_not_taken_for_the_kernels(tmp_path: Path) -> None:
    assert why_unreadable(tmp_path / "allocinfo") is None
