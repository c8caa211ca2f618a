"""A real mount: every path of the default capture, compared with an independent parse."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from allocfs.formats.records import RECORD_SIZE, decode_record
from tests.conftest import stats
from tests.support import ROOT

LINE = re.compile(r" *(-?\d+) +(\d+) (\S+):(\d+) (?:\[(\S+)\] )?func:(\S+) (accurate:no )?$")


class Line(NamedTuple):
    """A line of the text, parsed by an expression that allocfs itself does not use."""

    module: str
    function: str
    file: str
    line: int
    bytes: int
    calls: int
    accurate: bool


@pytest.fixture(scope="module")
def lines(default_mount: Path) -> list[Line]:
    found = []
    for text in (default_mount / "allocinfo").read_text().splitlines()[2:]:
        match = LINE.match(text)
        assert match, text
        size, calls, file, line, module, function, inaccurate = match.groups()
        found.append(
            Line(module or "", function, file, int(line), int(size), int(calls), not inaccurate)
        )
    return found


def records(path: Path) -> list[tuple[object, ...]]:
    data = path.read_bytes()
    assert len(data) == path.stat().st_size
    return [
        tuple(decode_record(data[n : n + RECORD_SIZE])) for n in range(0, len(data), RECORD_SIZE)
    ]


def cut(line: Line) -> tuple[object, ...]:
    return (line.module, line.function[-63:], line.file[-63:], *line[3:])


def test_the_text_is_that_of_the_capture(default_mount: Path) -> None:
    capture = (ROOT / "allocfs/data/linux-6.12-net.txt").read_text().splitlines()[2:]
    assert (default_mount / "allocinfo").read_text().splitlines()[2:] == capture


def test_records_are_the_lines_in_order(default_mount: Path, lines: list[Line]) -> None:
    assert len(lines) == 3219
    assert records(default_mount / "records") == [cut(line) for line in lines]


def test_every_source_file_has_its_lines(default_mount: Path, lines: list[Line]) -> None:
    by_path = defaultdict(list)
    for line in lines:
        by_path[posixpath.normpath(line.file)].append(cut(line))
    found = {}
    for directory, _, names in os.walk(default_mount / "by-file"):
        for name in set(names) - {".records"}:
            path = Path(directory, name)
            found[str(path.relative_to(default_mount / "by-file"))] = records(path)
    assert found == by_path


@pytest.mark.parametrize(("group", "field"), [("by-function", "function"), ("by-module", "module")])
def test_every_function_and_module_has_its_lines(
    default_mount: Path, lines: list[Line], group: str, field: str
) -> None:
    by_name = defaultdict(list)
    for line in lines:
        by_name[getattr(line, field) or "vmlinux"].append(cut(line))
    found = {path.name: records(path) for path in (default_mount / group).iterdir()}
    assert found == by_name


def test_every_directory_has_the_records_below_it(default_mount: Path, lines: list[Line]) -> None:
    for directory, _, _ in os.walk(default_mount / "by-file"):
        prefix = str(Path(directory).relative_to(default_mount / "by-file")) + "/"
        expected = [
            cut(line)
            for line in lines
            if prefix == "./" or posixpath.normpath(line.file).startswith(prefix)
        ]
        assert records(Path(directory, ".records")) == expected


def test_both_spellings_reach_one_file(default_mount: Path) -> None:
    below = default_mount / "by-file"
    spellings = [
        os.fspath(below) + "/drivers/iommu/amd/../iommu-pages.h",
        os.fspath(below) + "/drivers/iommu/iommu-pages.h",
    ]
    assert os.path.samefile(*spellings)
    files = {record[2] for record in records(Path(spellings[0]))}
    assert files == {
        "drivers/iommu/amd/../iommu-pages.h",
        "drivers/iommu/intel/../iommu-pages.h",
    }


def test_reading_two_records_sums_two_tags_and_looking_sums_none(default_mount: Path) -> None:
    path = default_mount / "by-file/arch/x86/events/rapl.c"
    before = stats(default_mount)["counters_read"]
    with path.open("rb", buffering=0) as file:
        path.stat()
        list(path.parent.iterdir())
        assert stats(default_mount)["counters_read"] == before
        assert len(file.read(448)) == 448
    assert stats(default_mount)["counters_read"] == before + 2 * 224


def test_the_attributes_say_size_count_and_content_id(default_mount: Path) -> None:
    path = default_mount / "by-module/xfs"
    attributes = {name: os.getxattr(path, name).decode() for name in os.listxattr(path)}
    assert attributes == {
        "user.allocfs.content_id": (default_mount / ".allocfs/content_id").read_text().strip(),
        "user.allocfs.record_size": "224",
        "user.allocfs.records": "130",
    }
    assert os.getxattr(default_mount / "counters/records", "user.allocfs.record_size") == b"32"


@pytest.mark.parametrize("name", ["abi.h", "schema.json", "version"])
def test_files_that_never_change_have_their_size(default_mount: Path, name: str) -> None:
    path = default_mount / ".allocfs" / name
    assert path.stat().st_size == len(path.read_bytes()) > 0


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda root: (root / "new").write_text(""), "EROFS"),
        (lambda root: (root / "records").write_text(""), "EROFS"),
        (lambda root: (root / "records").unlink(), "EROFS"),
        (lambda root: (root / "new").mkdir(), "EROFS"),
        (lambda root: (root / "records").chmod(0o777), "EROFS"),
        (lambda root: os.setxattr(root / "records", "user.x", b""), "EROFS"),
        (lambda root: (root / "records").rename(root / "other"), "EROFS"),
        (lambda root: os.symlink("a", root / "b"), "EROFS"),
        (lambda root: (root / "by-file/no/such.c").read_bytes(), "ENOENT"),
        (lambda root: (root / "query/colour=red").stat(), "EINVAL"),
        (lambda root: (root / ("x" * 5000)).stat(), "ENAMETOOLONG"),
        (lambda root: os.listdir(root / "records"), "ENOTDIR"),
        (lambda root: (root / "by-file").read_bytes(), "EISDIR"),
        (lambda root: os.getxattr(root / "records", "user.other"), "ENODATA"),
        (lambda root: (root / ".allocfs/control").write_text("nonsense\n"), "EINVAL"),
    ],
)
def test_what_cannot_be_done_has_its_errno(default_mount: Path, act: object, error: str) -> None:
    import errno

    with pytest.raises(OSError) as raised:
        act(default_mount)  # type: ignore[operator]
    assert errno.errorcode[raised.value.errno or 0] == error


def test_df_shows_no_file_system_that_is_full(default_mount: Path) -> None:
    shown = os.statvfs(default_mount)
    assert (shown.f_files, shown.f_ffree, shown.f_favail) == (0, 0, 0)
    assert (shown.f_blocks, shown.f_bfree, shown.f_bavail) == (0, 0, 0)
    assert shown.f_namemax == 1024
    for option in ("-i", "-k"):
        lines = subprocess.check_output(["df", "-P", option, default_mount], text=True).splitlines()
        assert lines[1].split()[1:5] == ["0", "0", "0", "-"]
