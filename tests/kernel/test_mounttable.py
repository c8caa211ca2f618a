"""The table of mounts: its entries, and the file system of a path or a device."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allocfs.kernel.mounttable import filesystem_at, filesystem_of, mount_entries

MOUNTINFO = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
30 22 0:40 / /mnt rw - tmpfs none rw
31 22 0:41 / /mnt rw shared:5 master:2 - fuse.allocfs none rw,user_id=0
32 22 0:42 / /with\040space\134 rw - fuse.sshfs - rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/proc", "proc"),
        ("/mnt", "fuse.allocfs"),
        ("/with space\\", "fuse.sshfs"),
        ("/nothing", None),
        ("/pro", None),
    ],
)
def test_the_topmost_file_system_of_a_path_is_found(
    path: str, kind: str | None, tmp_path: Path
) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(MOUNTINFO)
    assert filesystem_at(path, table) == kind


def test_the_kernel_table_is_read_alike() -> None:
    assert filesystem_at("/proc") == "proc"


def test_the_entries_are_in_the_order_of_the_mounts(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(MOUNTINFO)
    assert list(mount_entries(table)) == [
        ("254:0", b"/", "ext4"),
        ("0:21", b"/proc", "proc"),
        ("0:40", b"/mnt", "tmpfs"),
        ("0:41", b"/mnt", "fuse.allocfs"),
        ("0:42", b"/with space\\", "fuse.sshfs"),
    ]


@pytest.mark.parametrize(
    ("major", "minor", "kind"), [(0, 40, "tmpfs"), (254, 0, "ext4"), (0, 4, None), (25, 40, None)]
)
def test_a_file_system_is_found_by_its_device(
    major: int, minor: int, kind: str | None, tmp_path: Path
) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(MOUNTINFO)
    assert filesystem_of(os.makedev(major, minor), table) == kind


def test_a_type_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(b"30 22 0:40 / /mnt rw - fuse.\xff none rw\n")
    assert filesystem_at("/mnt", table) == "fuse.\udcff"
