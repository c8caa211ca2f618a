"""The demo: its output, and that it leaves no mount and no files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import is_mounted, wait_until
from tests.support import ROOT


@pytest.fixture
def demo(tmp_path: Path) -> dict[str, str]:
    """The environment of the demo: commands in PATH, even if not installed, and an empty TMPDIR."""
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
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(tmp_path / "tmp"),
    }


DEMO = (sys.executable, "-m", "allocfs.demo")


def test_the_demo_shows_a_record_its_line_and_their_cost_and_finds_a_leak(
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
    for command, numbers in (
        ("$ cat text/diff/before/query/sort=-bytes,limit=3/records", r" *\+\d{7,} +\+\d+ "),
        ("$ cat text/trend/1m/query/sort=-slope,limit=1/records", r" *\d{7,} +\d+ "),
    ):
        first = lines[lines.index(command) + 1]
        assert re.match(numbers + r"net/core/sock\.c:2173 func:sk_prot_alloc ", first)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(
    demo: dict[str, str], default_mount: Path, number: signal.Signals
) -> None:
    assert default_mount.is_mount()  # the fixture skips the test without FUSE
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
