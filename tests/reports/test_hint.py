"""The hint in the refusal of a capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.backend.textfile import read_capture
from allocfs.errors import BadCapture
from tests.conftest import DATA
from tests.support.pasted import quoted

REPORTS = DATA / "reports"
STEP = ": try allocfs import or -o lenient"


def refusal(path: Path) -> str:
    with pytest.raises(BadCapture) as refused:
        read_capture(str(path))
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("ceph-6.18-rewrapped", "rounded by numfmt"),
        ("doc-moria-iec", "rounded by numfmt"),
        ("oom-xen-6.19", "like a report in the kernel's log"),
        ("ice-6.15-6days-wrapped", "pasted"),
    ],
)
def test_a_pasted_text_is_refused_with_the_step_that_reads_it(name: str, looks: str) -> None:
    message = refusal(REPORTS / f"{name}.txt")
    assert message.startswith(f"{REPORTS / name}.txt:1")
    assert message.endswith(f"; this looks {looks}{STEP}")


def test_so_is_a_quoted_one(tmp_path: Path) -> None:
    path = tmp_path / "quoted"
    path.write_bytes(quoted((REPORTS / "ice-6.15-boot.txt").read_bytes()))
    assert refusal(path).endswith(f"; this looks pasted{STEP}")


@pytest.mark.parametrize("text", [b"4096 1 a.c:1 func:f", b"4096 x a.c:1 func:f\n"])
def test_damage_has_no_hint(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(b"4096 1 a.c:1 func:f\n" + text)
    assert "looks" not in refusal(path)
