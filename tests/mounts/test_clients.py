"""A real mount read by common programs, compared with records packed from the capture's text."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import posixpath
import random
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import ROOT

CAPTURE = ROOT / "allocfs/data/linux-6.12-net.txt"
LINE = re.compile(r" *(-?\d+) +(\d+) (\S+):(\d+) (?:\[(\S+)\] )?func:(\S+) (accurate:no )?")
SIZE = 224


class Capture:
    """The expected contents of the default mount, packed with struct."""

    def __init__(self) -> None:
        self.lines = CAPTURE.read_text().splitlines(keepends=True)[2:]
        packed = [pack(line) for line in self.lines]
        self.records = [record for _, record in packed]
        by_file = defaultdict(list)
        for file, record in packed:
            by_file[posixpath.normpath(file)].append(record)
        self.by_file = {file: b"".join(records) for file, records in by_file.items()}
        self.mm = {file[3:]: r for file, r in self.by_file.items() if file.startswith("mm/")}


def pack(line: str) -> tuple[str, bytes]:
    """Return the file and the record of a line."""
    match = LINE.match(line)
    assert match
    size, calls, file, number, module, function, inaccurate = match.groups("")
    names = (module.encode(), function.encode(), file.encode())
    assert max(map(len, names)) < 64
    counters = (int(number), int(size), int(calls), not inaccurate)
    return file, struct.pack("=64s64s64sQqQ?7x", *names, *counters)


@pytest.fixture(scope="module")
def capture() -> Capture:
    return Capture()


@pytest.fixture(scope="module")
def data(capture: Capture) -> bytes:
    """The expected contents of `/records`."""
    return b"".join(capture.records)


@pytest.fixture
def path(default_mount: Path) -> Path:
    return default_mount / "records"


@contextmanager
def opened(path: Path, flags: int = 0) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | flags)
    yield fd
    os.close(fd)


@pytest.fixture
def fd(path: Path) -> Iterator[int]:
    with opened(path) as fd:
        yield fd


def output(*command: object) -> bytes:
    """Run a program, which must succeed without error messages; return its output."""
    words = list(map(str, command))
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def contents(directory: Path) -> dict[str, bytes]:
    """Read the files of a copied tree except those named `.records`."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != ".records")
    return {str(file.relative_to(directory)): file.read_bytes() for file in files}


@pytest.mark.parametrize("flag", ["fullblock", "direct", "sync", "nonblock"])
@pytest.mark.parametrize(
    "operands",
    [
        *((bs, 0, 10_000) for bs in (224, 1000, 65536, 1 << 20, 1 << 22)),
        *((224, 7, 3), (224, 3218, 9), (1, 225, 500), (1000, 700, 5), (65536, 9, 9)),
    ],
)
def test_dd_reads_any_blocks(
    path: Path, data: bytes, operands: tuple[int, int, int], flag: str
) -> None:
    bs, skip, count = operands
    options = (f"bs={bs}", f"skip={skip}", f"count={count}", f"iflag={flag}", "status=none")
    assert output("dd", f"if={path}", *options) == data[bs * skip :][: bs * count]


def test_dd_seeks_in_its_output(path: Path, data: bytes, tmp_path: Path) -> None:
    operands = ("bs=224", "skip=5", "seek=2", "count=3", "status=none")
    output("dd", f"if={path}", f"of={tmp_path}/copy", *operands)
    assert (tmp_path / "copy").read_bytes() == bytes(2 * SIZE) + data[5 * SIZE :][: 3 * SIZE]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("cat", slice(None)),
        ("head -c 300", slice(300)),
        ("head -c -300", slice(-300)),
        ("tail -c 300", slice(-300, None)),
        ("tail -c +301", slice(300, None)),
    ],
)
def test_a_filter_prints_its_part(path: Path, data: bytes, command: str, part: slice) -> None:
    assert output(*command.split(), path) == data[part]


