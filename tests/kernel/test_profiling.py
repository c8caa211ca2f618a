"""The states of profiling, derived from the /proc files of different kernels."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allocfs.kernel.profiling import State, Watch, is_compressed, state_of, why_unreadable


def proc(
    directory: Path,
    sysctl: str | None,
    mode: int = 0o644,
    allocinfo: bool = True,
    compressed: str | None = None,
) -> Path:
    """Make the files that determine the state; return the path of allocinfo."""
    (directory / "sys/vm").mkdir(parents=True)
    if sysctl is not None:
        file = directory / "sys/vm/mem_profiling"
        file.write_text(sysctl)
        file.chmod(mode)
    if compressed is not None:
        (directory / "sys/vm/mem_profiling_compressed").write_text(compressed)
    path = directory / "allocinfo"
    if allocinfo:
        path.write_text("")
    return path


# The states that Linux 6.12, 7.2 and 7.3 were seen in, by their boot parameter. A kernel with
# CONFIG_MEM_ALLOC_PROFILING_DEBUG was not: its rows follow from proc_mem_profiling_handler().
BOOTED = {
    "6.12, 1": ("1\n", 0o644, True, State.ON),
    "6.12, 0": ("0\n", 0o644, True, State.OFF),
    "6.12, never": ("0\n", 0o444, True, State.LOCKED),
    "6.12 that debugs, 0": ("0\n", 0o444, True, State.LOCKED),
    "6.12 that debugs, 1": ("1\n", 0o444, True, State.ON),
    "7.2, 1": ("1\n", 0o644, True, State.ON),
    "7.2, 0": ("0\n", 0o644, True, State.OFF),
    "7.2, never": ("0\n", 0o644, False, State.UNSUPPORTED),
    "7.2 that debugs, 0": ("0\n", 0o644, True, State.OFF),
}


@pytest.mark.parametrize("booted", BOOTED)
def test_kernels_are_recognised_by_their_files(tmp_path: Path, booted: str) -> None:
    sysctl, mode, allocinfo, state = BOOTED[booted]
    assert state_of(proc(tmp_path, sysctl, mode, allocinfo)) is state


@pytest.mark.parametrize(
    ("sysctl", "mode", "allocinfo", "state"),
    [
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
        ("0\n", True, "switch it on with `sysctl vm.mem_profiling=1`"),
        ("0\n", True, "_DEBUG refuses the former with EACCES"),
        ("0\n", False, "cannot switch it on: boot with sysctl.vm.mem_profiling=1"),
        ("0\n", False, "dmesg"),
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


@pytest.mark.parametrize(("mode", "compressed"), [("0\n", False), ("1\n", True), (None, False)])
def test_the_mode_is_known_where_the_kernel_tells_it(
    tmp_path: Path, mode: str | None, compressed: bool
) -> None:
    path = proc(tmp_path, "1\n", compressed=mode)
    assert is_compressed(path) is compressed
    assert Watch(path).describe() == f"profiling on{' (compressed)' if compressed else ''}\n"


class Switch:
    """Files of a kernel that runs, which a test changes, and a clock that it sets."""

    def __init__(self, directory: Path) -> None:
        self.path = proc(directory, "1\n")
        self.now = 0.0
        self.watch = Watch(self.path, lambda: self.now)

    def set(self, sysctl: str) -> None:
        (self.path.parent / "sys/vm/mem_profiling").write_text(sysctl)


@pytest.fixture
def switch(tmp_path: Path) -> Switch:
    return Switch(tmp_path)


def test_profiling_that_is_switched_off_is_off_since_the_look_that_found_it(
    switch: Switch,
) -> None:
    assert switch.watch.describe() == "profiling on\n"
    switch.set("0\n")
    switch.now = 86400.5
    assert switch.watch.look() is State.OFF
    switch.now = 90000
    assert switch.watch.describe() == "profiling off since 1970-01-02T00:00:00Z\n"
    switch.set("1\n")
    assert switch.watch.describe() == "profiling on\n"
    assert switch.watch.why_unreadable() is None
    switch.set("0\n")
    assert switch.watch.describe() == "profiling off since 1970-01-02T01:00:00Z\n"


def test_profiling_that_was_on_and_lost_its_file_was_shut_down(switch: Switch) -> None:
    switch.watch.look()
    switch.set("0\n")
    switch.now = 3600
    assert switch.watch.look() is State.OFF
    switch.path.unlink()  # the kernel removes the file after it has switched profiling off
    switch.now = 7200
    assert switch.watch.look() is State.SHUT_DOWN
    said = switch.watch.why_unreadable()
    assert said is not None
    assert f"shut memory allocation profiling down and removed {switch.path}" in said
    assert "without `,compressed`" in said
    assert switch.watch.describe() == "profiling shut down since 1970-01-01T01:00:00Z\n"


def test_profiling_that_was_never_on_was_not_shut_down(tmp_path: Path) -> None:
    watch = Watch(proc(tmp_path, "0\n", allocinfo=False))
    assert watch.look() is watch.look() is State.UNSUPPORTED
    assert watch.describe().startswith("profiling off since ")


def test_a_source_without_a_sysctl_beside_it_has_no_line(tmp_path: Path) -> None:
    assert Watch(proc(tmp_path, None)).describe() == ""
    assert Watch(tmp_path / "elsewhere/allocinfo").describe() == ""


def test_a_source_without_a_sysctl_is_not_looked_at_to_describe_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(proc(tmp_path, None))
    monkeypatch.setattr("allocfs.kernel.profiling.state_of", pytest.fail)
    assert watch.describe() == ""
