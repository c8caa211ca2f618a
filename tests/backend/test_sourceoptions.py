"""The options of sources: they are checked before anything slow is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from allocfs.backend.sourceoptions import SourceOptions


@pytest.mark.parametrize("module", ["allocfs.backend.sourceoptions", "allocfs.mount.command"])
def test_options_are_checked_before_the_slow_imports(module: str) -> None:
    code = (
        f"import sys, {module};"
        "print({'numpy', 'pyfuse3', 'trio', 'construct'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_options_that_differ_only_in_being_given_are_equal() -> None:
    given = SourceOptions(given=frozenset({"cpus"}))
    assert given == SourceOptions()
    assert given.given == {"cpus"}
    assert SourceOptions(cpus=3) != SourceOptions()
