"""Fixtures for tests of the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Mounter


@pytest.fixture
def mounts_with_snapshot(mounts: Mounter) -> Path:
    """A mount that has a snapshot `a`, and that has grown since."""
    root = mounts("cpus=2")
    (root / "snapshots/a").mkdir()
    (root / ".allocfs/control").write_text("alloc arch/x86/events/rapl.c:606 5000000 3\n")
    return root
