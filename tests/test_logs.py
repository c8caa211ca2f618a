"""Log lines: their destination, escaping, and throttling."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from allocfs.logs import OneRecordFormatter, Throttle, one_line


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    exception = (type(error), error, None) if error else None
    return logging.LogRecord("allocfs", logging.ERROR, "x.py", 1, message, args, exception)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a name", "a name"),
        ("é", "é"),
        ("a\nb", r"a\nb"),
        ("a\r\x1b[2Jb", r"a\r\x1b[2Jb"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\udcff", r"\udcff"),
    ],
)
def test_what_ends_lines_or_drives_terminals_is_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_record_is_one_line() -> None:
    line = OneRecordFormatter("%(levelname)s: %(message)s").format(record("no %s", "x\nINFO: y"))
    assert line == r"ERROR: no x\nINFO: y"


def test_every_line_of_a_traceback_is_marked() -> None:
    error = ValueError("first\nERROR: forged")
    first, *rest = OneRecordFormatter("%(message)s").format(record("bug", error=error)).split("\n")
    assert first == "bug"
    assert rest
    assert all(line.startswith("    | ") for line in rest)


def start(arguments: str, socket_path: Path) -> subprocess.CompletedProcess[str]:
    """Log one line in a child process, because logging is configured for a whole process."""
    script = (
        "import logging\nfrom allocfs import logs\n"
        f"logs._SYSLOG_SOCKET = {str(socket_path)!r}\n"
        f"logs.start_logging({arguments})\n"
        "logging.getLogger('allocfs').warning('hello')\nlogging.shutdown()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )


def test_lines_go_to_the_log_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    done = start(f"{str(path)!r}, True", tmp_path / "none")
    assert path.read_text().endswith(" WARNING allocfs: hello\n")
    assert done.stderr == ""


def test_lines_go_to_syslog(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(tmp_path / "syslog"))
        start("None, False", tmp_path / "syslog")
        message = syslog.recv(4096, socket.MSG_DONTWAIT)
    # 28 = 8 * LOG_DAEMON (3) + LOG_WARNING (4).
    assert message.startswith(b"<28>allocfs[")
    assert message.rstrip(b"\0").endswith(b"]: WARNING allocfs: hello")


@pytest.mark.parametrize(("foreground", "said"), [(True, "WARNING allocfs: hello\n"), (False, "")])
def test_without_syslog_only_the_foreground_tells(
    foreground: bool, said: str, tmp_path: Path
) -> None:
    assert start(f"None, {foreground}", tmp_path / "none").stderr == said


def test_a_flood_of_lines_of_one_kind_is_cut_and_counted() -> None:
    now = 0.0
    throttle = Throttle(lines=2, seconds=60, clock=lambda: now)
    passed = []
    for second in range(70):
        now = float(second)
        line = record("%r: bad", f"{second}%s")
        if throttle.filter(line):
            passed.append(line.getMessage())
    assert passed == [
        "'0%s': bad",
        "'1%s': bad",
        "'60%s': bad (58 lines like this were left out)",
        "'61%s': bad",
    ]
    assert throttle.filter(record("something else: %s", "x"))
