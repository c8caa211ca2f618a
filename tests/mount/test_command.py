"""The command mount.allocfs: its arguments, and its checks before it mounts."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from allocfs.errors import MountFailed, NotPermitted, OptionError, UsageError
from allocfs.mount.arguments import read_command
from allocfs.mount.checks import check_mountpoint
from allocfs.mount.command import main, outcome_of
from tests.support import CAPTURES

needs_fuse = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not for this user"
)
CAPTURE = CAPTURES / "linux-6.12-boot.txt"


@pytest.mark.parametrize(
    "arguments",
    [
        "none /mnt/alloc -o rw,cpus=4",  # the order of mount(8)
        "-o rw,cpus=4 none /mnt/alloc",
        "none -o rw,cpus=4 /mnt/alloc",
        "none /mnt/alloc -o rw -o cpus=4",
        "none /mnt/alloc -orw,cpus=4",
        "none /mnt/alloc -n -s -o cpus=4,what=ever -t fuse.allocfs",
    ],
)
def test_options_may_stand_anywhere(arguments: str) -> None:
    request = read_command(arguments.split())
    assert (request.source, request.mountpoint) == ("none", "/mnt/alloc")
    assert request.options.cpus == 4


def test_flags_are_off_unless_given() -> None:
    plain = read_command(["/mnt/alloc"])
    assert (plain.source, plain.mountpoint) == (None, "/mnt/alloc")
    assert not any([plain.fake, plain.verbose, plain.foreground, plain.log_file])
    given = read_command(["-fv", "--foreground", "--log-file=/l", "allocfs", "/mnt/alloc"])
    assert (given.fake, given.verbose, given.foreground, given.log_file) == (True, True, True, "/l")
    assert given.source == "allocfs"


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    request = read_command(["capture.txt", "link", "--log-file", "log"])
    assert request.source == str(tmp_path / "capture.txt")
    assert request.mountpoint == str(tmp_path / "real")
    assert request.log_file == str(tmp_path / "log")


def test_each_path_of_a_series_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_command(["a.txt:/b.txt", "/mnt"]).source == f"{tmp_path}/a.txt:/b.txt"
    Path("a:b").touch()
    assert read_command(["a:b", "/mnt"]).source == f"{tmp_path}/a:b"


def test_a_file_can_have_the_name_of_the_simulated_store() -> None:
    assert read_command(["./none", "/mnt"]).source == str(Path("none").absolute())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected [SOURCE] MOUNTPOINT, got nothing"),
        ([""], "expected [SOURCE] MOUNTPOINT, got ''"),
        (["a", "b", "c"], "got 'a' 'b' 'c'"),
        (["none", "/mnt", "--what"], "--what"),
        (["none", "/mnt", "--fore"], "--fore"),
        (["none", "/mnt", "-o"], "-o: expected one argument"),
    ],
)
def test_other_arguments_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_command(arguments)
    assert message in str(raised.value)
    assert str(raised.value).endswith("; see mount.allocfs(8)")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("none {dir} -o cpus=0", 1, "cpus=0: expected a whole number from 1 to 8192"),
        ("none {dir} -o cpus=abc", 1, "cpus=abc: expected a whole number from 1 to 8192"),
        ("none {dir} -o mode=999", 1, "mode=999: expected octal digits, at most 777"),
        ("none {dir} -o foo", 1, "unknown option 'foo'; see mount.allocfs(8)"),
        ("none {dir} -f -o step", 1, "option 'step' is for a series of captures (SOURCE "),
        ("none {dir} --frob", 1, "unrecognized arguments: --frob; see mount.allocfs(8)"),
        ("none / -f", 32, "/ is the root directory: mount on a directory below it"),
        ("none {dir}/no", 32, "{dir}/no does not exist: create it with mkdir"),
        ("none {dir}/file", 32, "{dir}/file is not a directory: mount on a directory"),
        ("none {dir}/file/x", 32, "{dir}/file/x cannot be a mount point: Not a directory"),
        ("none {dir}/loop", 32, "{dir}/loop cannot be a mount point: Too many levels of symbol"),
        ("{dir}/no {dir} -f", 32, "{dir}/no: No such file or directory"),
        ("{dir}/file {dir} -f", 32, "{dir}/file:2: expected"),
    ],
)
@needs_fuse
def test_what_cannot_be_mounted_is_told_in_one_line(
    arguments: str, code: int, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("4096 1 mm/slub.c:1 func:f\nnonsense\n")
    (tmp_path / "loop").symlink_to("loop")
    assert main(arguments.format(dir=tmp_path).split()) == code
    stdout, stderr = capfd.readouterr()
    assert stdout == ""
    assert stderr.startswith(f"mount.allocfs: {message.format(dir=tmp_path)}")
    assert stderr.count("\n") == 1


@needs_fuse
def test_a_name_cannot_break_the_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["none", f"{tmp_path}/a\nb"]) == 32
    assert capfd.readouterr().err.count("\n") == 1


@needs_fuse
def test_a_name_cannot_break_the_line_that_says_what_is_mounted(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[31mb"
    path.mkdir()
    command = [
        sys.executable,
        "-m",
        "tests.support.fake_mount",
        "ends",
        "-v",
        "--foreground",
        "none",
    ]
    said = subprocess.check_output([*command, path], text=True)
    assert said == rf"mount.allocfs: none mounted on {tmp_path}/a\n\x1b[31mb" + "\n"


@needs_fuse
@pytest.mark.parametrize("exists", [False, True])
def test_without_source_a_line_says_that_the_mount_is_a_simulation(
    exists: bool,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def serve(_options: object, _source: object, _path: object, ready: Callable[[], None]) -> None:
        ready()

    monkeypatch.setattr("allocfs.mount.command.ALLOCINFO", "/dev/null" if exists else "/missing")
    assert main([str(tmp_path), "--foreground"], serve) == 0
    assert capfd.readouterr() == (
        "",
        f"mount.allocfs: {tmp_path} shows a simulated store, since no SOURCE was given"
        + f"; for this kernel: umount {tmp_path}; mount.allocfs /dev/null {tmp_path}" * exists
        + "\n",
    )
    for arguments in (["none", str(tmp_path)], ["allocfs", str(tmp_path)], [str(tmp_path), "-f"]):
        assert main([*arguments, "--foreground"], serve) == 0
        assert capfd.readouterr() == ("", "")


@needs_fuse
def test_the_line_is_said_by_the_command_not_by_its_daemon(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.fake_mount", "chatty", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "shows a simulated store, since no SOURCE was given" in done.stderr.splitlines()[-1]


@needs_fuse
@pytest.mark.parametrize("source", ["none", str(CAPTURE)])
def test_a_fake_mount_mounts_nothing(source: str, tmp_path: Path) -> None:
    def serve(*_arguments: object) -> None:
        raise AssertionError("a fake mount serves nothing")

    assert main(["-f", source, str(tmp_path)], serve) == 0
    assert not os.path.ismount(tmp_path)


@pytest.mark.parametrize("source", ["none", str(CAPTURE)])
def test_a_live_mount_is_not_mounted_over(
    source: str, default_mount: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["-f"]):
        assert main([source, str(default_mount), *arguments]) == 32
        assert capfd.readouterr().err == (
            f"mount.allocfs: {default_mount} has allocfs mounted already:"
            " unmount it first with umount\n"
        )
    assert (default_mount / "records").exists()


def test_a_directory_that_is_not_empty_will_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check_mountpoint(str(tmp_path))


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OptionError("x"), 1, "x"),
        (NotPermitted("x"), 1, "x"),
        (MountFailed("x"), 32, "x"),
        (KeyboardInterrupt(), 8, "interrupted: nothing is mounted"),
        (OSError(errno.EAGAIN, "Try again"), 2, "Try again"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), 2, "/x: No such file"),
        (OSError("odd"), 2, "odd"),
        (ExceptionGroup("g", [ExceptionGroup("h", [MountFailed("x")])]), 32, "x"),
    ],
)
def test_exit_codes_are_those_of_mount(error: BaseException, code: int, message: str) -> None:
    assert outcome_of(error) == (code, message)
