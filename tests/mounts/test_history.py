"""History, trends and series on real mounts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Mounter, control, stats, wait_until
from tests.mounts.test_moments import GROWN, TAG, differences, grow


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "allocfs.cli", "check", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def samples(mountpoint: Path) -> list[str]:
    return [name for name in os.listdir(mountpoint / "history") if name.startswith("@")]


def test_history_keeps_the_newest_samples(mounts: Mounter) -> None:
    mountpoint = mounts("history=0.1s*3")
    wait_until(lambda: len(samples(mountpoint)) == 3, "three samples")
    first = samples(mountpoint)[0]
    grow(mountpoint)
    wait_until(lambda: first not in samples(mountpoint), "the first one is dropped")
    assert len(samples(mountpoint)) == 3
    last = os.readlink(mountpoint / "history/last")
    assert last in samples(mountpoint) or last > samples(mountpoint)[0]
    lines = (mountpoint / ".allocfs/history").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("@")


def test_the_first_sample_is_taken_at_the_mount(mounts: Mounter) -> None:
    mountpoint = mounts("history=1h*10")
    wait_until(lambda: len(samples(mountpoint)) == 1, "the first sample")
    assert stats(mountpoint)["samples"] == 1
    (mountpoint / "snapshots/a").mkdir()
    assert stats(mountpoint)["snapshots"] == 1


def test_check_tells_the_exact_names_and_those_that_there_are(mounts: Mounter) -> None:
    mountpoint = mounts("history=1h*10")
    (mountpoint / "snapshots/before").mkdir()
    wait_until(lambda: len(samples(mountpoint)) == 1, "the first sample")
    (sample,) = samples(mountpoint)
    done = check(mountpoint / "text/diff/first..before/query/limit=01/records")
    exact = mountpoint / f"text/diff/{sample}..before/query/limit=1/records"
    assert (done.returncode, done.stdout) == (0, f"{exact}\n")
    done = check(mountpoint / "diff/nope/records")
    assert done.returncode == 1
    assert "before" in done.stderr
    assert sample in done.stderr


def test_an_age_is_a_link_to_the_newest_sample_that_is_so_old(mounts: Mounter) -> None:
    mountpoint = mounts("history=0.2s*1000")
    wait_until(lambda: len(samples(mountpoint)) >= 3, "three samples")
    link = os.readlink(mountpoint / "history/-0.2s")
    age = datetime.now(UTC) - datetime.fromisoformat(link.removeprefix("@"))
    assert 0.2 <= age.total_seconds() < 5
    grow(mountpoint)
    assert os.readlink(mountpoint / "text/diff/first") == os.readlink(mountpoint / "history/first")
    assert differences(mountpoint, "first") == GROWN


def test_the_trend_names_a_leak(mounts: Mounter) -> None:
    mountpoint = mounts("history=0.1s*1000,rate=10000")
    control(mountpoint, f"leak {TAG} 10M/s")
    leak = mountpoint / "text/trend/1m/query/rising=90,sort=-slope,limit=1/records"
    wait_until(lambda: len(samples(mountpoint)) > 10, "ten samples")
    assert TAG in leak.read_text()
    json_leak = mountpoint / "json/trend/all/query/sort=-slope,limit=1/records"
    row = json.loads(json_leak.read_text())
    assert row["slope"] == pytest.approx(10 << 20, rel=0.3)


def test_a_series_has_its_captures_as_history(mounts: Mounter, tmp_path: Path) -> None:
    for name, size in (("boot", 1), ("later", 8)):
        text = f"{4096 * size:12d} {size:8d} mm/a.c:{size} func:f \n"
        (tmp_path / f"{name}.txt").write_text(text)
    mountpoint = mounts("", f"{tmp_path}/boot.txt:{tmp_path}/later.txt")
    assert os.listdir(mountpoint / "history") == ["boot", "later", "first", "last"]
    moved = "      +28672       +7 mm/a.c:8 func:f state:moved \n"
    assert differences(mountpoint, "boot..later") == moved
    assert os.readlink(mountpoint / "diff/first..last") == "boot..later"
