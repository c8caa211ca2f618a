"""Which backend a SOURCE gets, and that nothing else is served in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs import sources
from allocfs.backend.procfs import TextBackend
from allocfs.backend.replay import Replay
from allocfs.backend.simulated import SimulatedStore
from allocfs.backend.static import StaticCapture
from allocfs.errors import BadCapture, SourceFailed
from allocfs.options import MountOptions
from allocfs.sources import is_live, open_source
from tests.source_fakes import pairs, text

ALL = ["", "xfs", "ext4"]
FEW_CPUS = MountOptions(cpus=2)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(text(ALL, 1))
    return path


@pytest.fixture
def later(tmp_path: Path, capture: Path) -> Path:
    path = tmp_path / "b.txt"
    path.write_bytes(text(["", "ext4"], 2))
    return path


@pytest.mark.parametrize("source", [None, "none", "allocfs"])
def test_nothing_is_the_simulated_store(source: str | None) -> None:
    opened = open_source(source, FEW_CPUS)
    assert isinstance(opened.backend, SimulatedStore)
    assert opened.controlled is opened.backend
    assert opened.run is not None


def test_a_file_is_served_as_it_is(capture: Path) -> None:
    opened = open_source(str(capture), FEW_CPUS)
    assert isinstance(opened.backend, StaticCapture)
    assert opened.controlled is None
    assert opened.run is None


def test_a_file_can_be_where_the_simulated_store_starts(capture: Path) -> None:
    backend = open_source(str(capture), MountOptions(cpus=2, simulate=True)).backend
    assert isinstance(backend, SimulatedStore)
    assert backend.sums(backend.tags.slots[:3]).bytes.tolist() == [1000, 1001, 1002]
    assert pairs(backend.describe())["capture"] == str(capture)


def test_a_directory_is_a_series_that_is_played(later: Path) -> None:
    opened = open_source(str(later.parent), FEW_CPUS)
    assert isinstance(opened.backend, Replay)
    assert opened.backend.extra_stats() == {"capture": 1, "captures": 2}
    assert opened.controlled is None


def test_a_series_by_steps_is_controlled(later: Path) -> None:
    opened = open_source(str(later.parent), MountOptions(step=True))
    assert isinstance(opened.controlled, Replay)
    opened.controlled.next()
    assert opened.backend.tags.content_id == 2


def test_files_joined_by_colons_are_a_series(capture: Path, later: Path) -> None:
    backend = open_source(f"{later}:{capture}", FEW_CPUS).backend
    assert isinstance(backend, Replay)
    assert pairs(backend.describe())["source"] == str(later)


def test_a_colon_can_be_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "at-12:30.txt"
    path.write_bytes(text(ALL, 1))
    assert isinstance(open_source(str(path), FEW_CPUS).backend, StaticCapture)


@pytest.mark.parametrize(("max_age", "said"), [(None, "1"), (0.0, "0"), (0.25, "0.25")])
def test_an_interface_makes_a_file_a_live_source(
    capture: Path, max_age: float | None, said: str
) -> None:
    opened = open_source(str(capture), MountOptions(interface="text", max_age=max_age))
    assert isinstance(opened.backend, TextBackend)
    assert pairs(opened.backend.describe())["max_age"] == said
    assert opened.run is not None


def test_a_file_has_no_ioctl(capture: Path) -> None:
    with pytest.raises(SourceFailed, match="mount with -o interface=text"):
        open_source(str(capture), MountOptions(interface="ioctl"))


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for options in (FEW_CPUS, MountOptions(interface="text"), MountOptions(simulate=True)):
        with pytest.raises(SourceFailed, match=r"nothing: No such file or directory"):
            open_source(str(tmp_path / "nothing"), options)


def test_a_bad_capture_is_refused_by_line(capture: Path) -> None:
    capture.write_bytes(capture.read_bytes() + b"nonsense\n")
    for options in (FEW_CPUS, MountOptions(interface="text"), MountOptions(simulate=True)):
        with pytest.raises(BadCapture, match=r"a\.txt:112: expected bytes"):
            open_source(str(capture), options)


def test_the_kernel_is_not_replaced_by_a_simulation(tmp_path: Path) -> None:
    """As on a kernel without profiling."""
    (tmp_path / "sys/vm").mkdir(parents=True)
    with pytest.raises(SourceFailed, match="no memory allocation profiling"):
        open_source(str(tmp_path / "allocinfo"), MountOptions(interface="text"))
    (tmp_path / "sys/vm/mem_profiling").write_text("0\n")
    (tmp_path / "allocinfo").write_bytes(text(ALL, 1))
    with pytest.raises(SourceFailed, match="profiling is off"):
        open_source(str(tmp_path / "allocinfo"), MountOptions(interface="text"))


def test_files_of_proc_are_live_and_others_are_not(capture: Path) -> None:
    assert is_live("/proc/allocinfo")
    assert is_live("/proc/self/stat")
    assert not is_live("/proc")
    assert not is_live(str(capture))
    assert not is_live(str(capture.parent / "nothing"))


def test_files_of_a_mount_are_live(
    capture: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = capture.stat().st_dev
    mounts = tmp_path / "mountinfo"
    number = f"{device >> 8 & 0xFFF}:{device & 0xFF | device >> 12 & 0xFFF00}"
    mounts.write_text(f"36 35 {number} / /m rw,nosuid master:1 - fuse.allocfs none rw\n")
    monkeypatch.setattr(sources, "_MOUNTS", mounts)
    assert is_live(str(capture))


def test_a_series_with_a_capture_missing_is_refused_at_once(capture: Path) -> None:
    with pytest.raises(SourceFailed, match="no such capture"):
        open_source(f"{capture}:{capture}.missing", MountOptions())
