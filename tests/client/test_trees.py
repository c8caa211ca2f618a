"""Files by their paths, of mounts and of sources that are not mounted."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from allocfs.client import trees
from allocfs.client.trees import LocalTree, MountedTree, default_source, mount_of, open_tree
from allocfs.errors import AllocfsError, BadQuery, NameNotFound, SourceFailed
from tests.conftest import Mounter
from tests.support import CAPTURES
from tests.support.source_fakes import Gate

CAPTURE = CAPTURES / "linux-6.12-boot.txt"
PATHS = (
    "records",
    "counters/by-module/xfs",
    "text/query/group=module,sort=-bytes,limit=3/records",
    "json/by-file/mm/.records",
    ".allocfs/content_id",
    "query/.help",
)


def test_a_mounted_file_and_a_local_one_are_the_same(mounts: Mounter) -> None:
    root = mounts(source=str(CAPTURE))
    mounted, local = open_tree(str(root)), open_tree(str(CAPTURE))
    assert isinstance(mounted, MountedTree)
    assert isinstance(local, LocalTree)
    for path in PATHS:
        if path != "counters/by-module/xfs":
            assert local.read(path) == mounted.read(path), path
    assert local.names("by-module") == mounted.names("by-module")
    assert local.read("allocinfo") == CAPTURE.read_bytes().replace(b"version: 1.0", b"version: 2.0")


def test_a_series_has_its_captures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_bytes(CAPTURE.read_bytes())
    tree = open_tree(str(tmp_path))
    assert tree.names("history") == ["a", "b", "first", "last"]
    assert tree.read("text/diff/first..last/records") == b""


def test_a_directory_in_a_mount_is_a_tree(default_mount: Path) -> None:
    tree = open_tree(f"{default_mount}/query/module=xfs")
    assert tree.read("records") == (default_mount / "by-module/xfs").read_bytes()
    assert mount_of(f"{default_mount}/by-file/mm") == str(default_mount)
    assert mount_of("/") is None


def test_a_local_snapshot_is_a_moment() -> None:
    tree = open_tree(str(CAPTURE))
    assert isinstance(tree, LocalTree)
    tree.take("a")
    assert tree.read("text/diff/a/records") == b""
    assert tree.names("snapshots") == ["a"]


def test_a_late_source_is_waited_for(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "allocinfo")
    gate.write(1)
    tree = LocalTree("a text", gate.backend(max_age=0))
    gate.close()
    gate.write(2)
    opener = threading.Timer(0.1, gate.open)
    opener.start()
    assert b" 2000 " in tree.read("allocinfo")
    opener.join()


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("by-file/none.c", NameNotFound),
        ("by-file", NameNotFound),
        ("records/x", NameNotFound),
        ("query/color=red/records", BadQuery),
        ("diff/none/records", AllocfsError),
    ],
)
def test_what_is_not_there_is_told(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_tree(str(CAPTURE)).read(path)


def test_a_directory_without_queries_is_told(default_mount: Path) -> None:
    with pytest.raises(SourceFailed, match="has no json/: name a mount"):
        open_tree(f"{default_mount}/by-file").read("json/records")
    with pytest.raises(FileNotFoundError):
        open_tree(str(default_mount)).read("json/by-file/none.c")


def test_a_list_is_of_a_directory() -> None:
    with pytest.raises(NameNotFound):
        open_tree(str(CAPTURE)).names("records")


def test_the_default_is_the_kernel_or_a_mount(
    monkeypatch: pytest.MonkeyPatch, default_mount: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(trees, "ALLOCINFO", str(CAPTURE))
    assert default_source() == str(CAPTURE)
    monkeypatch.setattr(trees, "ALLOCINFO", "/no/such")
    table = tmp_path / "mountinfo"
    monkeypatch.setattr(trees, "MOUNTINFO", table)
    points = {"/x": "tmpfs", "/dead": "fuse.allocfs", str(default_mount): "fuse.allocfs"}
    lines = [f"1 0 0:1 / {point} rw - {kind} none rw\n" for point, kind in points.items()]
    table.write_text("".join(lines))
    assert default_source() == str(default_mount)
    table.write_text("".join(lines[:2]))
    with pytest.raises(SourceFailed, match="name a SOURCE"):
        default_source()
