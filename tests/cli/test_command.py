"""The command allocfs, run in this process where possible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from allocfs import __version__
from allocfs.cli import command as cli

COMMAND = (sys.executable, "-m", "allocfs.cli")
Captured = pytest.CaptureFixture[str]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        command = [*COMMAND, "check", "module=xfs"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"allocfs: No space left on device\n")


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


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "{}"),
        ("check", "{}"),
        ("check", "a", "{}"),
        ("record", "-o", "out", "{}"),
        ("record", "-o", "out", "--every", "{}"),
    ],
)
def test_no_name_can_break_the_line_or_drive_a_terminal(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    command = [*COMMAND, *(word.format("a\n\x1b[31mb\udcff") for word in arguments)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="strict", check=False
    )
    assert (done.returncode, done.stdout) in {(1, ""), (2, "")}
    assert done.stderr.count("\n") == 1
    assert done.stderr.removesuffix("\n").isprintable()
    assert r"a\n\x1b[31mb\udcff" in done.stderr


def test_version_is_printed(capfd: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capfd.readouterr().out == f"allocfs {__version__}\n"


def test_what_takes_long_to_import_is_imported_only_where_needed() -> None:
    program = (
        "import sys; from allocfs.cli import command as cli; cli.main(['check', 'module=xfs']);"
        "print({'numpy', 'construct', 'pyfuse3', 'trio'} & set(sys.modules))"
    )
    out = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert out == "module=xfs\nset()\n"


def test_help_lists_each_command_once_below_its_aim(capfd: Captured) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    lines = capfd.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != "-"]
    assert listed == list(cli.COMMANDS)
    assert [line for line in lines if line.endswith(":")][-3:] == [f"{aim}:" for aim in cli.GROUPS]


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_a_command_whose_module_cannot_be_imported_is_one_line(
    name: str, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, cli.COMMANDS[name][0], None)
    assert cli.main([name]) == 1
    err = capfd.readouterr().err
    assert err.startswith("allocfs: ")
    assert err.endswith(": install allocfs with its dependencies again\n")
    assert err.count("\n") == 1
