"""The command `allocfs show`, on each kind of source."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest

from allocfs.cli import command as cli
from allocfs.cli.show import split
from tests.cli.test_command import COMMAND, Captured
from tests.support import CAPTURES
from tests.support.source_fakes import oracle

CAPTURE = CAPTURES / "linux-7.3-ext4-writes.txt"
ROWS = oracle(CAPTURE.read_bytes())


def shown(capfd: Captured, *words: str | Path) -> list[str]:
    assert cli.main(["show", *map(str, words)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return out.splitlines()


def test_the_largest_call_sites_come_first(capfd: Captured) -> None:
    head, first, *_, total, note = shown(capfd, CAPTURE, "--top", "3")
    assert head.split() == ["Size", "Share", "Calls", "Average", "Call", "site"]
    largest = max(ROWS, key=lambda row: row.bytes)
    assert first.split()[-2:] == [f"{largest.file}:{largest.line}", largest.function]
    assert f" in {sum(row.calls for row in ROWS)} allocations of {len(ROWS)} call sites" in total
    assert note == "* not every allocation is counted"


@pytest.mark.parametrize("by", ["module", "file", "dir", "function", "site"])
def test_the_sums_are_those_of_the_capture(by: str, capfd: Captured) -> None:
    rows = [json.loads(line) for line in shown(capfd, CAPTURE, "--by", by, "--top", "0", "--json")]
    assert sum(row["bytes"] for row in rows) == sum(row.bytes for row in ROWS)
    assert [row["bytes"] for row in rows] == sorted((row["bytes"] for row in rows), reverse=True)
    if by == "module":
        assert {row["module"] for row in rows} == {row.module for row in ROWS}


def test_queries_choose_and_stand_anywhere(capfd: Captured) -> None:
    expected = [row for row in ROWS if row.module == "ext4" and row.bytes >= 4096]
    every: tuple[list[str | Path], ...] = (
        [CAPTURE, "module=ext4", "min_size=4K", "--csv", "--top", "0"],
        ["--csv", CAPTURE, "--top", "0", "module=ext4,min_size=4K"],
    )
    for words in every:
        rows = list(csv.DictReader(shown(capfd, *words)))
        assert {row["module"] for row in rows} == {"ext4"}
        assert sorted(int(row["bytes"]) for row in rows) == sorted(row.bytes for row in expected)


def test_every_kind_of_source_shows_the_same(
    default_mount: Path, tmp_path: Path, capfd: Captured
) -> None:
    text = (default_mount / "allocinfo").read_bytes()
    (tmp_path / "one.txt").write_bytes(text)
    sources = [default_mount, tmp_path / "one.txt", tmp_path, default_mount / "allocinfo"]
    tables = [shown(capfd, source, "--top", "5")[:-1] for source in sources]
    assert all(table == tables[0] for table in tables)


def test_without_a_source_there_is_one_to_look_at(
    monkeypatch: pytest.MonkeyPatch, default_mount: Path, capfd: Captured
) -> None:
    monkeypatch.setattr("allocfs.cli.show.default_source", lambda: str(default_mount))
    assert shown(capfd, "--top", "1")[-1].endswith(str(default_mount))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no/such"], "no/such: No such file or directory"),
        ([str(CAPTURE), "color=red"], "'color=red': expected one of the keys"),
        ([str(CAPTURE), "state=new"], "'state=new': state is for queries below /diff"),
        ([str(CAPTURE), "--top", "x"], "'x': expected a number from 0"),
        ([str(CAPTURE), "--json", "--csv"], "not allowed with argument"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(words: list[str], message: str) -> None:
    done = subprocess.run([*COMMAND, "show", *words], capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_difference_is_for_another_command(mounts_with_snapshot: Path) -> None:
    words = [*COMMAND, "show", f"{mounts_with_snapshot}/diff/a"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("has differences: allocfs diff shows these\n")


def test_a_source_and_queries_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a=b").touch()
    assert split([]) == (None, [])
    assert split(["module=xfs"]) == (None, ["module=xfs"])
    assert split(["x", "module=xfs"]) == ("x", ["module=xfs"])
    assert split([f"{tmp_path}/a=b", "line=1"]) == (f"{tmp_path}/a=b", ["line=1"])


def test_a_partial_and_rounded_list_is_told(tmp_path: Path, capfd: Captured) -> None:
    path = tmp_path / "x.txt"
    header = "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n# partial: 1 largest\n"
    path.write_text(f"{header}50 1 a.c:1 func:f approx:yes bounds:45..60 \n")
    _, row, _, *notes = shown(capfd, path)
    assert row.startswith("~50 B")
    assert notes == ["a partial list: the 1 largest", "~ rounded before it was read"]
