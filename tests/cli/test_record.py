"""Recording: captures are complete, never overwritten, and taken at regular times."""

from __future__ import annotations

import argparse
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from datetime import UTC, datetime
from itertools import islice, repeat
from pathlib import Path

import pytest

from allocfs.backend.procfs import TextReader
from allocfs.backend.replay import captures_in
from allocfs.cli.record import add_arguments, record, run, ticks, write_capture
from allocfs.reports.times import capture_name, time_in_name
from tests.conftest import wait_until
from tests.support.source_fakes import text

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
ALL = ["", "xfs", "ext4"]
COMMAND = [sys.executable, "-m", "allocfs.cli", "record"]


def arguments(*words: str | Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(list(map(str, words)))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "allocinfo"
    path.write_bytes(text(ALL, 1))
    return path


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def test_names_sort_by_time_and_tell_it() -> None:
    assert capture_name(MOMENT) == "allocinfo-20260102T030405.123Z.txt"
    assert time_in_name(capture_name(MOMENT)) == pytest.approx(MOMENT.timestamp(), abs=1e-3)
    earlier = MOMENT.replace(microsecond=99_999)
    assert capture_name(earlier) < capture_name(MOMENT)


def test_no_directory_is_not_the_current_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments("-o", "")
    assert "argument -o/--output: '': expected a directory" in capsys.readouterr().err


def test_a_capture_is_written_whole(tmp_path: Path) -> None:
    path = write_capture(tmp_path, MOMENT, text(ALL, 1))
    assert path.read_bytes() == text(ALL, 1)
    assert names(tmp_path) == [capture_name(MOMENT)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_capture_is_never_overwritten(tmp_path: Path) -> None:
    path = write_capture(tmp_path, MOMENT, b"first")
    with pytest.raises(FileExistsError, match="captures are not overwritten") as raised:
        write_capture(tmp_path, MOMENT, b"second")
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_a_capture_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(KeyboardInterrupt):
        write_capture(tmp_path, MOMENT, b"first")
    assert names(tmp_path) == []


def test_ticks_keep_time_and_are_late_but_once() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    times = []
    for number, _ in enumerate(islice(ticks(10, lambda: now[0], sleep), 6)):
        times.append(now[0])
        now[0] += 35 if number == 2 else 1
    assert times == [0, 10, 20, 55, 65, 75]
    assert min(slept) >= 0


class Texts:
    """A reader that returns the next text at each call; None stands for a damaged one."""

    def __init__(self, *said: bytes | None) -> None:
        self.said = list(said)

    def __call__(self, path: str) -> bytes:
        said = self.said.pop(0)
        return b"" if said is None else said


def test_recording_goes_on_when_the_source_does(tmp_path: Path) -> None:
    one, two = text(ALL, 1), text(ALL, 2)
    live = TextReader("src", Texts(one, one, None, None, two, None, two))
    complaints: list[str] = []
    paths = record(live, tmp_path, repeat(None, 6), complaints.append)
    assert [path.read_bytes() for path in paths] == [one, two, two]
    assert len(complaints) == 2
    assert all("src:1: expected codetags" in complaint for complaint in complaints)


def test_a_recording_can_be_replayed(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "recording"
    assert run(arguments("-o", output, "--every", "10ms", "--count", "3", source)) == 0
    captures = captures_in(str(output))
    assert [Path(capture.path).read_bytes() for capture in captures] == [text(ALL, 1)] * 3
    assert 0.005 < captures[1].at < 5
    said = capsys.readouterr()
    assert said.out == ""
    assert re.match(
        rf"allocfs: a capture of {source} takes 0.0 MiB, all 3 take 0.0 MiB; {output} has "
        r"[\d,.]+ MiB free\n$",
        said.err,
    )


@pytest.mark.parametrize("words", [["--every", "0"], ["--every", "x"], ["--count", "0"]])
def test_arguments_that_make_no_sense_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        arguments("-o", "x", *words)
    assert "expected" in capsys.readouterr().err


def test_the_kernel_is_recorded_every_10_seconds_unless_it_says_otherwise() -> None:
    given = arguments("-o", "x")
    assert (given.source, given.every, given.count) == ("/proc/allocinfo", 10.0, None)
    given = arguments("-o", "x", "--every", "500ms", "--count", "7", "y")
    assert (given.source, given.every, given.count) == ("y", 0.5, 7)


@pytest.mark.parametrize(("count", "code"), [([], 0), (["--count", "1000000"], 130)])
def test_an_interrupt_leaves_whole_captures(
    source: Path, tmp_path: Path, count: list[str], code: int
) -> None:
    output = tmp_path / "recording"
    command = [*COMMAND, "-o", str(output), "--every", "1ms", *count, str(source)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            wait_until(lambda: output.is_dir() and len(names(output)) > 20, "captures are there")
        finally:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == code, said
    assert b"Traceback" not in said
    whole = {path.read_bytes() for path in output.iterdir()}
    assert whole == {text(ALL, 1)}
    assert all(name.endswith("Z.txt") for name in names(output))


def test_a_source_that_cannot_be_read_is_not_recorded(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "-o", tmp_path / "recording", tmp_path / "nothing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"allocfs: {tmp_path}/nothing: No such file or directory\n"
    assert not (tmp_path / "recording").exists()


def test_a_terminal_shows_progress(source: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = [*COMMAND, "-o", str(tmp_path), "--every", "1ms", "--count", "5", str(source)]
    process = subprocess.Popen(command, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # the other end of the terminal is closed
        pass
    os.close(ours)
    assert process.wait(20) == 0
    assert b"5/5" in shown
