"""A short stress test in all modes; `python -m tests.stress` runs it for longer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allocfs.formats.records import RECORD_SIZE
from tests.conftest import Mounter, control
from tests.stress.model import FIRST_VALUES, MODULES, TAGS, History, Model
from tests.stress.soak import Plan, soak

PLANS = [Plan(1, 4.0, readers=4, max_age=max_age) for max_age in (None, 0.0, 0.1)]


@pytest.mark.parametrize("plan", PLANS, ids=["default", "live", "max_age"])
def test_nothing_goes_wrong_under_stress(tmp_path: Path, plan: Plan) -> None:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is not there, or not for this user")
    lines: list[str] = []
    report = soak(plan, tmp_path, lines.append)
    assert report.failures == []
    assert report.done["exact: read"] > 0
    assert report.done["held: pread" if plan.max_age else "pread"] > 0
    assert lines


def test_the_same_seed_makes_the_same_history() -> None:
    one, other = History(5), History(5)
    assert [one.line(n) for n in range(2, 50)] == [other.line(n) for n in range(2, 50)]
    assert one.order(49) == other.order(49) != MODULES


def test_the_model_forgets_the_values_of_an_unloaded_module() -> None:
    model = Model()
    ext4 = [tag.number for tag in TAGS if tag.module == "ext4"]
    assert any(FIRST_VALUES[number].bytes for number in ext4)
    assert (model.change("ext4"), model.change("ext4")) == ("unload ext4", "load ext4")
    assert not any(model.values[number].bytes for number in ext4)


def test_with_max_age_size_and_content_are_of_one_moment(mounts: Mounter) -> None:
    root = mounts("cpus=1,max_age=1s")
    with (root / "records").open("rb", buffering=0) as file:
        told = os.fstat(file.fileno())
        control(root, "unload xfs")
        data = file.read(told.st_size + RECORD_SIZE)
        if os.fstat(file.fileno()).st_mtime_ns == told.st_mtime_ns:
            assert len(data) in (told.st_size, len(data) // 4096 * 4096)
            assert data[:64] == bytes(64)
