"""Sources for the tests of backends."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.backend.ioctlsource import IoctlBackend
from tests.support.kernel_fake import CPUS, Kernel


@pytest.fixture(params=["merged", "earlier"])
def kernel(tmp_path: Path, request: pytest.FixtureRequest) -> Kernel:
    return Kernel(tmp_path / "allocinfo", request.param)


@pytest.fixture
def backend(kernel: Kernel) -> IoctlBackend:
    return IoctlBackend(str(kernel.path), CPUS, kernel.open)
