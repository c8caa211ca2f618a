"""The command `allocfs import`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from allocfs.backend.replay import captures_in
from allocfs.backend.static import StaticCapture
from allocfs.cli import command as cli
from allocfs.formats.text import parse
from tests.conftest import DATA

REPORTS = DATA / "reports"
CEPH = str(REPORTS / "ceph-6.18-rewrapped.txt")
Captured = pytest.CaptureFixture[str]


def told(captured: Captured) -> list[str]:
    return [line.removeprefix("allocfs: ") for line in captured.readouterr().err.splitlines()]


def test_one_report_is_printed(capfd: Captured) -> None:
    assert cli.main(["import", CEPH]) == 0
    out, err = capfd.readouterr()
    assert out.encode() == Path(CEPH).with_suffix(".expected").read_bytes().partition(b"\n")[2]
    assert err.splitlines() == [
        "allocfs: found 1 report: a list rounded by numfmt",
        "allocfs: read 11 lines",
        "allocfs: joined 6 lines",
        "allocfs: left out 0 parts",
        "allocfs: rounded: 10 numbers, each the middle of its bounds",
        "allocfs: partial: 10 largest",
    ]


def test_it_becomes_a_capture_that_is_not_overwritten(tmp_path: Path, capfd: Captured) -> None:
    out = tmp_path / "out.txt"
    assert cli.main(["import", CEPH, "-o", str(out)]) == 0
    assert len(StaticCapture(str(out)).tags.slots) == 10
    capfd.readouterr()
    assert cli.main(["import", CEPH, "-o", str(out)]) == 1
    assert told(capfd) == [f"{out}: exists already: name another place"]


def test_several_become_a_series(tmp_path: Path, capfd: Captured) -> None:
    files = sorted(map(str, REPORTS.glob("*.txt")))
    out = tmp_path / "out"
    assert cli.main(["import", *files, "-o", str(out)]) == 0
    found = captures_in(str(out))
    assert len(found) == len(files)
    for capture, path in zip(found, files, strict=True):
        expected = Path(path).with_suffix(".expected").read_bytes().partition(b"\n")[2]
        assert Path(capture.path).read_bytes() == expected


def test_several_are_not_printed(capfd: Captured) -> None:
    assert cli.main(["import", CEPH, CEPH]) == 1
    assert told(capfd) == ["there are several reports: give -o DIR, a new directory for them"]


def test_standard_input_is_read_through_a_pipe() -> None:
    command = [sys.executable, "-m", "allocfs.cli", "import"]
    text = b"> 4096 1 mm/slub.c:10\n> func:f\n"
    ran = subprocess.run(command, input=text, capture_output=True, check=True)
    assert len(parse(ran.stdout, "stdout").table) == 1
    assert b"joined 1 line\n" in ran.stderr
    assert b"\r" not in ran.stderr


TORN = b"4096 1 mm/slub.c:10 func:f\n27M 6693\nsome words\n"


def test_parts_left_out_are_told_with_their_lines(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "torn").write_bytes(TORN)
    assert cli.main(["import", str(tmp_path / "torn"), "-o", str(tmp_path / "out")]) == 0
    assert told(capfd)[1:5] == [
        "read 3 lines, of which 1 are other text",
        "joined 0 lines",
        "left out 1 part",
        "left out line 2: '27M 6693': numbers that belong to no codetag",
    ]


def test_a_strict_import_fails_instead(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "torn").write_bytes(TORN)
    arguments = ["import", "--strict", str(tmp_path / "torn"), "-o", str(tmp_path / "out")]
    assert cli.main(arguments) == 1
    assert told(capfd)[-1] == (
        "nothing is written, as --strict is given and a part would be left out"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["torn"]
    assert cli.main(["import", "--strict", CEPH, "-o", str(tmp_path / "out")]) == 0


def test_profiling_that_is_off_is_told(tmp_path: Path, capfd: Captured) -> None:
    title = "Memory allocations (profiling is currently turned off):\n"
    (tmp_path / "log").write_text(f"{title}4096 1 mm/slub.c:10 func:f\n")
    assert cli.main(["import", str(tmp_path / "log")]) == 0
    assert "profiling was off in 1 report" in told(capfd)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("words", "words: no codetags found: expected text such as `4096 1 mm/slub.c:10 func:f`"),
        ("gone", "gone: No such file or directory"),
        ("", "Is a directory"),
    ],
)
def test_files_without_reports_are_refused(
    name: str, message: str, tmp_path: Path, capfd: Captured
) -> None:
    (tmp_path / "words").write_text("words alone\n")
    assert cli.main(["import", str(tmp_path / name)]) == 1
    assert told(capfd)[-1].endswith(message)
