"""The whole command on real mounts, with fewer polls."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from allocfs.cli import command as cli
from allocfs.compare import command
from allocfs.compare.scenarios import SCENARIOS

FEW_POLLS = tuple(replace(s, polls=2) if s.polls > 1 else s for s in SCENARIOS)


@pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not there, or not for us"
)
def test_compare_prints_and_writes_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "SCENARIOS", FEW_POLLS)
    path = tmp_path / "found.json"
    code = cli.main(
        ["compare", "--cpus", "8", "--tags", "3300", "--runs", "1", "--json", str(path)]
    )
    assert code == 0
    out, err = capsys.readouterr()
    assert out.startswith("3,300 simulated tags on 8 CPUs; ")
    assert out.count("\n## ") == 13
    assert err == ""  # without a terminal there is no progress bar
    found = json.loads(path.read_text())
    (text, ioctl, read, *_) = found["scenarios"][0]["designs"]
    assert text["work"]["counters"] == 3300 * 8
    assert ioctl["work"]["counters"] == read["work"]["counters"] == 2 * 8
    assert len(read["runs"]) == 1
    assert 3 <= read["runs"][0]["times"] <= 2000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plot", "plot.pdf"], "--plot plot.pdf: expected a name that ends with .svg or .png"),
        (["--tags", "5"], "--tags 5: expected at least 3219, the default"),
        (["--runs", "0"], "argument --runs: expected a whole number from 1, found '0'"),
        (["--cpus", "x"], "argument --cpus: expected a whole number from 1, found 'x'"),
    ],
)
def test_compare_says_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = cli.main(["compare", *arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code != 0
    assert message in capsys.readouterr().err