def test_sizes_and_digests_are_those_of_a_plain_file(path: Path, data: bytes) -> None:
    for command in ("wc -c", "stat -c %s", "du --bytes"):
        assert int(output(*command.split(), path).split()[0]) == len(data)
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert output("md5sum", path).split()[0].decode() == digest


def test_cmp_tells_equal_from_different(path: Path, data: bytes, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(data)
    assert output("cmp", path, copy) == b""
    copy.write_bytes(data[:-1] + b"\1")
    assert subprocess.run(["cmp", "-s", path, copy], check=False).returncode == 1


def test_find_sees_every_file_with_its_size(default_mount: Path, capture: Capture) -> None:
    command = ("find", default_mount / "by-file", "-type", "f", "!", "-name", ".records")
    sizes = {file: str(len(records)) for file, records in capture.by_file.items()}
    found = output(*command, "-printf", r"%P %s\n").decode().splitlines()
    assert dict(line.split() for line in found) == sizes
    two = output(*command, "-size", "448c", "-printf", r"%P\n").decode().split()
    assert sorted(two) == sorted(file for file, size in sizes.items() if size == "448")


@pytest.mark.parametrize("command", ["cp -r", "cp -a", "rsync -a"])
def test_a_tree_is_copied(
    default_mount: Path, capture: Capture, tmp_path: Path, command: str
) -> None:
    output(*command.split(), default_mount / "by-file/mm", tmp_path)
    assert contents(tmp_path / "mm") == capture.mm


def test_tar_archives_a_tree(default_mount: Path, capture: Capture, tmp_path: Path) -> None:
    archive = tmp_path / "mm.tar"
    output("tar", "-C", default_mount / "by-file", "-cf", archive, "mm")
    with tarfile.open(archive) as tar:
        sizes = {m.name[3:]: m.size for m in tar if m.isfile() and ".records" not in m.name}
    assert sizes == {name: len(records) for name, records in capture.mm.items()}
    output("tar", "-C", tmp_path, "-xf", archive)
    assert contents(tmp_path / "mm") == capture.mm


def test_files_whose_size_depends_on_values_have_it(
    default_mount: Path, capture: Capture, tmp_path: Path
) -> None:
    path = default_mount / "query/min_size=1M/records"
    data = b"".join(r for r in capture.records if struct.unpack_from("=q", r, 200)[0] >= 1 << 20)
    assert path.stat().st_size == len(data)
    output("cp", path, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert output("tail", "-c", "300", path) == data[-300:]
    assert output("dd", f"if={path}", "bs=1000", "skip=1", "status=none") == data[1000:]
    assert output("wc", "-c", path).split()[0] == b"%d" % len(data)


def test_text_is_searched_and_counted(default_mount: Path, capture: Capture) -> None:
    grep = ("grep", "-rh", "--exclude=.records", "alloc_slab_page")
    found = output(*grep, default_mount / "text/by-file/mm").decode()
    wanted = [line for line in capture.lines if "func:alloc_slab_page " in line]
    assert found == "".join(wanted) != ""
    assert output("wc", "-l", default_mount / "text/records").split()[0] == b"3219"
    assert output("wc", "-c", default_mount / "allocinfo").split()[0] == b"240910"


def test_grep_finds_a_function_in_the_records(default_mount: Path) -> None:
    root = default_mount / "by-file/mm"
    found = output("grep", "-r", "-l", "--exclude=.records", "alloc_slab_page", root)
    assert found.decode() == f"{root}/slub.c\n"


def test_jq_reads_the_json(default_mount: Path, capture: Capture) -> None:
    for module in ("xfs", "btrfs"):
        summed = output("jq", "-s", "map(.bytes) | add", default_mount / f"json/by-module/{module}")
        lines = [line for line in capture.lines if f" [{module}] " in line]
        assert int(summed) == sum(int(line.split()[0]) for line in lines)


def test_fio_reads_single_records_at_random(path: Path) -> None:
    job = ("--name=records", "--readonly", "--rw=randread", "--bs=224", "--number_ios=2000")
    report = output("fio", *job, f"--filename={path}", "--output-format=json")
    (done,) = json.loads(report)["jobs"]
    assert (done["error"], done["read"]["total_ios"], done["read"]["io_bytes"]) == (0, 2000, 448000)


@pytest.mark.parametrize("flags", [0, os.O_DIRECT])
def test_pread_returns_any_part(path: Path, data: bytes, flags: int) -> None:
    numbers = random.Random(1)
    with opened(path, flags) as fd:
        for _ in range(500):
            offset, size = numbers.randrange(len(data)), numbers.randrange(3000)
            assert os.pread(fd, size, offset) == data[offset : offset + size]


def test_pread_at_or_past_the_end_returns_nothing(fd: int, data: bytes) -> None:
    end = len(data)
    assert os.pread(fd, 0, 0) == os.pread(fd, 0, end) == b""
    for offset in (end, end + 1, end + SIZE, 1 << 40, (1 << 63) - 4096):
        assert os.pread(fd, SIZE, offset) == b""
    assert os.pread(fd, SIZE, end - 1) == b"\0"


def test_preadv_scatters_over_buffers(fd: int, data: bytes) -> None:
    buffers = [bytearray(size) for size in (1, 223, 0, 1000, 100_000)]
    assert os.preadv(fd, buffers, 777) == 101_224
    assert b"".join(buffers) == data[777:][:101_224]


def test_lseek_counts_from_the_start_and_from_the_end(fd: int, data: bytes) -> None:
    assert os.lseek(fd, 0, os.SEEK_END) == len(data)
    assert os.read(fd, SIZE) == b""
    assert os.lseek(fd, -SIZE, os.SEEK_END) == len(data) - SIZE
    assert os.read(fd, 1000) == data[-SIZE:]
    assert os.lseek(fd, 100, os.SEEK_SET) == 100
    assert os.lseek(fd, 124, os.SEEK_CUR) == SIZE
    assert os.read(fd, SIZE) == data[SIZE:][:SIZE]
    with pytest.raises(OSError, match="Invalid argument"):
        os.lseek(fd, -1, os.SEEK_SET)


def test_a_private_mapping_shows_the_records_and_a_shared_one_is_refused(
    fd: int, data: bytes
) -> None:
    with mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
        assert mapped[:] == data
    with pytest.raises(OSError, match="No such device"):
        mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)


def test_sendfile_sends_to_a_socket_and_to_a_file(fd: int, data: bytes, tmp_path: Path) -> None:
    here, there = socket.socketpair()
    with here, there, (tmp_path / "copy").open("wb") as copy:
        assert os.sendfile(here.fileno(), fd, SIZE, 4096) == 4096
        assert there.recv(4096, socket.MSG_WAITALL) == data[SIZE:][:4096]
        while os.sendfile(copy.fileno(), fd, None, 1 << 20):
            pass
    assert (tmp_path / "copy").read_bytes() == data


def test_readers_of_one_descriptor_do_not_disturb_each_other(fd: int, data: bytes) -> None:
    failures: list[int] = []

    def read(seed: int) -> None:
        numbers = random.Random(seed)
        for _ in range(200):
            offset, size = numbers.randrange(len(data)), numbers.randrange(1, 3000)
            if os.pread(fd, size, offset) != data[offset : offset + size]:
                failures.append(offset)

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert failures == []


def test_two_descriptors_have_their_own_positions(path: Path, data: bytes) -> None:
    with opened(path) as one, opened(path) as other:
        os.lseek(other, 1000, os.SEEK_SET)
        for n in range(20):
            assert os.read(one, 100) == data[100 * n :][:100]
            assert os.read(other, 300) == data[1000 + 300 * n :][:300]
