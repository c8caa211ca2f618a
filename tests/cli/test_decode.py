"""The command `allocfs decode`, run in this process where possible."""

from __future__ import annotations

import gzip
import json
import lzma
import signal
import struct
import subprocess
from pathlib import Path

import pytest

from allocfs.cli import command as cli
from tests.cli.test_command import COMMAND, Captured

RECORD = struct.pack("=64s64s64sQqQ?7x", b"xfs", b"alloc", b"fs/xfs/a.c", 7, -5, 3, False)
BUILT_IN = struct.pack("=64s64s64sQqQ?7x", b"", b"alloc", b"mm/slub.c", 8, 4096, 1, True)
TEXT = (
    "          -5        3 fs/xfs/a.c:7 [xfs] func:alloc accurate:no \n"
    "        4096        1 mm/slub.c:8 func:alloc \n"
)

GIVE_COUNTERS = "if they are of 32 bytes, as in /counters, give --counters"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records"
    path.write_bytes(RECORD + BUILT_IN)
    return path


def test_records_are_printed_as_text(records: Path, capfd: Captured) -> None:
    assert cli.main(["decode", str(records)]) == 0
    assert capfd.readouterr() == (TEXT, "")


def test_records_are_printed_as_json(records: Path, capfd: Captured) -> None:
    assert cli.main(["decode", "--json", str(records)]) == 0
    first, second = map(json.loads, capfd.readouterr().out.splitlines())
    assert (first["bytes"], first["module"], first["accurate"]) == (-5, "xfs", False)
    assert (second["file"], second["line"], second["calls"]) == ("mm/slub.c", 8, 1)


def test_counters_are_printed_when_told(tmp_path: Path, capfd: Captured) -> None:
    path = tmp_path / "counters"
    path.write_bytes(struct.pack("=QqQQ", 9, 4096, 2, 1))
    assert cli.main(["decode", "--counters", str(path)]) == 0
    assert capfd.readouterr().out == "        4096        2 index:9 \n"


TREND = struct.pack("=QqqqqdddQdqQ", 9, 1, 5, 1, 5, 3.0, 2.0, 1.0, 2, 2.0, 7, 1)


def test_trends_are_printed_when_told(tmp_path: Path, capfd: Captured) -> None:
    path = tmp_path / "trends"
    path.write_bytes(TREND * 2)
    assert cli.main(["decode", "--trends", str(path)]) == 0
    line = "           5        7 index:9 slope:+2.000/s rising:100.0% first:1 last:5 min:1 max:5"
    assert capfd.readouterr().out == f"{line} mean:3.0 samples:2 \n" * 2


DIFFERENCE = struct.pack("=64s64s64sQqq?7x", b"xfs", b"alloc", b"fs/xfs/a.c", 7, -5, -3, True)
ROWS = struct.pack("=64s64s64sQqQ?7x", b"xfs", b"", b"", 0, 4096, 1, True) + struct.pack(
    "=64s64s64sQqQ?7x", b"", b"alloc", b"", 0, 4096, 1, True
)


def test_the_calls_of_a_difference_are_signed(tmp_path: Path, capfd: Captured) -> None:
    path = tmp_path / "records"
    path.write_bytes(DIFFERENCE)
    assert cli.main(["decode", "--signed", str(path)]) == 0
    assert capfd.readouterr().out == "          -5       -3 fs/xfs/a.c:7 [xfs] func:alloc \n"
    path.write_bytes(struct.pack("=QqqQ", 9, -5, -3, 1))
    assert cli.main(["decode", "--counters", "--signed", str(path)]) == 0
    assert capfd.readouterr().out == "          -5       -3 index:9 \n"


def test_rows_of_a_group_have_the_names_that_they_have(tmp_path: Path, capfd: Captured) -> None:
    path = tmp_path / "records"
    path.write_bytes(ROWS)
    assert cli.main(["decode", str(path)]) == 0
    assert (
        capfd.readouterr().out == "        4096        1 xfs \n        4096        1 func:alloc \n"
    )
    assert piped(bytes(224)).returncode == 1


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (TREND * 2, [], "224 bytes: if they are of 96 bytes, as in /trend, give --trends"),
        (TREND, ["--counters"], "32 bytes: if they are of 96 bytes, as in /trend, give --trends"),
        (RECORD * 3, ["--trends"], "96 bytes: if they are of 224 bytes, leave --trends out"),
        (struct.pack("=QqQQ", 9, 4096, 2, 1) * 3, ["--trends"], f"96 bytes: {GIVE_COUNTERS}"),
    ],
)
def test_the_option_for_the_kind_is_named(data: bytes, options: list[str], message: str) -> None:
    done = piped(data, *options)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"allocfs: -: these are not records of {message}\n"


