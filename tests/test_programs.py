"""The commands in a hostile directory: none of them runs code from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE

import pytest

from allocfs import programs
from tests.conftest import is_mounted
from tests.support import CAPTURES, ROOT

MODULES = "allocfs numpy trio pyfuse3 construct tqdm matplotlib sitecustomize logging json".split()
PROGRAMS = """
    allocfs mount.allocfs bash sh cat ls dd grep od xxd umount
    fusermount fusermount3 python3 cc gcc clang as ld pkg-config latex
""".split()
PATIENCE = 600  # seconds; compare takes 20, and longer on a machine with other work
CAPTURE = str(CAPTURES / "linux-6.12-boot.txt")
MODULE_OF = {"allocfs": "allocfs.cli", "mount.allocfs": "allocfs.mount", "demo": "allocfs.demo"}
# The command allocfs, whose comparison polls 2 times instead of up to 1,000.
FEW_POLLS = """
from dataclasses import replace
from allocfs.cli.command import main
from allocfs.compare import command
command.SCENARIOS = tuple(replace(s, polls=min(s.polls, 2)) for s in command.SCENARIOS)
raise SystemExit(main())
"""

needs_fuse = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="/dev/fuse is not for this user"
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A directory of programs and modules that leave the file `executed` there."""
    directory = tmp_path / "hostile"
    directory.mkdir()
    mark = directory / "executed"
    for name in MODULES:
        (directory / name).mkdir()
        code = f"open({str(mark)!r}, 'a').write({name!r})\nraise SystemExit(99)\n"
        (directory / name / "__init__.py").write_text(code)
    for name in PROGRAMS:
        program = directory / name
        if not program.is_dir():
            program.write_text(f"#!/bin/sh\necho {name} >>{mark}\nexit 99\n")
            program.chmod(0o755)
    (directory / "matplotlibrc").write_text("text.usetex: True\n")
    (directory / "start").write_text(f"echo BASH_ENV >>{mark}\n")
    return directory


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """An environment that leads to the present directory by PATH and by BASH_ENV.

    The commands are in a directory of PATH, even if they are not installed.
    """
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("allocfs", "mount.allocfs"):
        script = f'#!/bin/sh\nexec {sys.executable} -P -m {MODULE_OF[name]} "$@"\n'
        (commands / name).write_text(script)
        (commands / name).chmod(0o755)
    (tmp_path / "tmp").mkdir()
    return {
        **os.environ,
        "PATH": f":.:{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(tmp_path / "tmp"),
        "BASH_ENV": "start",
    }


def executed(directory: Path) -> str:
    mark = directory / "executed"
    return mark.read_text() if mark.exists() else ""


def run(
    directory: Path, environment: Mapping[str, str], command: str, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    code = ["-c", command] if command == FEW_POLLS else ["-m", MODULE_OF[command]]
    words = [sys.executable, "-P", *code, *map(str, arguments)]
    with subprocess.Popen(
        words, cwd=directory, env=environment, stdout=PIPE, stderr=PIPE, text=True
    ) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except BaseException:
            process.send_signal(signal.SIGINT)  # a killed command would leave its mounts
            process.communicate()
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def test_the_directory_is_hostile(hostile: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "allocfs.cli"]
    assert subprocess.run(command, cwd=hostile, env=environment, check=False).returncode == 99
    assert subprocess.run(["gcc"], cwd=hostile, env=environment, check=False).returncode == 99
    command = ["/bin/bash", "-c", "true"]
    subprocess.run(command, cwd=hostile, env=environment, check=True)
    assert executed(hostile) == "allocfsgcc\nBASH_ENV\n"


@pytest.mark.parametrize(
    "words",
    [
        "allocfs --version",
        "allocfs check module=xfs",
        f"allocfs record -o new --every 1ms --count 2 {CAPTURE}",
        "allocfs decode {root}/records",
        "mount.allocfs --version",
        "mount.allocfs -f none {new}",
        f"mount.allocfs -f {CAPTURE} {{new}}",
        "mount.allocfs -f -o simulate gcc {new}",
        "demo",
    ],
)
def test_a_command_runs_nothing_of_the_present_directory(
    words: str,
    hostile: Path,
    environment: Mapping[str, str],
    default_mount: Path,
    tmp_path: Path,
) -> None:
    arguments = words.format(root=default_mount, new=tmp_path / "tmp").split()
    done = run(hostile, environment, *arguments)
    assert executed(hostile) == ""
    assert done.returncode == (32 if "gcc" in words else 0), done.stderr


@needs_fuse
def test_a_mount_runs_nothing_of_the_present_directory(
    hostile: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "mnt"
    path.mkdir()
    try:
        done = run(hostile, environment, "mount.allocfs", "none", path)
        assert (done.returncode, executed(hostile)) == (0, "")
        assert (path / "records").exists()
    finally:
        if is_mounted(path):
            subprocess.run(["umount", "-l", path], check=True)


@needs_fuse
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_another_user_runs_no_fusermount3_of_the_present_directory(
    hostile: Path, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(hostile)
        patch.setenv("PATH", f":.:{os.environ['PATH']}")
        programs.drop_relative_path()
        subprocess.run(["fusermount3", "--version"], stdout=subprocess.DEVNULL, check=True)
    assert executed(hostile) == ""


@needs_fuse
def test_compare_runs_nothing_of_the_present_directory(
    hostile: Path, environment: Mapping[str, str]
) -> None:
    pytest.importorskip("tqdm")
    words = "compare --cpus 2 --runs 1".split()
    plot = ["--plot", "plot.svg"] if has_matplotlib() else []
    done = run(hostile, environment, FEW_POLLS, *words, *plot)
    assert executed(hostile) == ""
    assert done.returncode == 0, done.stderr


def has_matplotlib() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin:/bin", "/usr/bin:/bin"),
        (":/usr/bin:.:bin:/bin:", "/usr/bin:/bin"),
        ("", os.defpath),
        (".", os.defpath),
        (None, os.defpath),
    ],
)
def test_path_keeps_its_absolute_directories(
    path: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PATH", raising=False)
    if path is not None:
        monkeypatch.setenv("PATH", path)
    programs.drop_relative_path()
    assert os.environ["PATH"] == expected


def test_an_isolated_interpreter_starts_an_isolated_one() -> None:
    code = "from allocfs.programs import python_command; print(*python_command('m'))"
    for flag in ("-I", "-P"):
        shown = subprocess.check_output([sys.executable, flag, "-c", code], cwd=ROOT, text=True)
        assert shown.split()[1:] == [flag, "-m", "m"]
