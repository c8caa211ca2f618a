"""The choice of a backend for a SOURCE, and the refusal of a SOURCE that cannot be served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pytest

from allocfs.backend import livesource as live
from allocfs.backend.control import SeriesControl
from allocfs.backend.livesource import is_live
from allocfs.backend.procfs import TextBackend
from allocfs.backend.replay import SERIES, Replay
from allocfs.backend.simulated import SimulatedStore
from allocfs.backend.static import StaticCapture
from allocfs.errors import BadCapture, OptionError, SourceFailed
from allocfs.kernel import mounttable
from allocfs.mount.options import MountOptions, parse_options
from allocfs.mount.sources import OPTION_USES, kind_of, open_source
from tests.support.source_fakes import pairs, text

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
    backend = open_source(source, FEW_CPUS)
    assert isinstance(backend, SimulatedStore)
    assert backend.control is not None
    assert not backend.rereads_source


def test_a_file_is_served_as_it_is(capture: Path) -> None:
    backend = open_source(str(capture), FEW_CPUS)
    assert isinstance(backend, StaticCapture)
    assert backend.control is None
    assert not backend.rereads_source


def test_a_file_can_be_where_the_simulated_store_starts(capture: Path) -> None:
    backend = open_source(str(capture), MountOptions(cpus=2, simulate=True))
    assert isinstance(backend, SimulatedStore)
    assert backend.sums(backend.tags.slots[:3]).bytes.tolist() == [1000, 1001, 1002]
    assert pairs(backend.describe())["capture"] == str(capture)


def test_a_directory_is_a_series_that_is_played(later: Path) -> None:
    backend = open_source(str(later.parent), FEW_CPUS)
    assert isinstance(backend, Replay)
    assert backend.extra_stats() == {"capture": 1, "captures": 2}
    assert backend.control is None


def test_a_series_by_steps_is_controlled(later: Path) -> None:
    backend = open_source(str(later.parent), MountOptions(step=True))
    assert isinstance(backend.control, SeriesControl)
    backend.control.action("next")()
    assert backend.tags.content_id == 2


def test_files_joined_by_colons_are_a_series(capture: Path, later: Path) -> None:
    backend = open_source(f"{later}:{capture}", FEW_CPUS)
    assert isinstance(backend, Replay)
    assert pairs(backend.describe())["source"] == str(later)


def test_a_colon_can_be_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "at-12:30.txt"
    path.write_bytes(text(ALL, 1))
    assert isinstance(open_source(str(path), FEW_CPUS), StaticCapture)


@pytest.mark.parametrize(("max_age", "said"), [(None, "1"), (0.0, "0"), (0.25, "0.25")])
def test_an_interface_makes_a_file_a_live_source(
    capture: Path, max_age: float | None, said: str
) -> None:
    backend = open_source(str(capture), MountOptions(interface="text", max_age=max_age))
    assert isinstance(backend, TextBackend)
    assert pairs(backend.describe())["max_age"] == said
    assert backend.rereads_source


def test_a_file_has_no_ioctl(capture: Path) -> None:
    with pytest.raises(SourceFailed, match="mount with -o interface=text"):
        open_source(str(capture), MountOptions(interface="ioctl"))


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for options in (FEW_CPUS, MountOptions(interface="text"), MountOptions(simulate=True)):
        with pytest.raises(SourceFailed, match=r"nothing: No such file or directory"):
            open_source(str(tmp_path / "nothing"), options)


def test_a_bad_capture_is_refused_by_line_and_a_live_text_is_not(capture: Path) -> None:
    capture.write_bytes(capture.read_bytes() + b"nonsense\n")
    for options in (FEW_CPUS, MountOptions(simulate=True)):
        with pytest.raises(BadCapture, match=r"a\.txt:112: expected bytes"):
            open_source(str(capture), options)
    live = open_source(str(capture), MountOptions(interface="text"))
    assert "notice ignored 1 line such as 'nonsense'" in live.describe()


def test_the_kernel_is_not_replaced_by_a_simulation(tmp_path: Path) -> None:
    """This is the state of a kernel without profiling."""
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
    monkeypatch.setattr(live, "filesystem_of", partial(mounttable.filesystem_of, table=mounts))
    assert is_live(str(capture))


def test_a_series_with_a_capture_missing_is_refused_at_once(capture: Path) -> None:
    with pytest.raises(SourceFailed, match="no such capture"):
        open_source(f"{capture}:{capture}.missing", MountOptions())


# Options that apply to a SOURCE, by its kind; `a.txt` is a capture, "" a directory of captures.
MEANT = {
    "none": ["cpus=2", "seed=2", "rate=0", "rate=0,cpus=2,max_age=1,ioctl,mode=0444"],
    "a.txt": ["simulate", "simulate,cpus=2,seed=2,rate=9", "interface=text", "max_age=1"],
    "": ["speed=2", "step", "max_age=1"],
}
MEANT_NOT = {
    "none": {"simulate": "simulate", "interface=text": "interface", "speed=2": "speed"},
    "a.txt": {
        "cpus=224": "cpus",  # the default value, but given
        "cpus=8,interface=text": "cpus",
        "seed=1": "seed",
        "rate=0": "rate",
        "simulate,interface=text": "interface",
        "speed=1": "speed",
        "simulate,speed=1": "speed",
        "step": "step",
        "interface=text,step": "step",
    },
    "": {"cpus=2": "cpus", "simulate": "simulate", "interface=text": "interface"},
}


def cases(table: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    return [(source, options) for source, many in table.items() for options in many]


def source_of(name: str, capture: Path) -> str:
    return "none" if name == "none" else str(capture.parent / name)


@pytest.mark.parametrize(("name", "options"), cases(MEANT))
def test_an_option_is_taken_where_it_means_something(
    name: str, options: str, capture: Path
) -> None:
    open_source(source_of(name, capture), parse_options(options))


@pytest.mark.parametrize(("name", "options"), cases(MEANT_NOT))
def test_an_option_is_refused_where_it_means_nothing(
    name: str, options: str, capture: Path
) -> None:
    source = source_of(name, capture)
    with pytest.raises(OptionError) as raised:
        open_source(source, parse_options(options))
    option = MEANT_NOT[name][options]
    kind = kind_of(source, parse_options(options))
    use = OPTION_USES[option]
    assert str(raised.value) == f"option '{option}' is for {use}, and {source} is {kind}"


def test_the_kernel_takes_no_options_of_a_simulation() -> None:
    """This does not depend on the existence of /proc/allocinfo."""
    for source in (live.ALLOCINFO, "/proc/self/stat"):
        with pytest.raises(OptionError, match=f"and {source} is a live source"):
            open_source(source, parse_options("rate=1"))


def test_no_source_is_told_as_the_one_it_stands_for() -> None:
    with pytest.raises(OptionError, match="and none is the simulated store"):
        open_source(None, parse_options("step"))


def test_files_joined_by_colons_take_the_options_of_a_series(capture: Path, later: Path) -> None:
    joined = f"{capture}:{later}"
    assert kind_of(joined, MountOptions()) is SERIES
    open_source(joined, parse_options("speed=2"))
    with pytest.raises(OptionError, match="'interface' is for a live source"):
        open_source(joined, parse_options("interface=text"))


def test_a_series_has_no_speed_if_it_goes_by_steps(later: Path) -> None:
    with pytest.raises(OptionError, match="'speed' is not for a series that is played by 'step'"):
        open_source(str(later.parent), parse_options("speed=2,step"))