def piped(data: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Decode data from a pipe."""
    command = [*COMMAND, "decode", *options, "-"]
    return subprocess.run(command, input=data, capture_output=True, check=False)


# Seven records of counters are as long as one record. None of these files has a multiple of seven.
@pytest.mark.parametrize("path", ["by-module/xfs", "by-file/arch/x86/events/rapl.c", "records"])
def test_piped_counters_are_refused_without_the_option(default_mount: Path, path: str) -> None:
    data = (default_mount / "counters" / path).read_bytes()
    done = piped(data)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"allocfs: -: ")
    assert done.stderr.endswith(f": {GIVE_COUNTERS}\n".encode())
    assert piped(data, "--counters").stdout.count(b" index:") == len(data) // 32


@pytest.mark.parametrize("path", ["by-module/xfs", "by-file/arch/x86/events/rapl.c", "records"])
def test_piped_records_are_refused_with_the_option(default_mount: Path, path: str) -> None:
    data = (default_mount / path).read_bytes()
    done = piped(data, "--counters")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == (
        b"allocfs: -: these are not records of 32 bytes:"
        b" if they are of 224 bytes, leave --counters out\n"
    )
    assert piped(data).stdout == (default_mount / "text" / path).read_bytes()


def test_a_mount_says_which_kind_its_records_are(default_mount: Path, capfd: Captured) -> None:
    lines = (default_mount / "allocinfo").read_text().splitlines()[2:]
    assert cli.main(["decode", "--counters", str(default_mount / "records")]) == 0
    assert capfd.readouterr().out.splitlines() == lines
    assert cli.main(["decode", str(default_mount / "counters/records")]) == 0
    counters = [f"{line[:21]} index:{number} " for number, line in enumerate(lines)]
    assert capfd.readouterr().out.splitlines() == counters


def test_records_are_printed_as_they_come_through_a_pipe() -> None:
    with subprocess.Popen(
        [*COMMAND, "decode", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin
        assert process.stdout
        first, second = TEXT.encode().splitlines(keepends=True)
        process.stdin.write(RECORD + BUILT_IN[:100])
        assert process.stdout.readline() == first
        process.stdin.write(BUILT_IN[100:])
        assert process.stdout.readline() == second
        process.stdin.close()
    assert process.returncode == 0


def test_what_cannot_be_decoded_is_named_and_the_rest_is_printed(
    records: Path, tmp_path: Path, capfd: Captured
) -> None:
    (tmp_path / "cut").write_bytes(RECORD + b"x")
    (tmp_path / "text").write_text(TEXT * 10)
    names = [str(tmp_path / name) for name in ("", "missing", "cut", "text")]
    assert cli.main(["decode", *names, str(records)]) == 1
    out, err = capfd.readouterr()
    assert out == TEXT.splitlines(keepends=True)[0] + TEXT
    assert err.splitlines() == [
        f"allocfs: {names[0]}: Is a directory",
        f"allocfs: {names[1]}: No such file or directory",
        f"allocfs: {names[2]}: its end is not that of a 224-byte record",
        f"allocfs: {names[3]}: it is text already, and needs no decoding",
    ]


@pytest.mark.parametrize("options", [[], ["--counters"]])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "it is text already, and needs no decoding"),
        (TEXT.encode(), "it is text already, and needs no decoding"),
        ("mm/\u00e4.c\n".encode() * 32, "it is text already, and needs no decoding"),
        (
            gzip.compress(TEXT.encode(), mtime=0),
            "it is compressed by gzip: decompress it with zcat",
        ),
        (lzma.compress(TEXT.encode()), "it is compressed by xz: decompress it with xzcat"),
        (b"\x7fELF\0" * 224, "these are not records of {} bytes"),
        (b"\x7fELF\0", "its end is not that of a {}-byte record"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_kind(
    data: bytes, message: str, options: list[str], tmp_path: Path, capfd: Captured
) -> None:
    (tmp_path / "file").write_bytes(data)
    assert cli.main(["decode", *options, str(tmp_path / "file")]) == 1
    said = message.format(32 if options else 224)
    assert capfd.readouterr() == ("", f"allocfs: {tmp_path}/file: {said}\n")


@pytest.mark.parametrize("path", ["text/records", "json/by-module/xfs", "allocinfo"])
def test_text_of_a_mount_needs_no_decoding(default_mount: Path, path: str, capfd: Captured) -> None:
    assert cli.main(["decode", str(default_mount / path)]) == 1
    assert capfd.readouterr().err.endswith(f"/{path}: it is text already, and needs no decoding\n")


def test_nothing_is_printed_of_an_empty_file(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "empty").touch()
    assert cli.main(["decode", str(tmp_path / "empty")]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_reader_that_has_seen_enough_ends_the_command_silently(tmp_path: Path) -> None:
    (tmp_path / "many").write_bytes(RECORD * 10_000)
    command = [*COMMAND, "decode", str(tmp_path / "many")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == -signal.SIGPIPE
