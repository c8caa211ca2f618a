"""A series of captures: its order and times, playing it, and stepping through it."""

from __future__ import annotations

import gzip
import lzma
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import trio
import trio.testing

from allocfs.backend.replay import Capture, Replay, captures_in, series
from allocfs.errors import BadCapture, BadControl, SourceFailed
from allocfs.reports.times import time_in_name
from tests.support import CAPTURES
from tests.support.source_fakes import HEADER, oracle, pairs, text

IN_TIME = ["boot", "modules", "ext4-writes", "net", "unload", "reload"]
ALL = ["", "xfs", "ext4"]
# Which modules each capture of the series below has; its number is in its values.
LISTS = [ALL, ALL, ["", "ext4"], ["", "ext4"], ALL, ALL]
CHANGES = [0, 0, 1, 0, 1, 0]  # of content_id, at each step


class Clock:
    """A clock set by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def written(directory: Path, names: Sequence[str]) -> list[str]:
    """Write the captures of the series to files with these names."""
    for number, (name, modules) in enumerate(zip(names, LISTS, strict=True)):
        (directory / name).write_bytes(text(modules, number))
    return [str(directory / name) for name in names]


@pytest.fixture
def captures(tmp_path: Path) -> list[Capture]:
    """A series whose captures are 10 seconds apart."""
    names = [f"allocinfo-20260102T0304{second:02}.500Z.txt" for second in range(0, 60, 10)]
    return series(written(tmp_path, names))


def number(replay: Replay) -> int:
    """Return the index of the served capture, after checking all its values and modules."""
    sums = replay.sums(replay.tags.slots)
    number = int(sums.bytes[0]) // 1000
    assert sums.bytes.tolist() == [1000 * number + n for n in range(len(sums.bytes))]
    modules = replay.tags.table.module
    names = [modules.values[n] for n in modules.ids[replay.tags.slots].tolist()]
    assert list(dict.fromkeys(names)) == LISTS[number]
    return number


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("allocinfo-20260102T030405.123Z.txt", 1767323045.123),
        ("/a/b-20260102T030405Z", 1767323045.0),
        ("20260102T030405.5Z.txt", 1767323045.5),
        ("19700101T000000Z", 0.0),
        ("kernel-20250102T030405Z-20260102T030405Z.txt", 1767323045.0),
        ("linux-6.12-boot.txt", None),
        ("20261302T030405Z.txt", None),
        ("20260102T030405.txt", None),
        ("20260102T030405Z/boot.txt", None),
    ],
)
def test_a_name_can_tell_the_time(name: str, seconds: float | None) -> None:
    assert time_in_name(name) == seconds


def test_times_in_names_order_a_series() -> None:
    names = ["b-20260102T030415Z", "a-20260102T030425Z", "c-20260102T030405.5Z"]
    assert series(names) == [
        Capture("c-20260102T030405.5Z", 0.0),
        Capture("b-20260102T030415Z", 9.5),
        Capture("a-20260102T030425Z", 19.5),
    ]


def test_without_times_captures_are_a_second_apart_as_they_are_given() -> None:
    expected = [Capture("b", 0.0), Capture("a-20260102T030405Z", 1.0), Capture("c", 2.0)]
    assert series(["b", "a-20260102T030405Z", "c"]) == expected


def test_a_directory_holds_the_files_that_end_in_txt(tmp_path: Path) -> None:
    names = ["b.txt", "a.txt", "README.md", ".a.txt", ".x.tmp", "e.txt.zst", "e.gz", "d.txt.gz"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "c.txt").mkdir()
    found = captures_in(str(tmp_path))
    assert [os.path.basename(capture.path) for capture in found] == [
        "a.txt",
        "b.txt",
        "d.txt.gz",
        "e.txt.zst",
    ]


def test_a_directory_without_captures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"holds no captures: expected files named \*\.txt"):
        captures_in(str(tmp_path))
    with pytest.raises(SourceFailed, match="No such file"):
        captures_in(str(tmp_path / "nothing"))


@pytest.mark.parametrize("speed", [1.0, 60.0, 0.5])
def test_each_capture_is_served_from_its_time_on(
    captures: list[Capture], clock: Clock, speed: float
) -> None:
    replay = Replay(captures, speed, clock)
    content_id = 1
    for expected, change in enumerate(CHANGES):
        content_id += change
        clock.now = 1000 + 10 * expected / speed + 1e-6
        replay.renew()
        assert (number(replay), replay.tags.content_id) == (expected, content_id)
        clock.now = 1000 + 10 * (expected + 1) / speed - 1e-6
        replay.renew()
        assert (number(replay), replay.tags.content_id) == (expected, content_id)


def test_the_last_capture_stays(captures: list[Capture], clock: Clock) -> None:
    replay = Replay(captures, 1.0, clock)
    clock.now += 1e6
    replay.renew()
    assert number(replay) == 5


def test_who_looks_late_misses_no_change(captures: list[Capture], clock: Clock) -> None:
    replay = Replay(captures, 1.0, clock)
    first = replay.tags.slots
    clock.now += 1000
    replay.renew()
    assert replay.tags.content_id == 3
    xfs = first[87:106]
    assert not replay.all_loaded_since(1, xfs)
    assert replay.all_loaded_since(1, first[:87])
    assert replay.all_loaded_since(3, xfs)


def test_a_series_is_played_though_nobody_looks(captures: list[Capture]) -> None:
    seen = []

    async def main() -> None:
        def changed() -> None:
            seen.append((round(trio.current_time() - began, 6), number(replay)))

        began = trio.current_time()
        replay = Replay(captures, 2.0, trio.current_time)
        replay.on_change(changed)
        await replay.run(lambda: False)
        assert trio.current_time() - began == pytest.approx(25)
        assert number(replay) == 5

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert seen == [(10.0, 2), (20.0, 4)]


def test_by_steps_time_does_not_matter(captures: list[Capture], clock: Clock) -> None:
    replay = Replay(captures, None, clock)
    content_id = 1
    for expected, change in enumerate(CHANGES):
        if expected:
            replay.next()
        content_id += change
        clock.now += 1e6
        replay.renew()
        assert (number(replay), replay.tags.content_id) == (expected, content_id)
    with pytest.raises(BadControl, match="capture 6 is the last"):
        replay.next()
    assert number(replay) == 5
    trio.run(replay.run, lambda: True)


def test_goto_goes_either_way_and_numbers_never_go_back(
    captures: list[Capture], clock: Clock
) -> None:
    replay = Replay(captures, None, clock)
    content_ids = []
    for wanted in (3, 4, 1, 1, 6, 3):
        replay.goto(wanted)
        assert number(replay) == wanted - 1
        content_ids.append(replay.tags.content_id)
    assert content_ids == [2, 2, 3, 3, 3, 4]
    for wanted in (0, 7, 10**18):
        with pytest.raises(BadControl, match="expected 1 to 6"):
            replay.goto(wanted)
    assert number(replay) == 2


def test_a_bad_capture_has_no_values_and_the_next_has(
    captures: list[Capture], clock: Clock
) -> None:
    Path(captures[2].path).write_bytes(b"nonsense\n")
    replay = Replay(captures, 1.0, clock)
    clock.now += 25
    replay.renew()
    with pytest.raises(SourceFailed, match=r"20\.500Z\.txt:1: expected bytes"):
        number(replay)
    assert ":1: expected" in pairs(replay.describe())["condition"]
    clock.now += 10
    replay.renew()
    assert number(replay) == 3
    assert pairs(replay.describe())["condition"] == "ok"


def test_in_a_series_a_header_alone_is_a_failed_capture(
    captures: list[Capture], clock: Clock
) -> None:
    Path(captures[1].path).write_text(HEADER)
    replay = Replay(captures, None, clock)
    with pytest.raises(SourceFailed, match=r"10\.500Z\.txt lists no codetags"):
        replay.next()
    assert "10.500Z.txt lists no codetags" in replay.describe()
    assert replay.tags.content_id == 1
    replay.next()
    assert number(replay) == 2


def test_compressed_captures_are_played(tmp_path: Path, clock: Clock) -> None:
    packers: list[Callable[[bytes], bytes]] = [gzip.compress, lzma.compress, bytes]
    for second, pack in enumerate(packers):
        name = f"20260102T03040{second}Z.txt{('.gz', '.xz', '')[second]}"
        (tmp_path / name).write_bytes(pack(text(LISTS[second], second)))
    replay = Replay(captures_in(str(tmp_path)), None, clock)
    found = [number(replay)]
    for _ in range(2):
        replay.next()
        found.append(number(replay))
    assert found == [0, 1, 2]


def test_stepping_on_a_bad_capture_says_so(captures: list[Capture], clock: Clock) -> None:
    os.unlink(captures[1].path)
    replay = Replay(captures, None, clock)
    with pytest.raises(SourceFailed, match="No such file"):
        replay.next()
    with pytest.raises(SourceFailed):
        replay.sums(np.array([0]))
    replay.next()
    assert number(replay) == 2


def test_a_series_does_not_begin_with_a_bad_capture(captures: list[Capture]) -> None:
    Path(captures[0].path).write_bytes(b"nonsense\n")
    with pytest.raises(BadCapture, match=":1: expected"):
        Replay(captures, None)


def test_the_source_says_which_capture_is_served(captures: list[Capture], clock: Clock) -> None:
    replay = Replay(captures, 60.0, clock)
    clock.now += 0.5
    replay.renew()
    said = pairs(replay.describe())
    assert said == {
        "source": captures[3].path,
        "interface": "replay",
        "condition": "ok",
        "capture": "4",
        "captures": "6",
        "speed": "60",
    }
    assert replay.extra_stats() == {"capture": 4, "captures": 6}
    assert Replay(captures, None).describe().endswith("\nstep")


def test_the_captures_of_a_real_machine_are_played_exactly(clock: Clock) -> None:
    paths = [str(CAPTURES / f"linux-6.12-{name}.txt") for name in IN_TIME]
    replay = Replay(series(paths), 1.0, clock)
    content_ids = []
    for path in paths:
        replay.renew()
        tags = replay.tags
        content_ids.append(tags.content_id)
        sums = replay.sums(tags.slots)
        found = [
            (*tags.table.tag(slot)[:4], nbytes, calls)
            for slot, nbytes, calls in zip(
                tags.slots.tolist(), sums.bytes.tolist(), sums.calls.tolist(), strict=True
            )
        ]
        rows = oracle(Path(path).read_bytes())
        assert found == [(r.file, r.line, r.function, r.module, r.bytes, r.calls) for r in rows]
        clock.now += 1
    assert content_ids == [1, 2, 2, 2, 3, 4]
