"""The command `allocfs export`."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest

from allocfs.cli import command as cli
from tests.cli.test_command import COMMAND, Captured

LINE = b"           5        1 /home/bob/acme.c:3 [acme] func:acme_alloc \n"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "one.txt"
    path.write_bytes(LINE)
    return path


def test_a_capture_is_written_as_it_is(capture: Path, capfd: Captured) -> None:
    assert cli.main(["export", str(capture)]) == 0
    assert capfd.readouterr() == (LINE.decode(), "")


def test_names_are_replaced_alike_under_a_key(
    capture: Path, tmp_path: Path, capfd: Captured
) -> None:
    other = tmp_path / "two.txt.gz"
    other.write_bytes(gzip.compress(LINE))
    out = tmp_path / "out"
    words = ["export", "--anonymize", "--key", "k", "-o", str(out), str(capture), str(other)]
    assert cli.main(words) == 0
    texts = [(out / name).read_bytes() for name in ("one.txt", "two.txt")]
    assert texts[0] == texts[1]
    assert not any(name in texts[0] for name in (b"bob", b"acme"))
    err = capfd.readouterr().err
    assert err == "allocfs: replaced names: 1 module, 2 directory, 1 file, 1 function\n"


def test_without_a_key_each_run_gives_other_names(capture: Path, capfd: Captured) -> None:
    texts = []
    for _ in range(2):
        assert cli.main(["export", "--anonymize", str(capture)]) == 0
        out, err = capfd.readouterr()
        assert err.endswith("; another run gives other names: for the same ones give --key\n")
        texts.append(out)
    assert texts[0] != texts[1]


def test_stdin_is_a_capture() -> None:
    words = [*COMMAND, "export", "-"]
    done = subprocess.run(words, input=LINE, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, LINE)
    done = subprocess.run(words, input=b"x", capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"allocfs: stdin:1: ")


def test_no_file_is_overwritten(capture: Path, tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "out").write_bytes(b"x")
    assert cli.main(["export", "-o", str(tmp_path / "out"), str(capture)]) == 1
    assert "captures are not overwritten" in capfd.readouterr().err
    assert (tmp_path / "out").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--key", "k", "a"], "--key: it is for --anonymize"),
        (["a", "b"], "2 captures: name a directory for them with -o"),
    ],
)
def test_wrong_arguments_are_told(words: list[str], message: str, capfd: Captured) -> None:
    assert cli.main(["export", *words]) == 2
    assert capfd.readouterr().err == f"allocfs: {message}\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    words = [*COMMAND, "export", str(tmp_path / "none")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"allocfs: {tmp_path}/none: No such file or directory\n",
    )
