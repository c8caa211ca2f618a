"""`allocfs top` in a real pseudo-terminal."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.test_command import COMMAND
from tests.conftest import Mounter, control, daemon_of, wait_until

pyte = pytest.importorskip("pyte")
pytest.importorskip("textual")

PATIENCE = 60  # seconds; textual takes a second to begin, and longer on a busy machine
LEAK = "arch/x86/events/rapl.c:606"


class Terminal:
    """A terminal of a size, in which a command runs."""

    def __init__(self, words: list[str], columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.fd, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # COLUMNS and LINES come before the size of the terminal; pytest-xdist sets them.
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        environment = {**inherited, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
        )
        os.close(other)

    def text(self) -> str:
        """Return all that is on the screen."""
        while select.select([self.fd], [], [], 0)[0]:
            try:
                self._stream.feed(os.read(self.fd, 65536))
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                break
        return "\n".join(self.screen.display)

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def shows(self, text: str) -> None:
        try:
            wait_until(lambda: text in self.text(), f"the screen shows {text!r}", PATIENCE)
        except TimeoutError as error:
            error.add_note(f"{self.text()}\n{self.process.poll()}")
            raise


@contextmanager
def terminal(*words: str, columns: int = 100, rows: int = 30) -> Iterator[Terminal]:
    opened = Terminal(["top", *words], columns, rows)
    try:
        yield opened
    finally:
        if opened.process.poll() is None:
            opened.process.send_signal(signal.SIGTERM)
            opened.process.wait(20)
        os.close(opened.fd)


def test_a_leak_is_first_among_what_grew_within_two_ticks(mounts: Mounter) -> None:
    root = mounts("cpus=2,rate=1000")
    with terminal("--every", "0.5", str(root), columns=140) as top:
        top.shows("Size ▼")
        top.press(">")
        top.shows("Since mark ▼")
        control(root, f"leak {LEAK} 50M/s")

        def is_first() -> bool:
            return any(LEAK in line for line in top.text().splitlines()[2:5])

        wait_until(is_first, "the leak is the first row")
        top.press("q")
        assert top.process.wait(20) == 0


def test_a_snapshot_is_taken_and_keys_work_at_80x24(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    with terminal(str(root), columns=80, rows=24) as top:
        top.shows("Size ▼")
        top.press("s")
        top.shows("took snapshot top-")
        assert len(os.listdir(root / "snapshots")) == 1
        top.press("/")
        top.shows("min_size=1M")  # the field, which has to be there before one types
        top.press("module=btrfs\r")
        top.shows("where module=btrfs")
        top.press("g")
        top.shows("by function")
        top.press("?")
        top.shows("mark now")
        top.press("q")
        assert top.process.wait(20) == 0


def test_a_source_that_dies_leaves_a_screen_without_traceback(mounts: Mounter) -> None:
    root = mounts("cpus=2")
    with terminal("--every", "0.2", str(root)) as top:
        top.shows("Size ▼")
        os.kill(daemon_of(root), signal.SIGKILL)
        top.shows("not connected")
        assert "Traceback" not in top.text()
        top.press("q")
        assert top.process.wait(20) == 0
        assert "Traceback" not in top.text()


@pytest.mark.parametrize(("columns", "rows"), [(20, 6), (200, 50)])
def test_odd_sizes_are_endured(columns: int, rows: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("5000000 3 mm/slub.c:9 func:alloc_slab_page \n")
    with terminal(str(path), columns=columns, rows=rows) as top:
        top.shows("4.77 MiB")
        top.press("q")
        assert top.process.wait(20) == 0


def test_without_a_source_it_says_so_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "top", str(tmp_path / "none")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
