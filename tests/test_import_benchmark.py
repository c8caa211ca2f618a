"""The benchmark of imports, on small logs."""

from __future__ import annotations

import pytest

from benchmarks import imports


def test_both_logs_are_imported_and_their_cost_is_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    imports.main(["--mib", "1", "--reports", "20"])
    lines = capfd.readouterr().out.splitlines()
    assert [line.partition(" MiB, 20 reports: ")[0] for line in lines[:2]] == [
        "whole_list: 1.0",
        "ten_largest: 1.0",
    ]
    assert lines[2].startswith("expected: at most 10 s and 100 MiB: ")
