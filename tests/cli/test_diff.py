"""The command `allocfs diff`, on each kind of moment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from allocfs.cli import command as cli
from tests.cli.test_command import COMMAND, Captured
from tests.support.source_fakes import HEADER

RAPL = "arch/x86/events/rapl.c:606"
BEFORE = "100 1 a.c:1 func:f \n40 1 b.c:1 [m] func:g \n7 1 d.c:9 func:k \n"
AFTER = "3000 2 a.c:1 func:f \n70 1 c.c:1 func:h \n7 1 d.c:10 func:k \n"


@pytest.fixture
def captures(tmp_path: Path) -> list[str]:
    series = tmp_path / "series"
    series.mkdir()
    paths = [series / f"allocinfo-2026010{day}T000000Z.txt" for day in (1, 2)]
    for path, lines in zip(paths, (BEFORE, AFTER), strict=True):
        path.write_text(HEADER + lines)
    return list(map(str, paths))


def diff(capfd: Captured, *words: str | Path, code: int = 0) -> list[str]:
    assert cli.main(["diff", *map(str, words)]) == code
    out, err = capfd.readouterr()
    assert err == ""
    return out.splitlines()


def test_what_grew_comes_first(captures: list[str], capfd: Captured) -> None:
    _, *rows, summary = diff(capfd, *captures)
    assert [" ".join(row.split()) for row in rows] == [
        "+2.83 KiB 100 B 2.93 KiB +1 +0 B/s grown a.c:1 f",
        "+70 B 0 B 70 B +1 +0 B/s new c.c:1 h",
        "-40 B 40 B 0 B -1 -0 B/s gone b.c:1 [m] g",
    ]
    assert summary == "+2.86 KiB in all: 1 grown, 1 new, 1 gone"


def test_a_directory_is_compared_from_its_first_capture_to_its_last(
    captures: list[str], capfd: Captured
) -> None:
    assert diff(capfd, Path(captures[0]).parent) == diff(capfd, *captures)


def test_rows_can_be_sums(captures: list[str], capfd: Captured) -> None:
    _, *rows, _ = diff(capfd, *captures, "--by", "module")
    assert [row.split()[-1] for row in rows] == ["vmlinux", "m"]


def test_growth_beyond_a_size_is_a_failure(captures: list[str], capfd: Captured) -> None:
    diff(capfd, *captures, "--fail-over", "2900")
    diff(capfd, *captures, "--fail-over", "2899", code=1)
    diff(capfd, *reversed(captures), "--fail-over", "2899")


def test_json_is_that_of_the_mount(captures: list[str], capfd: Captured) -> None:
    rows = [json.loads(line) for line in diff(capfd, *captures, "--json")]
    assert [(row["delta"]["bytes"], row["state"]) for row in rows] == [
        (2900, "grown"),
        (70, "new"),
        (-40, "gone"),
    ]
    assert rows[0]["per_second"]["bytes"] == pytest.approx(2900 / 86400)


def test_markdown_is_a_table(captures: list[str], capfd: Captured) -> None:
    lines = diff(capfd, *captures, "--markdown")
    assert lines[1].startswith("| ---: ")
    assert lines[2] == "| +2.83 KiB | 100 B | 2.93 KiB | +1 | +0 B/s | grown | a.c:1 f |"


def test_top_and_query_leave_rows_out(captures: list[str], capfd: Captured) -> None:
    _, first, last, _, left = diff(capfd, *captures, "--top", "1")
    assert (first.split()[-1], last.split()[-1]) == ("f", "g")
    assert left == "1 rows in the middle are not shown: see --top"
    _, row, _ = diff(capfd, *captures, "--query", "state=new")
    assert row.split()[-1] == "h"


def test_a_snapshot_is_compared_with_now(mounts_with_snapshot: Path, capfd: Captured) -> None:
    root = mounts_with_snapshot
    found = [
        diff(capfd, f"{root}/snapshots/a", "--json"),
        diff(capfd, f"{root}/snapshots/a", root, "--json"),
        diff(capfd, "--source", root, "a", "--json"),
        diff(capfd, "--source", root, "a", "now", "--json"),
    ]
    for lines in found:
        (row,) = map(json.loads, lines)
        assert (f"{row['file']}:{row['line']}", row["delta"]["bytes"]) == (RAPL, 5_000_000)
        assert row["per_second"]["bytes"] > 0


def test_a_moment_is_compared_with_itself(mounts_with_snapshot: Path, capfd: Captured) -> None:
    path = f"{mounts_with_snapshot}/snapshots/a"
    assert diff(capfd, path, path)[-1] == "+0 B in all: no difference"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no/such", "-10m"], "no/such"),
        (["a", "b", "c"], "3 moments: expected one or two"),
        (["x", "--fail-over", "y"], "'y': expected a size in bytes"),
        (["x", "y", "--query", "rising=9"], "'rising=9': rising is for queries below /trend"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(words: list[str], message: str) -> None:
    done = subprocess.run([*COMMAND, "diff", *words], capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_age_is_a_moment_of_a_mount(mounts_with_snapshot: Path) -> None:
    words = [*COMMAND, "diff", "--source", str(mounts_with_snapshot), "-10m"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("allocfs: -10m is neither a file nor a moment of ")
