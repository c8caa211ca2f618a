"""Two moments of any sources, compared."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from allocfs.client.comparison import DIFFERENCE, compare, ends_of, moment_of
from allocfs.errors import BadCapture, SourceFailed
from tests.conftest import Mounter, control
from tests.support.source_fakes import text

ALL = ["", "xfs"]


def test_captures_are_moments_with_the_times_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "a-20260101T000000Z.txt").write_bytes(text(ALL, 1))
    (tmp_path / "b-20260101T000010Z.txt.gz").write_bytes(gzip.compress(text(["", "ext4"], 2)))
    before, after = ends_of(str(tmp_path))
    assert after.taken is not None
    assert before.taken is not None
    assert after.taken.utc_ns - before.taken.utc_ns == 10 * 10**9
    tree = compare(before, after, "both")
    lines = tree.read(f"text/{DIFFERENCE}/records").decode().splitlines()
    states = {line.split()[-1] for line in lines if line.split()[-1].startswith("state:")}
    assert states == {"state:new", "state:gone"}
    assert b"seconds 10.000" in tree.read(f"{DIFFERENCE}/.allocfs/source")


def test_directories_and_names_in_a_mount_are_moments(mounts: Mounter) -> None:
    root = mounts("cpus=2,history=1h*3")
    (root / "snapshots/a").mkdir()
    control(root, "alloc arch/x86/events/rapl.c:606 4096")
    for name, mount in (
        (f"{root}/snapshots/a", None),
        ("a", str(root)),
        ("first", str(root)),
        (f"{root}/history/last", None),
    ):
        tree = compare(moment_of(name, mount), moment_of("now", str(root)), name)
        assert tree.read(f"text/{DIFFERENCE}/records").split()[:2] == [b"+4096", b"+1"], name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none", "does not exist; for a moment by name give --source MOUNT"),
        ("series", "has several captures: name two of them, or it alone"),
        ("bad.txt", "bad.txt:1: "),
    ],
)
def test_what_is_no_moment_is_told(
    tmp_path: Path, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "bad.txt").write_bytes(b"x\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises((SourceFailed, BadCapture), match=reason):
        moment_of(name, None)


def test_a_directory_that_is_no_mount_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="is no mount of allocfs"):
        moment_of("first", str(tmp_path))


def test_a_series_of_one_has_no_ends(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(text(ALL, 1))
    with pytest.raises(SourceFailed, match="one capture alone"):
        ends_of(str(tmp_path))
