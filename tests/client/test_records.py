"""The client library on plain files and on mounts, compared with dd and a C program."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from allocfs.client import (
    RecordFile,
    decode_records,
    format_counters,
    format_records,
    read_records,
)
from allocfs.errors import TagGone
from allocfs.formats.records import COUNTERS, Record, parse_records
from tests.conftest import Mounter, control
from tests.support import ROOT

SIZE = 224


def pack(number: int) -> bytes:
    """Pack a record with distinct values for each number."""
    names = (b"xfs", b"alloc_%d" % number, b"fs/xfs/%d.c" % number)
    return struct.pack("=64s64s64sQqQ?7x", *names, number, -number, 2 * number, number % 2)


def decoded(number: int) -> Record:
    names = ("xfs", f"alloc_{number}", f"fs/xfs/{number}.c")
    return Record(*names, number, -number, 2 * number, bool(number % 2))


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A plain file with more records than one read returns."""
    path = tmp_path / "copy"
    path.write_bytes(b"".join(map(pack, range(1500))))
    return path


def test_all_records_are_read(many: Path) -> None:
    records = read_records(many)
    assert records.tobytes() == many.read_bytes()
    assert records["bytes"].tolist() == [-number for number in range(1500)]


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 0), (0, 1), (0, 512), (0, 513), (3, 1024), (1499, 1), (1499, 9), (1500, 1), (9999, None)],
)
def test_some_records_are_read(many: Path, first: int, count: int | None) -> None:
    end = None if count is None else first + count
    with RecordFile(many) as file:
        numbers = file.read(first, count)["lineno"].tolist()
    assert numbers == list(range(1500))[first:end]


@pytest.mark.parametrize("count", [0, 1, 512, 1024, 1500])
def test_iterating_decodes_every_record(many: Path, count: int) -> None:
    os.truncate(many, count * SIZE)
    with RecordFile(many) as file:
        assert len(file) == count
        assert list(file) == list(map(decoded, range(count)))


def test_a_broken_record_is_refused(many: Path) -> None:
    os.truncate(many, SIZE + 1)
    with pytest.raises(ValueError, match="copy: its end is not that of a 224-byte record"):
        read_records(many)


def test_records_of_another_kind_are_refused(default_mount: Path) -> None:
    with pytest.raises(ValueError, match="counters/records: has records of 32 bytes, not of 224"):
        read_records(default_mount / "counters/records")


def test_records_that_only_a_read_can_count_are_counted(default_mount: Path) -> None:
    path = default_mount / "query/min_size=1M/records"
    assert path.stat().st_size == len(path.read_bytes())
    with RecordFile(path) as file:
        assert len(file) == len(path.read_bytes()) // SIZE > 2


def test_the_records_of_an_unloaded_module_are_gone_and_the_others_stay(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    with RecordFile(root / "records") as file, RecordFile(root / "by-module/xfs") as xfs:
        before = list(file)
        content_id = file.content_id
        control(root, "unload xfs")
        assert file.content_id > content_id
        assert (len(file), len(xfs)) == (3219, 130)
        with pytest.raises(TagGone):
            _ = xfs.content_id
        with pytest.raises(TagGone, match="/by-module/xfs: a module of these records was unload"):
            xfs.read()
        with pytest.raises(TagGone):
            list(file)
        assert before[-1].module == "overlay"
        assert list(decode_records(file.read(3218))) == before[-1:]


def test_len_is_that_at_open_when_modules_came_and_went(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    control(root, "unload xfs")
    with RecordFile(root / "records") as fewer:
        control(root, "load xfs")
        control(root, "unload btrfs")
        assert len(fewer) == 3219 - 130


def test_a_copy_outside_of_a_mount_has_no_content_id(many: Path) -> None:
    with RecordFile(many) as file, pytest.raises(OSError, match=r"No data|not supported"):
        _ = file.content_id


def test_records_are_written_as_the_text_has_them(default_mount: Path) -> None:
    lines = (default_mount / "allocinfo").read_bytes().splitlines(keepends=True)[2:]
    assert format_records(read_records(default_mount / "records")) == b"".join(lines)
    odd = format_records(parse_records(pack(2) + pack(3)))
    assert odd.decode() == (
        "          -2        4 fs/xfs/2.c:2 [xfs] func:alloc_2 accurate:no \n"
        "          -3        6 fs/xfs/3.c:3 [xfs] func:alloc_3 \n"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"modname": b"m" * 64},
        {"function": b"f" * 64},
        {"function": b""},
        {"filename": b""},
        {"filename": b"mm/slub.c\0x"},
        {"accurate": 2},
        {"pad": b"\0\0x"},
    ],
)
def test_what_cannot_be_a_record_is_not_written(changed: dict[str, object]) -> None:
    records = parse_records(pack(1) + pack(2)).copy()
    format_records(records)
    for field, value in changed.items():
        records[field][1] = np.array(value, records.dtype[field])
    with pytest.raises(ValueError, match="not records of 224 bytes"):
        format_records(records)


