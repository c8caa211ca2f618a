"""The daemon: the return of its caller, its messages, and its detachment from the caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import DEADLINE, is_mounted, wait_until
from tests.support import ROOT

FAKE = [sys.executable, "-m", "tests.support.fake_mount"]

pytestmark = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="mount.allocfs asks for /dev/fuse"
)


class Done(NamedTuple):
    """The result of a command."""

    returncode: int
    stdout: str
    stderr: str


class Fake(NamedTuple):
    """A directory for a fake mount, and a file for the process id of its daemon."""

    mountpoint: Path
    pid_file: Path

    def start(self, how: str, *arguments: str, fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
        """Start the command."""
        return subprocess.Popen(
            [*FAKE, how, *arguments, "none", self.mountpoint],
            cwd=ROOT,
            env={**os.environ, "FAKE_PID": str(self.pid_file)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=fds,
            text=True,
        )

    def command(self, how: str, *arguments: str, fds: tuple[int, ...] = ()) -> Done:
        """Run the command until it ends and all processes have closed its output."""
        with self.start(how, *arguments, fds=fds) as process:
            stdout, stderr = process.communicate(timeout=DEADLINE)
        return Done(process.returncode, stdout, stderr)

    def said(self) -> str:
        return self.pid_file.read_text() if self.pid_file.exists() else ""

    def pid(self) -> int:
        return int(self.pid_file.read_text())

    def stop(self) -> None:
        """End the daemon, and wait until it reports its end."""
        os.kill(self.pid(), signal.SIGTERM)
        wait_until(lambda: self.said() == "unmounted", "the daemon cleans up")


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    (tmp_path / "mnt").mkdir()
    return Fake(tmp_path / "mnt", tmp_path / "pid")


@pytest.fixture
def daemon(fake: Fake) -> Iterator[Fake]:
    done = fake.command("serves")
    assert done == (0, "", "")
    yield fake
    if fake.said() != "unmounted":
        fake.stop()


def test_the_command_returns_while_the_daemon_serves(daemon: Fake) -> None:
    os.kill(daemon.pid(), 0)


def test_the_daemon_has_no_terminal_and_keeps_nothing_busy(daemon: Fake) -> None:
    process = Path(f"/proc/{daemon.pid()}")
    assert (process / "cwd").readlink() == Path("/")
    session, terminal = (process / "stat").read_text().rpartition(")")[2].split()[3:5]
    assert (session != str(os.getsid(0)), terminal) == (True, "0")
    # The leader of a session could get a terminal by opening one.
    assert session != str(daemon.pid())
    assert {(process / "fd" / str(fd)).readlink() for fd in range(3)} == {Path(os.devnull)}


def test_the_daemon_keeps_no_file_of_its_caller_open(fake: Fake) -> None:
    reading, writing = os.pipe()
    fake.command("serves", fds=(writing,))
    os.close(writing)
    os.set_blocking(reading, False)
    assert os.read(reading, 1) == b""  # end of file: no process has the other end open
    os.close(reading)
    fake.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_stop_the_daemon_in_order(daemon: Fake, number: signal.Signals) -> None:
    os.kill(daemon.pid(), number)
    wait_until(lambda: daemon.said() == "unmounted", "the daemon cleans up")


def test_an_interrupted_command_leaves_no_daemon(fake: Fake) -> None:
    with fake.start("late") as command:
        wait_until(lambda: fake.said() == "waiting", "the daemon runs")
        command.send_signal(signal.SIGINT)
        _, stderr = command.communicate(timeout=DEADLINE)
    assert command.returncode == 8
    assert stderr == "mount.allocfs: interrupted: nothing is mounted\n"
    fake.pid_file.write_text("go")
    wait_until(lambda: fake.said() == "unmounted", "the daemon finds itself alone")


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("bad_capture", 32, r"x\udcff.txt:3: expected a size"),
        ("refused", 32, "cannot mount: mount failed: Operation not permitted"),
        ("killed", 2, "the daemon was killed before it could serve: mount again"),
        ("terminated", 8, "interrupted: nothing is mounted"),
        ("wrapped", 32, "inside"),
        (
            "gone",
            2,
            "libfuse3.so.3: cannot open shared object file: "
            "install allocfs with its dependencies again",
        ),
        (
            "bug",
            4,
            r"internal error: ZeroDivisionError: two\nlines: "
            "report it with what --log-file then holds",
        ),
    ],
)
def test_a_failure_is_one_line_and_an_exit_code(
    fake: Fake, how: str, code: int, message: str
) -> None:
    done = fake.command(how)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"mount.allocfs: {message}\n"


def test_a_daemon_killed_while_it_mounts_leaves_nothing_mounted(fake: Fake) -> None:
    assert fake.command("killed_late").returncode == 2
    assert not is_mounted(fake.mountpoint)


@pytest.mark.parametrize("how", ["bad_capture", "refused", "terminated"])
def test_in_the_foreground_failures_are_the_same(fake: Fake, how: str) -> None:
    background, foreground = fake.command(how), fake.command(how, "--foreground")
    assert foreground.returncode == background.returncode
    assert foreground.stderr == background.stderr


def test_the_log_file_has_the_traceback_of_a_bug(fake: Fake, tmp_path: Path) -> None:
    fake.command("bug", "--log-file", str(tmp_path / "log"))
    first, *rest = (tmp_path / "log").read_text().splitlines()
    assert first.endswith("CRITICAL allocfs.mount: internal error")
    assert rest[-2:] == ["    | ZeroDivisionError: two", "    | lines"]


def test_a_log_file_that_cannot_be_opened_is_a_failure(fake: Fake) -> None:
    done = fake.command("ends", "--log-file", "/nonexistent/log")
    assert done.returncode == 2
    assert done.stderr == "mount.allocfs: /nonexistent/log: No such file or directory\n"


def test_the_foreground_gives_back_stderr(fake: Fake) -> None:
    done = fake.command("chatty", "--foreground")
    assert (done.returncode, done.stderr) == (0, "before\nafter\n")


def test_verbose_says_what_was_mounted(fake: Fake) -> None:
    for arguments in (["-v"], ["-v", "--foreground"]):
        done = fake.command("ends", *arguments)
        assert done.stdout == f"mount.allocfs: none mounted on {fake.mountpoint}\n"
