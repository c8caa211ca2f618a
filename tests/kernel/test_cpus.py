"""The number of CPUs that the kernel has counters for."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.kernel.cpus import possible_cpus


@pytest.mark.parametrize(("ranges", "count"), [("0-3\n", 4), ("0\n", 1), ("0-1,4,8-15\n", 11)])
def test_possible_cpus_are_counted(tmp_path: Path, ranges: str, count: int) -> None:
    file = tmp_path / "possible"
    file.write_text(ranges)
    assert possible_cpus(file) == count


def test_there_is_a_cpu_even_without_sysfs(tmp_path: Path) -> None:
    assert possible_cpus(tmp_path / "nothing") >= 1
