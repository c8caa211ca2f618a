"""Files that are there whole or not at all: interrupts, kills, full disks."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from allocfs import wholefiles
from allocfs.wholefiles import remove, rename_new, write_new, write_over

DATA = bytes(range(256)) * 4096


@pytest.fixture(params=["unnamed", "hidden"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write through a file without a name, or through a hidden one."""
    if request.param == "hidden":

        def refuse(_directory: Path) -> int:
            raise OSError(errno.EOPNOTSUPP, "no O_TMPFILE")

        monkeypatch.setattr(wholefiles, "_unnamed", refuse)
    return str(request.param)


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


@pytest.mark.usefixtures("kind")
def test_a_new_file_has_its_contents_and_never_replaces_one(tmp_path: Path) -> None:
    write_new(tmp_path / "a", DATA)
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"other")
    assert (tmp_path / "a").read_bytes() == DATA
    assert names(tmp_path) == ["a"]


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_nothing_is_left_of_a_file_that_was_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(_fd: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        write_new(tmp_path / "a", DATA)
    assert names(tmp_path) == []


def test_a_file_is_replaced_as_a_whole_with_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    write_over(tmp_path / "a", DATA)
    write_over(tmp_path / "b", b"")
    assert (tmp_path / "a").read_bytes() == DATA
    (tmp_path / "usual").touch()
    assert (tmp_path / "b").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert names(tmp_path) == ["a", "b", "usual"]


def test_a_device_is_written_in_place() -> None:
    write_over(Path(os.devnull), DATA)
    assert not Path(os.devnull).is_file()


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        write_new(tmp_path / "nothing/a", DATA)


@pytest.mark.parametrize("number", [None, errno.EINVAL, errno.ENOSYS])
def test_a_file_is_renamed_and_never_replaces_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    def refuse(_old: Path, _new: Path) -> None:
        raise OSError(number, "no renameat2")

    if number is not None:
        monkeypatch.setattr(wholefiles, "_rename_no_replace", refuse)
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    rename_new(tmp_path / "a", tmp_path / "c")
    assert names(tmp_path) == ["b", "c"]
    assert [(tmp_path / name).read_bytes() for name in "bc"] == [b"b", b"a"]
    with pytest.raises(FileNotFoundError):
        rename_new(tmp_path / "a", tmp_path / "d")
    remove(tmp_path / "c")
    assert names(tmp_path) == ["b"]


def test_leftovers_are_the_hidden_files_of_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(_path: str) -> bool:
        return False

    def fail(_fd: int) -> None:
        raise OSError(errno.EIO, "killed")

    (tmp_path / ".a.tmp").touch()
    (tmp_path / "a.tmp").touch()
    monkeypatch.setattr(os.path, "lexists", keep)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):
        write_over(tmp_path / "a", DATA)
    [left] = wholefiles.leftovers(tmp_path)
    assert left.read_bytes() == DATA


LOOP = """
import sys
from itertools import count
from pathlib import Path
from allocfs.wholefiles import write_new
print("ready", flush=True)
for number in count():
    write_new(Path(sys.argv[1], f"{number}"), b"x" * 300_000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_leaves_whole_files(tmp_path: Path, number: int) -> None:
    for wanted in range(5):
        directory = tmp_path / str(wanted)
        directory.mkdir()
        command = [sys.executable, "-c", LOOP, str(directory)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while len(names(directory)) < wanted:
                pass
            process.send_signal(number)
        assert {path.stat().st_size for path in directory.iterdir()} <= {300_000}
        assert all(name.isdecimal() for name in names(directory))
