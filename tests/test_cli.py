"""The command allocfs, in this process where that will do, and the demo that uses it."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from allocfs import __version__, cli
from tests.conftest import is_mounted, wait_until

COMMAND = (sys.executable, "-m", "allocfs.cli")
RECORD = struct.pack("=64s64s64sQqQ?7x", b"xfs", b"alloc", b"fs/xfs/a.c", 7, -5, 3, False)
BUILT_IN = struct.pack("=64s64s64sQqQ?7x", b"", b"alloc", b"mm/slub.c", 8, 4096, 1, True)
TEXT = (
    "          -5        3 fs/xfs/a.c:7 [xfs] func:alloc accurate:no \n"
    "        4096        1 mm/slub.c:8 func:alloc \n"
)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records"
    path.write_bytes(RECORD + BUILT_IN)
    return path


Captured = pytest.CaptureFixture[str]


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
        f"allocfs: {names[3]}: these are not records of 224 bytes",
    ]


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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        command = [*COMMAND, "check", "module=xfs"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"allocfs: No space left on device\n")


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("min_size=1048576,module=xfs|ext4", "module=ext4|xfs,min_size=1M"),
        ("file=mm%2Fslub.c", "file=mm%2Fslub.c"),
    ],
)
def test_check_prints_the_canonical_form(query: str, canonical: str, capfd: Captured) -> None:
    assert cli.main(["check", query]) == 0
    assert capfd.readouterr() == (f"{canonical}\n", "")


def test_check_refuses_what_no_path_can_hold(capfd: Captured) -> None:
    assert cli.main(["check", "file=mm/slub.c"]) == 2
    assert capfd.readouterr().err.endswith("write file=mm%2Fslub.c\n")


def test_check_says_why_a_query_is_refused(capfd: Captured) -> None:
    assert cli.main(["check", "module=xfs,colour=red"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("allocfs: 'colour=red': expected one of the keys file,")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "allocfs: the following arguments are required: COMMAND; see allocfs --help\n"),
        (
            ("decode",),
            "allocfs decode: the following arguments are required: FILE; "
            "see allocfs decode --help\n",
        ),
        (("check", "a", "b"), "allocfs: unrecognized arguments: b; see allocfs --help\n"),
    ],
)
def test_misuse_is_one_line(arguments: tuple[str, ...], message: str, capfd: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert capfd.readouterr() == ("", message)


def test_version_is_printed(capfd: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capfd.readouterr().out == f"allocfs {__version__}\n"


def test_what_takes_long_to_import_is_imported_only_where_needed() -> None:
    program = (
        "import sys; from allocfs import cli; cli.main(['check', 'module=xfs']);"
        "print({'numpy', 'construct', 'pyfuse3', 'trio'} & set(sys.modules))"
    )
    out = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert out == "module=xfs\nset()\n"


@pytest.mark.parametrize("name", sorted(cli.ELSEWHERE))
def test_a_command_whose_module_cannot_be_imported_is_one_line(
    name: str, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, cli.ELSEWHERE[name][0], None)
    assert cli.main([name]) == 1
    err = capfd.readouterr().err
    assert err.startswith("allocfs: ")
    assert err.endswith(": install allocfs with its dependencies again\n")
    assert err.count("\n") == 1


@pytest.fixture
def demo(tmp_path: Path) -> dict[str, str]:
    """The environment of a demo: the commands, installed or not, and an empty TMPDIR."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, module in (("allocfs", "allocfs.cli"), ("mount.allocfs", "allocfs.mount")):
        script = f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n'
        (commands / name).write_text(script)
        (commands / name).chmod(0o755)
    (tmp_path / "tmp").mkdir()
    return {
        **os.environ,
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "TMPDIR": str(tmp_path / "tmp"),
    }


DEMO = (sys.executable, "-m", "allocfs.demo")


def test_the_demo_shows_a_record_its_line_and_their_cost(
    demo: dict[str, str], default_mount: Path
) -> None:
    done = subprocess.run(DEMO, env=demo, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    allocinfo = (default_mount / "allocinfo").read_text().splitlines()
    line = next(line for line in allocinfo if "arch/x86/events/rapl.c:" in line)
    position = lines.index(line)
    assert lines[position + 1] == f"# {3219 * 224:,} per-CPU counters summed"
    assert any("init_rapl_pmus.." in line for line in lines)
    top = sorted(allocinfo[2:], key=lambda line: int(line.split()[0]), reverse=True)[:10]
    position = lines.index("$ cat text/query/sort=-bytes,limit=10/records")
    assert lines[position + 1 : position + 11] == top
    assert os.listdir(demo["TMPDIR"]) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(
    demo: dict[str, str], default_mount: Path, number: signal.Signals
) -> None:
    assert default_mount.is_mount()  # this is skipped where nothing can be mounted
    directory = Path(demo["TMPDIR"])
    process = subprocess.Popen(DEMO, env=demo, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_until(lambda: any(map(is_mounted, directory.iterdir())), "the demo has mounted")
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 130
    assert os.listdir(directory) == []


def test_a_demo_that_fails_says_so_and_unmounts(
    demo: dict[str, str], default_mount: Path, tmp_path: Path
) -> None:
    assert default_mount.is_mount()
    (tmp_path / "bin/grep").write_text("#!/bin/sh\necho no >&2; exit 3\n")
    (tmp_path / "bin/grep").chmod(0o755)
    done = subprocess.run(DEMO, env=demo, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "no\nallocfs.demo: failed with exit code 3\n")
    assert done.stdout.endswith("$ grep -m 1 arch/x86/events/rapl.c allocinfo\n")
    assert os.listdir(demo["TMPDIR"]) == []