def test_names_may_fill_their_fields_but_for_the_last_byte() -> None:
    record = struct.pack("=64s64s64sQqQ?7x", b"", b"f" * 63, b"c" * 63, 1, 2, 3, True)
    assert format_records(parse_records(record)).decode() == (
        f"           2        3 {'c' * 63}:1 func:{'f' * 63} \n"
    )


@pytest.mark.parametrize("record", [(2**32, 1, 1, 1), (1, 1, 1, 1 << 6)])
def test_what_cannot_be_counters_is_not_written(record: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="not records of 32 bytes"):
        format_counters(parse_records(struct.pack("=QqQQ", *record), COUNTERS))


@pytest.mark.parametrize(
    ("as_json", "expected"),
    [
        (False, "          -7        9 index:5 \n           0        0 index:6 accurate:no \n"),
        (
            True,
            '{"index": 5, "bytes": -7, "calls": 9, "accurate": true}\n'
            '{"index": 6, "bytes": 0, "calls": 0, "accurate": false}\n',
        ),
    ],
)
def test_counters_are_written_with_their_index(as_json: bool, expected: str) -> None:
    data = struct.pack("=QqQQQqQQ", 5, -7, 9, 1, 6, 0, 0, 0)
    assert format_counters(parse_records(data, COUNTERS), as_json).decode() == expected


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("c") / "pread_consumer"
    options = ("-std=c11", "-D_XOPEN_SOURCE=700", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
    source = ROOT / "tests/support/pread_consumer.c"
    subprocess.run(["gcc", *options, f"-I{ROOT}/spec", "-o", program, source], check=True)
    return program


def test_python_dd_and_c_agree_on_every_byte(default_mount: Path, consumer: Path) -> None:
    path = default_mount / "records"
    data = read_records(path).tobytes()
    assert subprocess.check_output([consumer, path]) == data
    assert subprocess.check_output(["dd", f"if={path}", "bs=224", "status=none"]) == data
    fd = os.open(path, os.O_RDONLY)
    assert b"".join(os.pread(fd, SIZE, SIZE * number) for number in range(3219)) == data
    os.close(fd)


def test_python_and_c_decode_the_same_fields(default_mount: Path, consumer: Path) -> None:
    path = default_mount / "by-file/mm/filemap.c"
    with RecordFile(path) as file:
        number, record = max(enumerate(file), key=lambda item: item[1].bytes)
    assert subprocess.check_output([consumer, path, str(number)], text=True) == (
        f"modname {record.module}\nfunction {record.function}\nfilename {record.file}\n"
        f"lineno {record.line}\nbytes {record.bytes}\ncalls {record.calls}\n"
        f"accurate {int(record.accurate)}\n"
    )
    text = f"{record.bytes:12} {record.calls:8} {record.file}:{record.line} func:{record.function}"
    assert f"{text} \n" in (default_mount / "allocinfo").read_text()
